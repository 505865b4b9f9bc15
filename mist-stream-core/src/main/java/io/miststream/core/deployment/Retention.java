package io.miststream.core.deployment;

import java.time.Duration;

/**
 * How many old deployments are kept: the oldest go, whole, until none of the limits is passed. The
 * newest one and those that are not over are always kept.
 *
 * @param count most deployments, 1 or more
 * @param age longest time since the end of one, positive
 * @param bytes most bytes of journals together, 1 or more
 */
public record Retention(int count, Duration age, long bytes) {

  /** 1 000 deployments, 90 days, 10 GiB. */
  public static final Retention DEFAULT = new Retention(1000, Duration.ofDays(90), 10L << 30);

  /** Checks the ranges. */
  public Retention {
    if (count < 1 || bytes < 1 || age.isZero() || age.isNegative()) {
      throw new IllegalArgumentException("limits of retention must be positive");
    }
  }
}
