package io.miststream.cli;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A point in time on the command line: RFC 3339 with a zone, seconds since 1970, or a duration that
 * means that long ago, such as {@code 10m} or {@code 1h30m}.
 */
final class TimeArgument {
  private static final Pattern SECONDS = Pattern.compile("([0-9]{1,11})(?:\\.([0-9]{1,9}))?");
  private static final Pattern AGO = Pattern.compile("(?:[0-9]{1,9}(?:ms|s|m|h))+");
  private static final Pattern PART = Pattern.compile("[0-9]{1,9}(?:ms|s|m|h)");

  private TimeArgument() {}

  /**
   * Reads one.
   *
   * @throws UsageException if it is none
   */
  static Instant parse(String option, String text, Instant now) {
    Instant time = read(text, now);
    if (time == null) {
      throw new UsageException(
          option
              + " must be a time such as 2025-01-15T10:30:00Z, seconds since 1970 or a duration"
              + " such as 10m, and is \""
              + text
              + "\"");
    }
    return time.isBefore(Instant.EPOCH) ? Instant.EPOCH : time;
  }

  private static @Nullable Instant read(String text, Instant now) {
    Matcher seconds = SECONDS.matcher(text);
    if (seconds.matches()) {
      String fraction = seconds.group(2) == null ? "" : seconds.group(2);
      return Instant.ofEpochSecond(
          Long.parseLong(seconds.group(1)),
          Long.parseLong((fraction + "000000000").substring(0, 9)));
    }
    if (AGO.matcher(text).matches()) {
      Duration ago = Duration.ZERO;
      Matcher part = PART.matcher(text);
      while (part.find()) {
        Duration more = Durations.parse(part.group());
        ago = more == null ? ago : ago.plus(more);
      }
      return ago.getSeconds() > now.getEpochSecond() ? Instant.EPOCH : now.minus(ago);
    }
    try {
      return OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeException e) {
      return null;
    }
  }
}
