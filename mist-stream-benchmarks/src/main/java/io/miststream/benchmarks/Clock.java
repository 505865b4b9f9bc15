package io.miststream.benchmarks;

import java.time.Instant;

/** The time that processes of one machine share. */
final class Clock {
  private Clock() {}

  /** Nanoseconds since the epoch. */
  static long nanos() {
    Instant now = Instant.now();
    return now.getEpochSecond() * 1_000_000_000L + now.getNano();
  }
}
