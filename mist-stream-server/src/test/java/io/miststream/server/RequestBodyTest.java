package io.miststream.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.miststream.testkit.RawClient;
import io.miststream.testkit.RawClient.Response;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies that come in pieces, late, too long, broken or not at all: nothing hangs. */
@Timeout(120) // what should not wait would wait for ever
class RequestBodyTest {
  private static final String OK = "{\"appId\":1,\"reported\":true}";

  @TempDir private Path directory;
  private DeploymentServer server;

  @BeforeEach
  void start() throws Exception {
    start(Duration.ofMillis(500));
  }

  private void start(Duration bodyPause) throws IOException {
    server =
        new DeploymentServer(
            directory,
            builder ->
                builder
                    .bodyPause(bodyPause)
                    .handshakeTimeout(Duration.ofSeconds(2))
                    .maxEventBytes(1000));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static String head(String... headers) {
    return "POST /api/deployments HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        + String.join("\r\n", headers)
        + "\r\n\r\n";
  }

  private static String chunk(String bytes) {
    return Integer.toHexString(bytes.length()) + "\r\n" + bytes + "\r\n";
  }

  private RawClient send(String... pieces) throws IOException {
    RawClient socket = RawClient.connect(server.port());
    for (String piece : pieces) {
      socket.send(piece);
    }
    return socket;
  }

  private static void healthy(RawClient socket) throws IOException {
    socket.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assertThat(socket.readResponse().body()).isEqualTo("{\"status\":\"ok\"}");
  }

  @Test
  void bodiesInPiecesAreRead() throws Exception {
    try (RawClient socket = send(head("Content-Length: " + OK.length()))) {
      for (int i = 0; i < OK.length(); i++) {
        socket.send(OK.substring(i, i + 1));
      }
      assertThat(socket.readResponse().status()).isEqualTo(202);
      healthy(socket);
    }
    try (RawClient socket = send(head("Transfer-Encoding: chunked"))) {
      for (int i = 0; i < OK.length(); i++) {
        socket.send(chunk(OK.substring(i, i + 1)));
      }
      socket.send("0\r\n\r\n");
      assertThat(socket.readResponse().status()).isEqualTo(202);
      healthy(socket);
    }
  }

  @Test
  void requestsThatFollowAtOnceAreAnsweredInTurn() throws Exception {
    String request = head("Content-Length: " + OK.length()) + OK;
    try (RawClient socket = send(request + request + request)) {
      for (int i = 1; i <= 3; i++) {
        assertThat(socket.readResponse().body()).isEqualTo("{\"deployment_id\":" + i + "}");
      }
      healthy(socket);
    }
  }

  @Test
  void whoAsksFirstIsToldToGoOn() throws Exception {
    try (RawClient socket = send(head("Content-Length: " + OK.length(), "Expect: 100-continue"))) {
      assertThat(socket.readResponse().status()).isEqualTo(100);
      socket.send(OK);
      assertThat(socket.readResponse().status()).isEqualTo(202);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Length: 10\r\n\r\n",
        "Content-Length: 10\r\n\r\n{\"app",
        "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"app\r\n",
        "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"a",
      })
  void whatDoesNotArriveIsNotWaitedForForLong(String rest) throws Exception {
    try (RawClient socket = send(head().replaceFirst("\r\n\r\n\r\n$", "\r\n") + rest)) {
      Response response = socket.readResponse();
      assertThat(response.status()).isEqualTo(408);
      assertThat(response.header("Connection")).isEqualToIgnoringCase("close");
      assertThat(response.body()).contains("\"code\":\"timeout\"");
      assertThat(socket.isEnded()).isTrue();
    }
  }

  @Test
  void withoutTheFirstChunkTheHeaderCountsAsIncomplete() throws Exception {
    try (RawClient socket = send(head("Transfer-Encoding: chunked"))) {
      assertThat(socket.isEnded()).isTrue();
    }
  }

  @Test
  void whatTricklesInWinsNoTime() throws Exception {
    try (RawClient socket = send(head("Content-Length: 1000"))) {
      socket.readTimeout(100);
      Response response = null;
      while (response == null) {
        socket.send(" ");
        try {
          response = socket.readResponse();
        } catch (java.net.SocketTimeoutException e) {
          // Not yet.
        }
      }
      assertThat(response.status()).isEqualTo(408);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        "Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n",
        "Transfer-Encoding: chunked\r\n\r\n2\r\n{}x\r\n0\r\n\r\n",
        "Content-Length: -1\r\n\r\n{}",
        "Content-Length: x\r\n\r\n{}",
        "Content-Length: 99999999999999999999\r\n\r\n{}",
      })
  void whatIsNoBodyIsRefusedOrCut(String rest) throws Exception {
    try (RawClient socket = send(head().replaceFirst("\r\n\r\n\r\n$", "\r\n") + rest)) {
      try {
        assertThat(socket.readResponse().status()).isBetween(400, 499);
      } catch (IOException e) {
        assertThat(socket.isEnded()).isTrue();
      }
    }
    assertThat(server.get("/api/deployments").body()).isEqualTo("{\"deployments\":[]}");
  }

  @Test
  void whatIsTooLongIsRefusedAndReadToItsEndSoThatTheAnswerArrives() throws Exception {
    String tooLong = " ".repeat(300_000);
    try (RawClient socket = send(head("Content-Length: 300000"))) {
      Response response = socket.readResponse(); // before any of it is sent
      assertThat(response.status()).isEqualTo(413);
      assertThat(response.body()).contains("The body is longer than 65536 bytes");
      socket.send(tooLong);
      assertThat(socket.isEnded()).isTrue();
    }
    try (RawClient socket = send(head("Transfer-Encoding: chunked"), chunk(tooLong), "0\r\n\r\n")) {
      assertThat(socket.readResponse().status()).isEqualTo(413);
      assertThat(socket.isEnded()).isTrue();
    }
    try (RawClient socket =
        send(head("Content-Length: 65536"), OK, " ".repeat(65536 - OK.length()))) {
      assertThat(socket.readResponse().status()).isEqualTo(202);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"h2c", "h2c, foo/1", "TLS/1.0"})
  void bodiesAreReadWhateverElseTheClientCouldSpeak(String protocols) throws Exception {
    String upgrade = "Upgrade: " + protocols + "\r\nConnection: Upgrade, HTTP2-Settings\r\n";
    try (RawClient socket =
        send(
            head(upgrade + "Content-Length: " + OK.length()),
            OK,
            head("Content-Length: 2"),
            "[]")) {
      RawClient.Response first = socket.readResponse();
      assertThat(first.status()).as(first.toString()).isEqualTo(202);
      assertThat(socket.readResponse().status()).isEqualTo(400); // the connection goes on
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whatComesBehindABodyIsNeverTakenForMoreOfIt(boolean chunked) throws Exception {
    String head = head(chunked ? "Transfer-Encoding: chunked" : "Content-Length: " + OK.length());
    String body = chunked ? chunk(OK) + "0\r\n\r\n" : OK;
    for (int i = 0; i < 300; i++) { // it was a matter of which thread was quicker
      try (RawClient socket = send(head, body, head("Content-Length: 2"), "[]")) {
        RawClient.Response first = socket.readResponse();
        assertThat(first.status()).as(first.toString()).isEqualTo(202);
        assertThat(socket.readResponse().status()).isEqualTo(400);
      }
    }
  }

  @Test
  void whoeverSendsTooMuchAtOnceIsAskedToComeBack() throws Exception {
    server.close();
    start(Duration.ofSeconds(30));
    List<RawClient> all = new ArrayList<>(); // one more than fit, whichever that is
    for (int i = 0; i < 3; i++) {
      all.add(send(head("Content-Length: 60001"), " ".repeat(60_000)));
    }
    RawClient refused = await().until(() -> answered(all), Objects::nonNull);
    Response response = refused.readResponse();
    assertThat(response.status()).isEqualTo(503);
    assertThat(response.header("Retry-After")).isEqualTo("5");
    for (RawClient socket : all) {
      socket.reset();
    }
    for (int i = 0; i < 20; i++) {
      send(head("Content-Length: 60001"), " ".repeat(60_000)).reset();
    }
    await()
        .untilAsserted(
            () -> {
              String padded = OK + " ".repeat(60_000);
              assertThat(server.post("/api/deployments", padded).statusCode()).isEqualTo(202);
            });
    for (int i = 0; i < 10; i++) {
      assertThat(server.post("/api/deployments", OK + " ".repeat(60_000)).statusCode())
          .isEqualTo(202);
    }
  }

  private static @Nullable RawClient answered(List<RawClient> clients) throws IOException {
    for (RawClient client : clients) {
      if (client.hasInput()) {
        return client;
      }
    }
    return null;
  }

  @Test
  void slowSendersHoldUpNobody() throws Exception {
    List<RawClient> slow = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      slow.add(send(head("Content-Length: 100"), "{"));
    }
    assertThat(server.get("/health").statusCode()).isEqualTo(200);
    assertThat(server.post("/api/deployments", OK).statusCode()).isEqualTo(202);
    for (RawClient socket : slow) {
      assertThat(socket.readResponse().status()).isEqualTo(408);
      socket.close();
    }
  }
}
