package io.miststream.server.http;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * Slows down the guessing of passwords: five attempts at once for a name and one more a minute, and
 * twenty from an address and one more every ten seconds (token buckets). An attempt that succeeds
 * does not count. What was tried longest ago is forgotten first. Thread-safe.
 */
final class LoginThrottle {
  static final int OF_NAME = 5;
  static final int OF_ADDRESS = 20;
  private static final Duration NAME_PAUSE = Duration.ofMinutes(1);
  private static final Duration ADDRESS_PAUSE = Duration.ofSeconds(10);
  private static final int REMEMBERED = 10_000; // of either kind

  private final LongSupplier nanos;
  private final Buckets names;
  private final Buckets addresses;

  LoginThrottle() {
    this(System::nanoTime);
  }

  LoginThrottle(LongSupplier nanos) {
    this.nanos = nanos;
    this.names = new Buckets(OF_NAME, NAME_PAUSE.toNanos());
    this.addresses = new Buckets(OF_ADDRESS, ADDRESS_PAUSE.toNanos());
  }

  /** Each holds the time at which it is full again; it is empty when that is far away. */
  private static final class Buckets {
    private final int size;
    private final long pause;
    private final Map<String, Long> fullAt =
        new LinkedHashMap<>(16, 0.75f, true) {
          @Override
          protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
            return size() > REMEMBERED;
          }
        };

    Buckets(int size, long pause) {
      this.size = size;
      this.pause = pause;
    }

    /** Nanoseconds until there is one to take, 0 or less if there is. */
    long missing(String key, long now) {
      return fullAt.getOrDefault(key, now) - now - (size - 1) * pause;
    }

    void take(String key, long now) {
      fullAt.merge(key, now + pause, (full, one) -> full - now > 0 ? full + pause : one);
    }

    void giveBack(String key) {
      fullAt.computeIfPresent(key, (same, full) -> full - pause);
    }
  }

  /** Begins an attempt; returns after how many seconds it may be made if not now, else 0. */
  synchronized long begin(String name, String address) {
    long now = nanos.getAsLong();
    long missing = Math.max(names.missing(name, now), addresses.missing(address, now));
    if (missing > 0) {
      return Duration.ofNanos(missing).toSeconds() + 1;
    }
    names.take(name, now);
    addresses.take(address, now);
    return 0;
  }

  /** An attempt that was begun was right. */
  synchronized void succeeded(String name, String address) {
    names.giveBack(name);
    addresses.giveBack(address);
  }
}
