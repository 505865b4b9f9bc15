package io.miststream.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BackoffTest {

  private static List<Long> millis(Backoff backoff, int n) {
    return IntStream.range(0, n).mapToObj(i -> backoff.next().toMillis()).toList();
  }

  @Test
  void doublesUpToTheLimit() {
    Backoff backoff = new Backoff(Duration.ofMillis(250), Duration.ofSeconds(10), () -> 1);

    assertThat(millis(backoff, 8))
        .containsExactly(250L, 500L, 1000L, 2000L, 4000L, 8000L, 10_000L, 10_000L);
    assertThat(backoff.attempts()).isEqualTo(8);
  }

  @Test
  void isSpreadOverTheUpperHalf() {
    Backoff backoff = new Backoff(Duration.ofMillis(250), Duration.ofSeconds(10), () -> 0);

    assertThat(millis(backoff, 3)).containsExactly(125L, 250L, 500L);
  }

  @Test
  void beginsAnewAfterSuccess() {
    Backoff backoff = new Backoff(Duration.ofMillis(250), Duration.ofSeconds(10), () -> 1);
    millis(backoff, 5);

    backoff.reset();

    assertThat(backoff.attempts()).isZero();
    assertThat(millis(backoff, 1)).containsExactly(250L);
  }

  @Test
  void neverOverflows() {
    Backoff backoff = new Backoff(Duration.ofDays(1), Duration.ofDays(100), () -> 1);

    assertThat(millis(backoff, 200).get(199)).isEqualTo(Duration.ofDays(100).toMillis());
  }

  @Test
  void aFirstWaitOverTheLimitIsTheLimit() {
    Backoff backoff = new Backoff(Duration.ofSeconds(20), Duration.ofSeconds(10), () -> 1);

    assertThat(millis(backoff, 1)).containsExactly(10_000L);
  }
}
