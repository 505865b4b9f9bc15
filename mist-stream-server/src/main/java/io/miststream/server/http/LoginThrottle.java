package io.miststream.server.http;

import io.miststream.server.security.TokenBuckets;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Slows down the guessing of passwords: five attempts at once for a name and one more a minute, and
 * twenty from an address and one more every ten seconds. An attempt that succeeds does not count.
 * Thread-safe.
 */
final class LoginThrottle {
  static final int OF_NAME = 5;
  static final int OF_ADDRESS = 20;

  private final TokenBuckets names;
  private final TokenBuckets addresses;

  LoginThrottle() {
    this(System::nanoTime);
  }

  LoginThrottle(LongSupplier nanos) {
    names = new TokenBuckets(OF_NAME, Duration.ofMinutes(1), nanos);
    addresses = new TokenBuckets(OF_ADDRESS, Duration.ofSeconds(10), nanos);
  }

  /** Begins an attempt; returns after how many seconds it may be made if not now, else 0. */
  long begin(String name, String address) {
    long wait = addresses.take(address);
    if (wait > 0) {
      return wait;
    }
    wait = names.take(name);
    if (wait > 0) {
      addresses.giveBack(address);
    }
    return wait;
  }

  /** An attempt that was begun was right. */
  void succeeded(String name, String address) {
    names.giveBack(name);
    addresses.giveBack(address);
  }
}
