package io.miststream.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.ErrorCode;
import io.miststream.testkit.Frame;
import io.miststream.testkit.RawClient;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is told behind the upgrade: one error message, and a close whose code says what to do. */
class StreamErrorsTest {
  private static final MemoryLogSource SOURCE = new MemoryLogSource();
  private static MistStreamServer server;

  @BeforeAll
  static void start() {
    server = MistStreamServer.builder().logs(SOURCE).port(0).start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  private static RawClient open(long appId) throws IOException {
    return RawClient.open(server.port(), "/ws/container/logs?appId=" + appId);
  }

  private static void endsWith(RawClient viewer, String code, String message, int close)
      throws IOException {
    assertThat(viewer.readText())
        .contains("\"type\":\"error\"", "\"message\":\"" + message + "\"", "\"code\":\"" + code);
    Frame frame = viewer.readFrame();
    assertThat(frame.opcode()).isEqualTo(RawClient.CLOSE);
    assertThat(frame.closeCode()).isEqualTo(close);
    viewer.sendClose(close);
    assertThat(viewer.isEnded()).isTrue();
  }

  @Test
  void anUnknownApp() throws IOException {
    try (RawClient viewer = open(404)) {
      endsWith(viewer, "container_not_found", "Container not found", 1008);
    }
  }

  @Test
  void aStoppedContainerShowsItsStatusFirst() throws IOException {
    SOURCE.app(2).print("one").stop();
    try (RawClient viewer = open(2)) {
      assertThat(viewer.readText()).contains("\"type\":\"status\"", "\"state\":\"exited\"");
      endsWith(viewer, "container_not_running", "Container is not running (state: exited)", 1008);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "10, SOURCE_UNAVAILABLE, source_unavailable, 1013",
    "11, LOGS_NOT_READABLE, logs_not_readable, 1008",
    "12, PERMISSION_DENIED, permission_denied, 1008",
    "13, INTERNAL, internal, 1011",
  })
  void whatTheSourceSays(long app, ErrorCode code, String wire, int close) throws IOException {
    SOURCE.app(app).fail(code, "because \"of\" this");
    try (RawClient viewer = open(app)) {
      endsWith(viewer, wire, "because \\\"of\\\" this", close);
    }
  }

  @Test
  void theHistoryOfAStoppedContainerEndsWith1000() throws IOException {
    SOURCE.app(3).print("one", "two").stop();
    try (RawClient viewer =
        RawClient.open(server.port(), "/ws/container/logs?appId=3&follow=none&tail=1")) {
      assertThat(viewer.readText()).contains("\"state\":\"exited\"");
      assertThat(viewer.readText()).contains("\"line\":\"two\"");
      assertThat(viewer.readText()).contains("\"type\":\"end\"");
      assertThat(viewer.readFrame().closeCode()).isEqualTo(1000);
    }
  }
}
