package io.miststream.docker;

import io.miststream.core.ErrorCode;
import io.miststream.core.StreamException;
import java.io.IOException;
import java.time.Duration;

/** How long an engine has been unreachable, and when that has been too long. Not thread-safe. */
final class Outage {
  private static final long FIRST_DELAY_MILLIS = 100;
  private static final long LONGEST_DELAY_MILLIS = 1_000;

  private final long recoveryNanos;
  private long began;
  private int failures;

  Outage(Duration recovery) {
    this.recoveryNanos = recovery.toNanos();
  }

  /** The engine has answered. */
  void over() {
    failures = 0;
  }

  /**
   * The engine has not answered.
   *
   * @return how many milliseconds to wait before the next attempt
   * @throws StreamException {@code SOURCE_UNAVAILABLE} if it has been gone for too long
   */
  long failed(IOException failure) {
    long now = System.nanoTime();
    if (failures == 0) {
      began = now;
    }
    if (now - began >= recoveryNanos) {
      throw unavailable(failure);
    }
    return Math.min(FIRST_DELAY_MILLIS << Math.min(failures++, 4), LONGEST_DELAY_MILLIS);
  }

  static StreamException unavailable(IOException failure) {
    return new StreamException(
        ErrorCode.SOURCE_UNAVAILABLE,
        "Docker is unreachable: " + EngineUnreachableException.reason(failure),
        failure);
  }
}
