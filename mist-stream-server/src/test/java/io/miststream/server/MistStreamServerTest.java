package io.miststream.server;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MistStreamServerTest {
  private final MemoryLogSource source = new MemoryLogSource();
  private final MistStreamServer server = MistStreamServer.builder().logs(source).port(0).start();

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void streamsStatusThenHistoryThenLiveLines() throws Exception {
    source.app(1).print("one", "two");
    try (RawWebSocket viewer = RawWebSocket.open(server.port(), "/ws/container/logs?appId=1")) {
      assertThat(viewer.readText()).contains("\"type\":\"status\"", "\"state\":\"running\"");
      assertThat(viewer.readText()).contains("\"type\":\"log\"", "\"line\":\"one\"");
      assertThat(viewer.readText()).contains("\"line\":\"two\"");
      source.app(1).print("three");
      assertThat(viewer.readText()).contains("\"line\":\"three\"");
      source.app(1).stop();
      assertThat(viewer.readText()).contains("\"state\":\"exited\"");
      assertThat(viewer.readText()).contains("\"type\":\"end\"");
      RawWebSocket.Frame close = viewer.readClose();
      assertThat(close.closeCode()).isEqualTo(1000);
      viewer.sendClose(1000);
      assertThat(viewer.isEnded()).isTrue();
    }
  }
}
