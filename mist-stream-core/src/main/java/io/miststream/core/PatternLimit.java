package io.miststream.core;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What RE2/J had better not be asked to compile; so this looks at an expression before.
 *
 * <p>It compiles {@code x{n}} as n copies of x, and those of nested counts multiply: a few
 * characters can ask for more memory than there is, before a single line is matched.
 *
 * <p>And it goes from a character to its other cases until it is back at the first. From nine
 * (U+1C80 to U+1C88, variants of Cyrillic letters that Unicode 9 added, 2016) it never comes back
 * on a JDK that knows them, for its own table of such circles does not; it would look for their
 * other cases for ever.
 *
 * <p>What it cannot make sense of, RE2/J refuses anyway; in doubt it counts too much.
 */
final class PatternLimit {

  /** How often nested counts may repeat something together; the limit of Go's regexp, too. */
  static final int MAX_REPEATS = 1000;

  /** Most characters, classes and groups once the copies are made. */
  static final int MAX_SIZE = 5000;

  /** The characters that RE2/J would look for the other cases of for ever. */
  private static final int ENDLESS_FROM = 0x1c80;

  private static final int ENDLESS_TO = 0x1c88;

  private static final Pattern FOLDING = Pattern.compile("\\(\\?[a-zA-Z-]*i");
  private static final Pattern CHARACTER =
      Pattern.compile("\\\\x\\{0*([0-9a-fA-F]{1,6})}|\\\\?(.)", Pattern.DOTALL);
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
  private final boolean folding;
  private Group group = new Group();
  private int at;
  private boolean endless;

  private PatternLimit(String pattern) {
    this.pattern = pattern;
    folding = FOLDING.matcher(pattern).find();
    endless = folding && CHARACTER.matcher(pattern).results().anyMatch(c -> isEndless(c, c));
  }

  /** What is wrong about an expression, to follow its name; null if nothing is. */
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
    if (endless) {
      return "has characters from U+1C80 to U+1C88 and (?i), which do not go together";
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
    int start = at;
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
    endless |= folding && hasEndlessRange(pattern.substring(start, Math.min(at, pattern.length())));
    at++;
  }

  private static boolean hasEndlessRange(String characters) {
    List<MatchResult> all = CHARACTER.matcher(characters).results().toList();
    return IntStream.range(2, all.size())
        .anyMatch(i -> all.get(i - 1).group().equals("-") && isEndless(all.get(i - 2), all.get(i)));
  }

  private static boolean isEndless(MatchResult from, MatchResult to) {
    return codePoint(from) <= ENDLESS_TO && codePoint(to) >= ENDLESS_FROM;
  }

  private static int codePoint(MatchResult character) {
    String hex = character.group(1);
    return hex == null ? character.group(2).codePointAt(0) : Integer.parseInt(hex, 16);
  }

  private int behind(String end, int from) {
    int found = pattern.indexOf(end, from);
    return found < 0 ? from : found + end.length();
  }
}
