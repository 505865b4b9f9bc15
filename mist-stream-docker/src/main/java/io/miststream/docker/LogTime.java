package io.miststream.docker;

import java.time.LocalDate;

/**
 * Reads the timestamp in front of a log entry, such as {@code 2025-01-15T10:30:01.123456789Z},
 * without making objects. An engine can also write an offset such as {@code +01:00}: the local
 * driver does so where the engine's time zone is not UTC.
 */
final class LogTime {
  private static final int SECONDS_END = 19;
  private static final int NANO_DIGITS = 9;

  private long nanos;
  // Lines come in bursts, so the day is nearly always that of the line before.
  private int lastDate;
  private long lastDaySeconds;

  /** What was read, in nanoseconds since the epoch. */
  long nanos() {
    return nanos;
  }

  /**
   * Reads a timestamp and the space behind it.
   *
   * @return how many bytes it took, or −1 if there is none
   */
  int parse(byte[] b, int from, int to) {
    if (to - from < SECONDS_END + 2
        || b[from + 4] != '-'
        || b[from + 7] != '-'
        || b[from + 10] != 'T'
        || b[from + 13] != ':'
        || b[from + 16] != ':') {
      return -1;
    }
    int year = two(b, from) * 100 + two(b, from + 2);
    int month = two(b, from + 5);
    int day = two(b, from + 8);
    int hour = two(b, from + 11);
    int minute = two(b, from + 14);
    int second = two(b, from + 17);
    if (year < 0
        || month < 1
        || month > 12
        || day < 1
        || day > 31
        || (hour | minute | second) < 0) {
      return -1;
    }
    int at = from + SECONDS_END;
    long fraction = 0;
    if (b[at] == '.') {
      int digits = 0;
      for (at++; at < to && b[at] >= '0' && b[at] <= '9' && digits < NANO_DIGITS; at++, digits++) {
        fraction = fraction * 10 + b[at] - '0';
      }
      for (; digits < NANO_DIGITS; digits++) {
        fraction *= 10;
      }
    }
    int offsetSeconds = 0;
    if (at < to && b[at] == 'Z') {
      at++;
    } else if (at + 6 <= to && (b[at] == '+' || b[at] == '-') && b[at + 3] == ':') {
      int size = two(b, at + 1) * 3600 + two(b, at + 4) * 60;
      offsetSeconds = b[at] == '-' ? -size : size;
      at += 6;
    } else {
      return -1;
    }
    if (at >= to || b[at] != ' ') {
      return -1;
    }
    long seconds = daySeconds(year, month, day) + hour * 3600L + minute * 60L + second;
    nanos = (seconds - offsetSeconds) * 1_000_000_000L + fraction;
    return at + 1 - from;
  }

  private long daySeconds(int year, int month, int day) {
    int date = (year << 16) | (month << 8) | day;
    if (date != lastDate) {
      lastDaySeconds = LocalDate.of(year, month, Math.min(day, 28)).toEpochDay() * 86_400L;
      lastDaySeconds += Math.max(0, day - 28) * 86_400L;
      lastDate = date;
    }
    return lastDaySeconds;
  }

  /** Two digits, or a number so negative that no sum with it is positive. */
  private static int two(byte[] b, int at) {
    int tens = b[at] - '0';
    int ones = b[at + 1] - '0';
    return (tens | ones | (9 - tens) | (9 - ones)) < 0 ? Short.MIN_VALUE : tens * 10 + ones;
  }
}
