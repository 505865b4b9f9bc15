package io.miststream.core;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How large a regular expression becomes. RE2/J compiles {@code x{n}} as n copies of x, and those
 * of nested counts multiply: a few characters can ask for more memory than there is, before a
 * single line is matched. So this looks at an expression before it is compiled.
 *
 * <p>What it cannot make sense of, RE2/J refuses anyway; in doubt it counts too much.
 */
final class PatternLimit {

  /** How often nested counts may repeat something together; the limit of Go's regexp, too. */
  static final int MAX_REPEATS = 1000;

  /** Most characters, classes and groups once the copies are made. */
  static final int MAX_SIZE = 5000;

  private static final Pattern COUNT = Pattern.compile("\\{([0-9]+)(?:,([0-9]*))?}");
  private static final Pattern FLAGS = Pattern.compile("\\(\\?[a-zA-Z-]*\\)");

  /** A group that is being read: its size, and that of its last element, which a count is about. */
  private static final class Group {
    private long size = 1;
    private long repeats = 1; // the most of its elements
    private long lastSize;
    private long lastRepeats;

    void add(long elementSize, long elementRepeats) {
      size += elementSize;
      repeats = Math.max(repeats, elementRepeats);
      lastSize = elementSize;
      lastRepeats = elementRepeats;
    }

    void repeatLast(long times) {
      size += lastSize * (times - 1);
      lastSize *= times;
      lastRepeats *= times;
      repeats = Math.max(repeats, lastRepeats);
    }
  }

  private final String pattern;
  private final Deque<Group> groups = new ArrayDeque<>();
  private Group group = new Group();
  private int at;

  private PatternLimit(String pattern) {
    this.pattern = pattern;
  }

  /** What is too large about an expression, to follow its name; null if nothing is. */
  static @Nullable String problem(String pattern) {
    return new PatternLimit(pattern).read();
  }

  private @Nullable String read() {
    while (at < pattern.length() && group.repeats <= MAX_REPEATS) {
      readOne(pattern.charAt(at));
    }
    if (group.repeats > MAX_REPEATS) {
      return "repeats something more than " + MAX_REPEATS + " times, counts in counts multiplied";
    }
    return group.size > MAX_SIZE
        ? "is longer than " + MAX_SIZE + " characters once its counts are written out"
        : null;
  }

  private void readOne(char c) {
    switch (c) {
      case '\\' -> readEscape();
      case '[' -> {
        skipClass();
        group.add(1, 1);
      }
      case '(' -> readOpening();
      case ')' -> {
        at++;
        Group inner = group;
        group = groups.isEmpty() ? new Group() : groups.pop();
        group.add(inner.size, inner.repeats);
      }
      case '{' -> readBrace();
      case '*', '+', '?' -> at++; // no copies
      default -> {
        at++;
        group.add(1, 1);
      }
    }
  }

  private void readOpening() {
    Matcher flags = FLAGS.matcher(pattern).region(at, pattern.length());
    if (flags.lookingAt()) {
      at = flags.end(); // is no element: a count behind it is about the one before
    } else {
      at++;
      groups.push(group);
      group = new Group();
    }
  }

  private void readBrace() {
    Matcher count = COUNT.matcher(pattern).region(at, pattern.length());
    if (count.lookingAt()) {
      at = count.end();
      String most = count.group(2) == null ? "" : count.group(2);
      group.repeatLast(Math.max(1, Math.max(number(count.group(1)), number(most))));
    } else {
      at++;
      group.add(1, 1); // stands for itself
    }
  }

  private static long number(String digits) {
    return digits.isEmpty() ? 0 : digits.length() > 4 ? MAX_REPEATS + 1 : Long.parseLong(digits);
  }

  private void readEscape() {
    char c = at + 1 < pattern.length() ? pattern.charAt(at + 1) : '\\';
    if (c == 'Q') {
      int end = pattern.indexOf("\\E", at + 2);
      for (int i = at + 2; i < (end < 0 ? pattern.length() : end); i++) {
        group.add(1, 1);
      }
      at = end < 0 ? pattern.length() : end + 2;
      return;
    }
    at += 2;
    if ((c == 'x' || c == 'p' || c == 'P') && at < pattern.length() && pattern.charAt(at) == '{') {
      at = behind("}", at);
    }
    group.add(1, 1);
  }

  private void skipClass() {
    at++;
    if (pattern.startsWith("^", at)) {
      at++;
    }
    if (pattern.startsWith("]", at)) {
      at++; // as the first it stands for itself
    }
    while (at < pattern.length() && pattern.charAt(at) != ']') {
      if (pattern.startsWith("[:", at)) {
        at = behind(":]", at + 2);
      } else {
        at += pattern.charAt(at) == '\\' ? 2 : 1;
      }
    }
    at++;
  }

  private int behind(String end, int from) {
    int found = pattern.indexOf(end, from);
    return found < 0 ? from : found + end.length();
  }
}
