package io.miststream.core;

import com.google.re2j.Pattern;
import com.google.re2j.PatternSyntaxException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Which lines of an app's logs a viewer wants. Immutable; two filters that were given the same are
 * equal, so viewers can share one filtered stream.
 *
 * <p>Regular expressions are RE2's, whose matching time is linear in the length of the line. They
 * are searched for anywhere in the line, with its ANSI codes taken out. A line that arrives in
 * pieces is matched piece by piece.
 */
public final class LogFilter {

  /** Longest regular expression, in characters. */
  public static final int MAX_PATTERN = 512;

  /** Every line. */
  public static final LogFilter ALL = new LogFilter(null, null, null, null);

  // ECMA-48: CSI sequences, OSC strings ended by BEL or ST, and the two-character escapes.
  private static final Pattern ANSI =
      Pattern.compile(
          "\\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\\x07\\x1b]*(?:\\x07|\\x1b\\\\)|[@-Z\\\\^_])");

  private final @Nullable LogStream stream;
  private final @Nullable String container;
  private final @Nullable Pattern grep;
  private final @Nullable Pattern exclude;

  private LogFilter(
      @Nullable LogStream stream,
      @Nullable String container,
      @Nullable Pattern grep,
      @Nullable Pattern exclude) {
    this.stream = stream;
    this.container = container;
    this.grep = grep;
    this.exclude = exclude;
  }

  /**
   * A filter; each argument may be null for no restriction.
   *
   * @throws StreamException {@code INVALID_REQUEST} with the reason if a pattern is malformed,
   *     longer than {@value #MAX_PATTERN} characters, too large with its counted repetitions
   *     written out (something repeated more than 1000 times, or more than 5000 characters in all),
   *     or ignores case, {@code (?i)}, and has a character or a range with one from U+1C80 to
   *     U+1C88
   */
  public static LogFilter of(
      @Nullable LogStream stream,
      @Nullable String container,
      @Nullable String grep,
      @Nullable String exclude) {
    if (stream == null && container == null && grep == null && exclude == null) {
      return ALL;
    }
    return new LogFilter(stream, container, compile("grep", grep), compile("exclude", exclude));
  }

  private static @Nullable Pattern compile(String name, @Nullable String expression) {
    if (expression == null) {
      return null;
    }
    if (expression.length() > MAX_PATTERN) {
      throw new StreamException(
          ErrorCode.INVALID_REQUEST, name + " is longer than " + MAX_PATTERN + " characters");
    }
    String tooLarge = PatternLimit.problem(expression);
    if (tooLarge != null) {
      throw new StreamException(ErrorCode.INVALID_REQUEST, name + " " + tooLarge);
    }
    try {
      return Pattern.compile(expression);
    } catch (PatternSyntaxException e) {
      throw new StreamException(
          ErrorCode.INVALID_REQUEST,
          name + " is not a valid regular expression: " + e.getMessage(),
          e);
    }
  }

  /** The only output wanted, or null for both. */
  public @Nullable LogStream stream() {
    return stream;
  }

  /** The name of the only container wanted, or null for all of the app's. */
  public @Nullable String container() {
    return container;
  }

  /** The expression a line must contain, or null. */
  public @Nullable String grep() {
    return grep == null ? null : grep.pattern();
  }

  /** The expression a line must not contain, or null. */
  public @Nullable String exclude() {
    return exclude == null ? null : exclude.pattern();
  }

  /** Whether a container of this name is wanted at all. */
  public boolean acceptsContainer(String name) {
    return container == null || container.equals(name);
  }

  /** Whether a line is wanted. */
  public boolean accepts(LogLine line) {
    if (stream != null && stream != line.stream()) {
      return false;
    }
    if (!acceptsContainer(line.container())) {
      return false;
    }
    if (grep == null && exclude == null) {
      return true;
    }
    String plain = withoutAnsi(line.line());
    return (grep == null || grep.matcher(plain).find())
        && (exclude == null || !exclude.matcher(plain).find());
  }

  private static String withoutAnsi(String line) {
    return line.indexOf('\u001b') < 0 ? line : ANSI.matcher(line).replaceAll("");
  }

  @Override
  public boolean equals(@Nullable Object o) {
    return o instanceof LogFilter other
        && stream == other.stream
        && Objects.equals(container, other.container)
        && Objects.equals(grep(), other.grep())
        && Objects.equals(exclude(), other.exclude());
  }

  @Override
  public int hashCode() {
    return Objects.hash(stream, container, grep(), exclude());
  }

  @Override
  public String toString() {
    return "LogFilter[stream="
        + stream
        + ", container="
        + container
        + ", grep="
        + grep()
        + ", exclude="
        + exclude()
        + "]";
  }
}
