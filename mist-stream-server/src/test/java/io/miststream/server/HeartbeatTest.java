package io.miststream.server;

import static io.miststream.testkit.RawClient.PING;
import static io.miststream.testkit.RawClient.PONG;
import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.testkit.Frame;
import io.miststream.testkit.RawClient;
import java.io.IOException;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class HeartbeatTest {
  private static final Duration INTERVAL = Duration.ofMillis(300);
  private final MemoryLogSource source = new MemoryLogSource();
  private final MistStreamServer server =
      MistStreamServer.builder().logs(source).port(0).pingInterval(INTERVAL).start();

  @AfterEach
  void stop() {
    server.close();
  }

  private RawClient open() throws IOException {
    source.app(1);
    RawClient socket = RawClient.open(server.port(), "/ws/container/logs?appId=1");
    assertThat(socket.readText()).contains("status");
    return socket;
  }

  @Test
  void aPeerThatAnswersStays() throws IOException {
    try (RawClient socket = open()) {
      for (int i = 0; i < 5; i++) {
        Frame ping = socket.readFrame();
        assertThat(ping.opcode()).isEqualTo(PING);
        socket.sendFrame(true, PONG, ping.payload());
      }
      assertThat(server.connections()).isEqualTo(1);
    }
  }

  @Test
  void anySignOfLifeWillDo() throws IOException {
    try (RawClient socket = open()) {
      for (int i = 0; i < 5; i++) {
        assertThat(socket.readFrame().opcode()).isEqualTo(PING);
        socket.sendText("still here");
      }
      assertThat(server.connections()).isEqualTo(1);
    }
  }

  @Test
  void aSilentPeerIsDroppedWhenTheNextPingIsDue() throws IOException {
    long start = System.nanoTime();
    try (RawClient socket = open()) {
      assertThat(socket.readFrame().opcode()).isEqualTo(PING);
      assertThat(socket.isEnded()).isTrue();
      assertThat(Duration.ofNanos(System.nanoTime() - start))
          .isGreaterThan(INTERVAL.multipliedBy(2));
      Awaitility.await().until(() -> server.connections() == 0);
    }
  }

  @Test
  void aPeerThatStopsReadingForManyIntervalsIsNotDead() throws Exception {
    try (RawClient socket = RawClient.connect(server.port(), 8192)) {
      source.app(2);
      socket.open("/ws/container/logs?appId=2");
      assertThat(socket.readText()).contains("status"); // it is being served
      String line = "x".repeat(1000);
      for (int i = 0; i < 3000; i++) {
        source.app(2).print(line);
      }
      // It cannot know of the pings, which lie behind what it does not read. Another gets six.
      try (RawClient other = open()) {
        for (int i = 0; i < 6; i++) {
          Frame ping = other.readFrame();
          assertThat(ping.opcode()).isEqualTo(PING);
          other.sendFrame(true, PONG, ping.payload());
        }
        assertThat(server.connections()).isEqualTo(2);
      }
      source.app(2).stop();
      String last = socket.readText();
      while (!last.contains("\"type\":\"end\"")) {
        last = socket.readText();
      }
      assertThat(socket.readClose()).isEqualTo(1000);
    }
  }

  @Test
  void aPeerThatNeverReadsAgainIsDroppedInTheEnd() throws Exception {
    try (MistStreamServer strict =
            MistStreamServer.builder()
                .logs(source)
                .port(0)
                .stallTimeout(Duration.ofMillis(700))
                .start();
        RawClient socket = RawClient.connect(strict.port(), 8192)) {
      source.app(3);
      socket.open("/ws/container/logs?appId=3");
      assertThat(socket.readText()).contains("status");
      String line = "x".repeat(1000);
      for (int i = 0; i < 3000; i++) {
        source.app(3).print(line);
      }
      Awaitility.await().until(() -> strict.connections() == 0);
    }
  }
}
