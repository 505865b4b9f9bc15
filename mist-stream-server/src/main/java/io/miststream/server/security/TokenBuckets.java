package io.miststream.server.security;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * A bucket of tokens for each key: full at first, and filled by one at a time. The key that was
 * used longest ago is forgotten first, where there are too many. Thread-safe.
 */
public final class TokenBuckets {
  private static final int REMEMBERED = 10_000;

  private final int size;
  private final long pause;
  private final LongSupplier nanos;

  /** Each with the time at which it is full again. */
  private final Map<String, Long> fullAt =
      new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
          return size() > REMEMBERED;
        }
      };

  /**
   * Buckets.
   *
   * @param size how many tokens each has, 1 or more
   * @param pause after which one is added
   * @param nanos the time, as {@code System.nanoTime}
   */
  public TokenBuckets(int size, Duration pause, LongSupplier nanos) {
    this.size = size;
    this.pause = pause.toNanos();
    this.nanos = nanos;
  }

  /** Takes a token; returns 0, or if there is none after how many seconds there is one. */
  public synchronized long take(String key) {
    long now = nanos.getAsLong();
    long full = fullAt.getOrDefault(key, now);
    if (full - now < 0) {
      full = now;
    }
    long missing = full - now - (size - 1) * pause;
    if (missing > 0) {
      return Duration.ofNanos(missing).toSeconds() + 1;
    }
    fullAt.put(key, full + pause);
    return 0;
  }

  /** Gives back a token that was taken. */
  public synchronized void giveBack(String key) {
    fullAt.computeIfPresent(key, (same, full) -> full - pause);
  }
}
