package io.miststream.core.topic;

import java.time.Instant;

final class Times {
  private Times() {}

  /** Nanoseconds since the epoch; the years 1678 to 2262. */
  static long nanos(Instant instant) {
    return instant.getEpochSecond() * 1_000_000_000L + instant.getNano();
  }
}
