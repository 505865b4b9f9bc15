package io.miststream.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.miststream.testkit.RawClient;
import io.miststream.testkit.RawClient.Response;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is refused, byte by byte, and that nothing is left open behind a refusal. */
@Tag("jdk")
class HandshakeTest {
  private static final String LOGS = "/ws/container/logs?appId=1";
  private static final MemoryLogSource SOURCE = new MemoryLogSource();
  private static MistStreamServer server;

  @BeforeAll
  static void start() {
    SOURCE.app(1).print("one");
    server =
        MistStreamServer.builder()
            .logs(SOURCE)
            .port(0)
            .handshakeTimeout(Duration.ofMillis(400))
            .maxConnections(3)
            .start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @AfterEach
  void nothingIsLeftOpen() {
    await()
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(5))
        .until(() -> server.connections() == 0);
  }

  private static Response answer(String request) throws IOException {
    try (RawClient socket = RawClient.connect(server.port())) {
      socket.send(request);
      Response response = socket.readResponse(!request.startsWith("HEAD"));
      // The trap: behind some refusals the engine would go on as a WebSocket.
      assertThat(socket.isEnded()).isTrue();
      return response;
    }
  }

  private static String request(String target, String... headers) throws IOException {
    try (RawClient socket = RawClient.connect(server.port())) {
      return socket.handshake(target, headers);
    }
  }

