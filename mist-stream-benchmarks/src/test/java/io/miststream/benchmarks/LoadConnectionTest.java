package io.miststream.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** The load client against a server in this machine: what it counts has arrived, in order. */
class LoadConnectionTest {
  @Test
  void everyFrameOfEveryViewerIsCounted() throws Exception {
    try (Child server = Child.java(FanOutServer.class, 0, List.of("-Xmx256m"), "PRODUCT");
        Child client = Child.java(LoadClient.class, 0, List.of("-Xmx256m"))) {
      Child.Answer ports = server.ask("port");
      client.ask(
          "connect port=%s count=3 sample=1 feedback=%s %s"
              .formatted(ports.text("port"), ports.text("feedback"), server.line("viewers")));
      server.ask("start size=200 rate=500");
      client.ask("await frames=1000");
      server.ask("stop");
      Child.Answer stats = client.ask("stats");
      assertThat(stats.number("errors")).isZero();
      assertThat(stats.number("open")).isEqualTo(3);
      assertThat(stats.number("frames")).isGreaterThanOrEqualTo(3000);
      assertThat(client.ask("latency").number("count")).isGreaterThanOrEqualTo(3000);
      client.ask("close");
    }
  }
}
