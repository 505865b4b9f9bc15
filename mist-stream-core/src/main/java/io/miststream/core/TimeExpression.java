package io.miststream.core;

import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A point in time as Docker's {@code --since} takes it: RFC 3339 with a zone, seconds since the
 * epoch with an optional fraction, or a duration of Go's form ({@code 1h30m}, {@code 1.5h}) that
 * means that long ago.
 */
public final class TimeExpression {

  private static final Pattern UNIX = Pattern.compile("([0-9]{1,12})(?:\\.([0-9]{1,9})[0-9]*)?");
  private static final Pattern DURATION =
      Pattern.compile("(?:(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+");
  private static final Pattern DURATION_PART = Pattern.compile("([0-9.]+)(ns|us|µs|μs|ms|s|m|h)");
  private static final int LONGEST = 64;
  private static final BigDecimal NANOS_PER_SECOND = BigDecimal.valueOf(1_000_000_000L);
  // Where nanoseconds since the epoch, which Docker counts in, no longer fit into 64 bits.
  private static final Instant LATEST = Instant.ofEpochSecond(Long.MAX_VALUE / 1_000_000_000L);

  private TimeExpression() {}

  /**
   * Reads one.
   *
   * @param name of the parameter or flag, for the message
   * @param text the value, or null
   * @param now what durations count back from
   * @return the time, not before the epoch; null for null
   * @throws StreamException {@code INVALID_REQUEST} if it is none of the forms
   */
  public static @Nullable Instant parse(String name, @Nullable String text, Instant now) {
    if (text == null) {
      return null;
    }
    Instant time = text.length() > LONGEST ? null : read(text, now);
    if (time == null || time.isAfter(LATEST)) {
      throw new StreamException(
          ErrorCode.INVALID_REQUEST,
          name + " must be an RFC 3339 time, seconds since 1970 or a duration such as 10m");
    }
    return time.isBefore(Instant.EPOCH) ? Instant.EPOCH : time;
  }

  private static @Nullable Instant read(String text, Instant now) {
    Matcher unix = UNIX.matcher(text);
    if (unix.matches()) {
      String fraction = unix.group(2) == null ? "" : unix.group(2);
      return Instant.ofEpochSecond(
          Long.parseLong(unix.group(1)), Long.parseLong((fraction + "000000000").substring(0, 9)));
    }
    if (DURATION.matcher(text).matches()) {
      return ago(text, now);
    }
    try {
      // An offset's plus sign that was not escaped has become a space.
      String time = text.replace(' ', '+').toUpperCase(Locale.ROOT);
      return OffsetDateTime.parse(time).toInstant();
    } catch (DateTimeException e) {
      return null;
    }
  }

  private static @Nullable Instant ago(String text, Instant now) {
    BigDecimal nanos = BigDecimal.ZERO;
    Matcher part = DURATION_PART.matcher(text);
    while (part.find()) {
      BigDecimal unit = BigDecimal.valueOf(nanos(part.group(2)));
      nanos = nanos.add(new BigDecimal(part.group(1)).multiply(unit));
    }
    BigDecimal[] parts = nanos.divideAndRemainder(NANOS_PER_SECOND);
    if (parts[0].compareTo(BigDecimal.valueOf(now.getEpochSecond())) >= 0) {
      return Instant.EPOCH;
    }
    return now.minusSeconds(parts[0].longValue()).minusNanos(parts[1].longValue());
  }

  private static long nanos(String unit) {
    return switch (unit) {
      case "h" -> 3_600_000_000_000L;
      case "m" -> 60_000_000_000L;
      case "s" -> 1_000_000_000L;
      case "ms" -> 1_000_000L;
      case "ns" -> 1L;
      default -> 1_000L; // us, with each of the three letters it is written with
    };
  }
}
