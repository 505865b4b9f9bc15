package io.miststream.server.security;

import java.util.function.LongSupplier;

/**
 * Allows so many of something within a second, which begins with the first of them. Not
 * thread-safe.
 */
public final class RateLimit {
  private static final long SECOND = 1_000_000_000;

  private final int most;
  private final LongSupplier nanos;
  private long begun;
  private int taken;

  /**
   * A limit.
   *
   * @param most how many within a second
   * @param nanos the time, as {@code System.nanoTime}
   */
  public RateLimit(int most, LongSupplier nanos) {
    this.most = most;
    this.nanos = nanos;
  }

  /** Counts one; false if it is one too many. */
  public boolean take() {
    long now = nanos.getAsLong();
    if (taken == 0 || now - begun >= SECOND) {
      begun = now;
      taken = 0;
    }
    if (taken == most) {
      return false;
    }
    taken++;
    return true;
  }
}