  @Test
  void answersLikeTheRfc() throws IOException {
    try (RawClient socket = RawClient.connect(server.port())) {
      Response response = socket.send(socket.handshake(LOGS)).readResponse();
      assertThat(response.statusLine()).isEqualTo("HTTP/1.1 101 Switching Protocols");
      assertThat(response.header("Upgrade")).isEqualToIgnoringCase("websocket");
      assertThat(response.header("Connection")).isEqualToIgnoringCase("Upgrade");
      // RFC 6455, section 1.3: the answer to the key of its example.
      assertThat(response.header("Sec-WebSocket-Accept")).isEqualTo("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
      assertThat(response.header("Sec-WebSocket-Extensions")).isEmpty();
      assertThat(response.headers()).hasSize(3);
      assertThat(socket.readText()).contains("\"type\":\"status\"");
    }
  }

  @Test
  void compressionIsNotOffered() throws IOException {
    try (RawClient socket = RawClient.connect(server.port())) {
      String request =
          socket.handshake(
              LOGS, "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits");
      Response response = socket.send(request).readResponse();
      assertThat(response.status()).isEqualTo(101);
      assertThat(response.header("Sec-WebSocket-Extensions")).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/ws/container/logs", "/api/ws/container/logs"})
  void bothPathsServe(String path) throws IOException {
    try (RawClient socket = RawClient.open(server.port(), path + "?appId=1")) {
      assertThat(socket.readText()).contains("\"type\":\"status\"");
      assertThat(socket.readText()).contains("\"line\":\"one\"");
    }
  }

  @Test
  void badParametersAreRefusedByteForByte() throws IOException {
    assertThat(answer(request("/ws/container/logs")))
        .isEqualTo(
            new Response(
                "HTTP/1.1 400 Bad Request",
                java.util.List.of(
                    "Content-Type: application/json",
                    "Content-Length: 65",
                    "Cache-Control: no-store",
                    "X-Content-Type-Options: nosniff",
                    "Connection: close"),
                "{\"error\":{\"code\":\"invalid_request\",\"message\":\"appId is missing\"}}"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "appId=abc | appId must be a positive integer",
        "appId=-1 | appId must be a positive integer",
        "appId=0 | appId must be a positive integer",
        "appId=99999999999999999999 | appId must be a positive integer",
        "appId= | appId is missing",
        "appId=1&appId=2 | appId is given more than once",
        "appId=1&tail=-1 | tail must be 0 to 100000 or all",
        "appId=1&tail=100001 | tail must be 0 to 100000 or all",
        "appId=1&after=nonsense | after is not a cursor",
        "appId=1&since=yesterday | since must be an RFC 3339 time",
        "appId=1&until=1x | until must be an RFC 3339 time",
        "appId=1&stream=stdin | stream must be one of stdout, stderr",
        "appId=1&follow=ever | follow must be one of container, app, none",
        "appId=1&grep=( | grep is not a valid regular expression",
        "appId=1&exclude=%5Ba | exclude is not a valid regular expression",
        "appId=1&grep=((a{1000}){1000}){1000} | grep repeats something more than 1000 times",
        "appId=1&container=../x | container is not a container name",
        "appId=%zz | the query contains a broken percent-escape",
        "appId=1&x=%f | the query contains a broken percent-escape",
        "appId=1&x=%ff | the query is not UTF-8",
        "appId=1&x=%00 | ",
      })
  void eachParameterIsNamed(String query, String message) throws IOException {
    if (message == null) {
      // An escaped NUL in a parameter we do not know is nobody's business.
      RawClient.open(server.port(), "/ws/container/logs?" + query).close();
      return;
    }
    Response response = answer(request("/ws/container/logs?" + query));
    assertThat(response.statusLine()).isEqualTo("HTTP/1.1 400 Bad Request");
    assertThat(response.body())
        .startsWith("{\"error\":{\"code\":\"invalid_request\",\"message\":\"" + message);
  }

  @ParameterizedTest
  @ValueSource(strings = {"grep=a|b", "grep={x}", "x=^", "x=\"<>`\\", "grep=\u00c3\u00a9", "x=#"})
  void rawCharactersThatNoUriMayHaveAreFine(String query) throws IOException {
    try (RawClient socket = RawClient.open(server.port(), "/ws/container/logs?appId=1&" + query)) {
      assertThat(socket.readText()).contains("\"type\":\"status\"");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"x=\u0001", "x=\u007f", "grep=\u00ff"})
  void rawControlCharactersAndBrokenUtf8AreRefused(String query) throws IOException {
    assertThat(answer(request("/ws/container/logs?appId=1&" + query)).status()).isEqualTo(400);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Origin: https://evil.example",
        "Origin: null",
        "Origin: http://localhost.evil.example",
        "Origin: http://127.0.0.1.evil.example",
        "Origin: ftp://localhost",
        "Origin: http://localhost:3000/path",
      })
  void foreignOriginsAreRefused(String origin) throws IOException {
    Response response = answer(request(LOGS, origin));
    assertThat(response.statusLine()).isEqualTo("HTTP/1.1 403 Forbidden");
    assertThat(response.body())
        .isEqualTo("{\"error\":{\"code\":\"forbidden\",\"message\":\"Origin is not local\"}}");
    assertThat(answer("GET / HTTP/1.1\r\nHost: localhost\r\n" + origin + "\r\n\r\n").status())
        .isEqualTo(403);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Origin: http://localhost:3000",
        "Origin: https://127.0.0.1",
        "Origin: http://[::1]:8080",
        "Origin: HTTP://LOCALHOST",
      })
  void localOriginsAreFine(String origin) throws IOException {
    try (RawClient socket = RawClient.connect(server.port())) {
      assertThat(socket.send(socket.handshake(LOGS, origin)).readResponse().status())
          .isEqualTo(101);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"evil.example", "evil.example:8080", "127.0.0.1.evil.example", "10.0.0.1"})
  void foreignHostsAreRefused(String host) throws IOException {
    String request = request(LOGS).replaceFirst("Host: [^\r]*", "Host: " + host);
    Response response = answer(request);
    assertThat(response.statusLine()).isEqualTo("HTTP/1.1 403 Forbidden");
    assertThat(response.body())
        .isEqualTo("{\"error\":{\"code\":\"forbidden\",\"message\":\"Host is not local\"}}");
    assertThat(answer("GET /health HTTP/1.1\r\nHost: " + host + "\r\n\r\n").status())
        .isEqualTo(403);
    assertThat(
            answer("GET http://" + host + "/health HTTP/1.1\r\nHost: localhost\r\n\r\n").status())
        .isEqualTo(403);
  }

  @Test
  void hostsGivenTwiceOrNotAtAllAreRefused() throws IOException {
    assertThat(answer(request(LOGS, "Host: localhost")).status()).isEqualTo(400);
    assertThat(answer(request(LOGS).replaceFirst("Host: [^\r]*\r\n", "")).status()).isEqualTo(400);
  }

  @Test
  void unknownPathsAreNotFound() throws IOException {
    for (String path : new String[] {"/ws/other", "/ws/container/logs/", "/ws/container/log%73"}) {
      Response response = answer(request(path + "?appId=1"));
      assertThat(response.statusLine()).isEqualTo("HTTP/1.1 404 Not Found");
      assertThat(response.body())
          .isEqualTo(
              "{\"error\":{\"code\":\"not_found\",\"message\":\"There is nothing at "
                  + path
                  + "\"}}");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST", "PUT", "OPTIONS", "HEAD", "TRACE", "PATCH", "BREW"})
  void otherMethodsAreRefused(String method) throws IOException {
    Response response = answer(request(LOGS).replaceFirst("GET", method));
    assertThat(response.statusLine()).isEqualTo("HTTP/1.1 405 Method Not Allowed");
    assertThat(response.header("Allow")).isEqualTo("GET");
  }

  @Test
  void aPostWithABodyIsAnsweredToo() throws IOException {
    String body = "x".repeat(100_000);
    Response response =
        answer(
            request(LOGS, "Content-Length: " + body.length()).replaceFirst("GET", "POST") + body);
    assertThat(response.status()).isEqualTo(405);
  }

  @Test
  void withoutUpgradeTheAnswerIs426() throws IOException {
    Response response = answer("GET " + LOGS + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assertThat(response.statusLine()).isEqualTo("HTTP/1.1 426 Upgrade Required");
    assertThat(response.header("Upgrade")).isEqualTo("websocket");
    assertThat(response.header("Sec-WebSocket-Version")).isEqualTo("13");
  }

  @ParameterizedTest
  @ValueSource(strings = {"8", "12", "14", "13, 8", "", "abc"})
  void otherVersionsAreRefusedWithOurs(String version) throws IOException {
    Response response = answer(request(LOGS).replace("Version: 13", "Version: " + version));
    assertThat(response.statusLine()).isEqualTo("HTTP/1.1 426 Upgrade Required");
    assertThat(response.header("Sec-WebSocket-Version")).isEqualTo("13");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "short",
        "dGhlIHNhbXBsZSBub25jZQ",
        "dGhlIHNhbXBsZSBub25jZQ====",
        "dGhlIHNhbXBsZSBub25jZXh4",
        "!!!!IHNhbXBsZSBub25jZQ==",
      })
  void badKeysAreRefused(String key) throws IOException {
    Response response = answer(request(LOGS).replace(RawClient.KEY, key));
    assertThat(response.statusLine()).isEqualTo("HTTP/1.1 400 Bad Request");
    assertThat(response.body()).contains("Sec-WebSocket-Key must be 16 bytes in base64");
  }

  @Test
  void otherFaultsOfAHandshakeAreRefused() throws IOException {
    assertThat(answer(request(LOGS, "Sec-WebSocket-Key: " + RawClient.KEY)).status())
        .isEqualTo(400);
    assertThat(answer(request(LOGS).replace("Connection: Upgrade", "Connection: close")).status())
        .isEqualTo(400);
    assertThat(answer(request(LOGS).replace("HTTP/1.1", "HTTP/1.0")).status()).isEqualTo(400);
    assertThat(answer(request(LOGS, "Content-Length: 3") + "abc").status()).isEqualTo(400);
    assertThat(answer(request(LOGS, "Transfer-Encoding: chunked") + "0\r\n\r\n").status())
        .isEqualTo(400);
  }

  @Test
  void aListOfTokensInConnectionIsFine() throws IOException {
    try (RawClient socket = RawClient.connect(server.port())) {
      String request =
          socket.handshake(LOGS).replace("Connection: Upgrade", "Connection: keep-alive, Upgrade");
      assertThat(socket.send(request).readResponse().status()).isEqualTo(101);
    }
  }

  @Test
  void tooManyConnectionsAreRefusedUntilOneLeaves() throws IOException {
    try (RawClient one = RawClient.open(server.port(), LOGS);
        RawClient two = RawClient.open(server.port(), LOGS);
        RawClient three = RawClient.open(server.port(), LOGS)) {
      Response response = answer(request(LOGS));
      assertThat(response.statusLine()).isEqualTo("HTTP/1.1 503 Service Unavailable");
      assertThat(response.header("Retry-After")).isEqualTo("10");
      two.reset();
      await().until(() -> server.connections() == 2);
      try (RawClient again = RawClient.open(server.port(), LOGS)) {
        assertThat(again.readText()).contains("status");
      }
      assertThat(one.readText()).contains("status");
      assertThat(three.readText()).contains("status");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 30, 150})
  void aHalfSentHandshakeIsCut(int bytes) throws IOException {
    try (RawClient socket = RawClient.connect(server.port())) {
      socket.send(socket.handshake(LOGS).substring(0, bytes));
      assertThat(socket.isEnded()).isTrue();
    }
  }

  @Test
  void bytesThatTrickleInWinNoTime() throws Exception {
    try (RawClient socket = RawClient.connect(server.port())) {
      byte[] request = socket.handshake(LOGS).getBytes(java.nio.charset.StandardCharsets.US_ASCII);
      socket.readTimeout(20); // more than twice the timeout for all of it
      boolean ended = false;
      for (int i = 0; i < request.length && !ended; i++) {
        try {
          socket.send(new byte[] {request[i]});
        } catch (IOException e) {
          ended = true;
        }
        ended |= socket.isEnded();
      }
      assertThat(ended).as("before the request is complete").isTrue();
    }
  }

  @Test
  void aHeaderThatIsTooLongIsRefused() throws IOException {
    try (RawClient socket = RawClient.connect(server.port())) {
      socket.send(socket.handshake(LOGS, "X: " + "x".repeat(20_000)));
      assertThat(socket.readResponse().status()).isBetween(400, 431);
    }
  }

  @Test
  void aHandshakeMayFollowAnotherRequestAtOnce() throws IOException {
    try (RawClient socket = RawClient.connect(server.port())) {
      socket.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n" + socket.handshake(LOGS));
      assertThat(socket.readResponse().status()).isEqualTo(200);
      assertThat(socket.readResponse().status()).isEqualTo(101);
      assertThat(socket.readText()).contains("status");
    }
  }

  @Test
  void garbageIsCut() throws IOException {
    try (RawClient socket = RawClient.connect(server.port())) {
      socket.send("\u0016\u0003\u0001\u0002\u0000\u0001\r\n\r\n");
      assertThat(socket.isEnded()).isTrue();
    }
  }
}
