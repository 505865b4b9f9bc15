package io.miststream.docker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.github.dockerjava.transport.DockerHttpClient.Request.Method;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Connections to an engine that would keep them open. */
class EngineConnectionsTest {
  private static final int PATIENCE_SECONDS = 30;

  @FunctionalInterface
  private interface Request {
    void send(EngineApi api) throws IOException;
  }

  /** Answers one request; true once the client has closed the connection. */
  private static boolean answer(ServerSocket engine, String response) {
    try (Socket socket = engine.accept()) {
      socket.setSoTimeout((int) TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
      BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8));
      while (!in.readLine().isEmpty()) {
        // to the end of the head
      }
      socket.getOutputStream().write(response.getBytes(UTF_8));
      return isClosed(in);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static boolean isClosed(BufferedReader in) throws IOException {
    try {
      return in.read() < 0;
    } catch (SocketException e) {
      return true; // reset: not all of the answer had been read
    }
  }

  private static void assertClosedAfter(String response, Request request) throws Exception {
    try (ServerSocket engine = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        EngineApi api =
            EngineApi.connect(
                URI.create("tcp://127.0.0.1:" + engine.getLocalPort()), Duration.ofSeconds(10))) {
      CompletableFuture<Boolean> closed =
          CompletableFuture.supplyAsync(() -> answer(engine, response));
      request.send(api);
      assertThat(closed.get(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    }
  }

  private static String response(String status, String body) {
    return "HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s".formatted(status, body.length(), body);
  }

  @Test
  void noConnectionOutlivesItsAnswer() throws Exception {
    assertClosedAfter(response("200 OK", "[]\n"), api -> api.get("/containers/json"));
    assertClosedAfter(response("204 No Content", ""), api -> api.send(Method.POST, "/stop"));
    assertClosedAfter(
        response("200 OK", "text"),
        api -> {
          try (EngineStream log = api.open("/logs", 0)) {
            assertThat(log.readAllBytes()).hasSize(4);
          }
        });
    assertClosedAfter(
        response("404 Not Found", "{}"),
        api ->
            assertThat(
                    catchThrowableOfType(EngineRefusedException.class, () -> api.get("/nothing")))
                .isNotNull());
  }
}
