package io.miststream.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.HostMetrics.NetworkRate;
import org.junit.jupiter.api.Test;

class RatesTest {
  private long now = 1_000_000_000L;
  private final Rates rates = new Rates(() -> now);

  private NetworkRate rate(long rx, long tx) {
    return rates.rate("eth0", rx, tx, NetworkRate::new);
  }

  @Test
  void areTheGrowthOfASecond() {
    assertThat(rate(1000, 0)).isEqualTo(new NetworkRate("eth0", 0, 0));
    rates.next();
    now += 2_000_000_000L;
    assertThat(rate(5000, 3)).isEqualTo(new NetworkRate("eth0", 2000, 2));
    rates.next();
    now += 500_000_000L;
    assertThat(rate(100, 13)).isEqualTo(new NetworkRate("eth0", 0, 20)); // a new device
    rates.next();
    now += 1_000_000_000L;
    assertThat(rate(200, 13)).isEqualTo(new NetworkRate("eth0", 100, 0));
    rates.next();
    assertThat(rate(300, 13)).isEqualTo(new NetworkRate("eth0", 0, 0)); // no time has passed
  }

  @Test
  void whatWasAwayBeginsAnew() {
    rate(1000, 0);
    rates.next();
    rates.next();
    now += 1_000_000_000L;
    assertThat(rate(2000, 0)).isEqualTo(new NetworkRate("eth0", 0, 0));
  }
}
