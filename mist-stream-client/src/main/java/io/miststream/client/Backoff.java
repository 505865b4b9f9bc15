package io.miststream.client;

import java.time.Duration;
import java.util.function.DoubleSupplier;

/**
 * Waits between attempts: twice as long each time up to a limit, and spread at random over the
 * upper half, so that a server's clients do not all come back at once. Not thread-safe.
 */
final class Backoff {

  private final Duration first;
  private final Duration longest;
  private final DoubleSupplier random;
  private int attempts;

  /**
   * A wait that has not begun.
   *
   * @param random numbers from 0 to 1
   */
  Backoff(Duration first, Duration longest, DoubleSupplier random) {
    this.first = first;
    this.longest = longest;
    this.random = random;
  }

  /** How long to wait before the next attempt. */
  Duration next() {
    long nanos = longest.toNanos();
    // Shifted as far as that no doubling can overflow.
    if (attempts < Long.numberOfLeadingZeros(first.toNanos()) - 1) {
      nanos = Math.min(nanos, first.toNanos() << attempts);
    }
    attempts++;
    return Duration.ofNanos((long) (nanos * (0.5 + random.getAsDouble() / 2)));
  }

  /** How many waits there have been since the last success. */
  int attempts() {
    return attempts;
  }

  /** An attempt has succeeded. */
  void reset() {
    attempts = 0;
  }
}
