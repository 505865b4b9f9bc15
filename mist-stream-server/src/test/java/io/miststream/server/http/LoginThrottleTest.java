package io.miststream.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LoginThrottleTest {
  private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 1_000_000); // it wraps around
  private final LoginThrottle throttle = new LoginThrottle(now::get);

  private void pass(Duration time) {
    now.addAndGet(time.toNanos());
  }

  @Test
  void aNameHasFiveAttemptsAndOneMoreAMinute() {
    for (int i = 0; i < LoginThrottle.OF_NAME; i++) {
      assertThat(throttle.begin("ann", "address" + i)).isZero();
    }
    assertThat(throttle.begin("ann", "other")).isEqualTo(61);
    assertThat(throttle.begin("bob", "other")).isZero();
    pass(Duration.ofSeconds(59));
    assertThat(throttle.begin("ann", "other")).isEqualTo(2);
    pass(Duration.ofSeconds(1));
    assertThat(throttle.begin("ann", "other")).isZero();
    assertThat(throttle.begin("ann", "other")).isEqualTo(61);
    pass(Duration.ofHours(1));
    for (int i = 0; i < LoginThrottle.OF_NAME; i++) {
      assertThat(throttle.begin("ann", "address" + i)).isZero();
    }
    assertThat(throttle.begin("ann", "other")).isPositive();
  }

  @Test
  void anAddressHasTwentyAndOneMoreEveryTenSeconds() {
    for (int i = 0; i < LoginThrottle.OF_ADDRESS; i++) {
      assertThat(throttle.begin("name" + i, "here")).isZero();
    }
    assertThat(throttle.begin("ann", "here")).isEqualTo(11);
    assertThat(throttle.begin("ann", "there")).isZero();
    pass(Duration.ofSeconds(10));
    assertThat(throttle.begin("ann", "here")).isZero();
  }

  @Test
  void whatSucceedsDoesNotCount() {
    for (int i = 0; i < 100; i++) {
      assertThat(throttle.begin("ann", "here")).isZero();
      throttle.succeeded("ann", "here");
    }
    for (int i = 0; i < LoginThrottle.OF_NAME; i++) {
      assertThat(throttle.begin("ann", "here")).isZero();
    }
    assertThat(throttle.begin("ann", "here")).isPositive();
  }

  @Test
  void itForgetsTheOldestOfVeryMany() {
    for (int i = 0; i < LoginThrottle.OF_NAME; i++) {
      throttle.begin("ann", "address" + i);
    }
    for (int i = 0; i < 10_000; i++) {
      throttle.begin("name" + i, "address of " + i);
    }
    assertThat(throttle.begin("ann", "other")).isZero();
  }
}
