package io.miststream.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.testkit.RawClient;
import io.miststream.testkit.RawClient.Response;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HttpTest {
  private volatile Supplier<Optional<String>> ready = Optional::empty;
  private final MistStreamServer server =
      MistStreamServer.builder()
          .logs(new MemoryLogSource())
          .port(0)
          .ready(() -> ready.get())
          .start();

  @AfterEach
  void stop() {
    server.close();
  }

  private Response answer(String method, String path) throws IOException {
    try (RawClient socket = RawClient.connect(server.port())) {
      socket.send(method + " " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
      return socket.readResponse(!method.equals("HEAD"));
    }
  }

  @Test
  void healthIsOk() throws IOException {
    Response response = answer("GET", "/health");
    assertThat(response.statusLine()).isEqualTo("HTTP/1.1 200 OK");
    assertThat(response.header("Content-Type")).isEqualTo("application/json");
    assertThat(response.body()).isEqualTo("{\"status\":\"ok\"}");
  }

  @Test
  void readySaysWhyNot() throws IOException {
    assertThat(answer("GET", "/ready").status()).isEqualTo(200);
    ready = () -> Optional.of("Docker is unreachable: \"no\" socket");
    Response response = answer("GET", "/ready");
    assertThat(response.status()).isEqualTo(503);
    assertThat(response.body())
        .isEqualTo(
            "{\"error\":{\"code\":\"not_ready\","
                + "\"message\":\"Docker is unreachable: \\\"no\\\" socket\"}}");
    ready =
        () -> {
          throw new IllegalStateException("secret");
        };
    response = answer("GET", "/ready");
    assertThat(response.status()).isEqualTo(503);
    assertThat(response.body()).doesNotContain("secret");
    ready =
        () -> {
          throw new AssertionError("not even this ends it");
        };
    assertThat(answer("GET", "/ready").body()).contains("The check failed");
    ready = Optional::empty;
    assertThat(answer("GET", "/ready").status()).isEqualTo(200);
  }

  @Test
  void aCheckThatHangsHoldsUpNobody() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    ready =
        () -> {
          try {
            release.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          return Optional.empty();
        };
    RawClient[] asking = new RawClient[40];
    for (int i = 0; i < asking.length; i++) {
      asking[i] = RawClient.connect(server.port());
      asking[i].send("GET /ready HTTP/1.1\r\nHost: localhost\r\n\r\n");
    }
    assertThat(answer("GET", "/health").status()).isEqualTo(200);
    for (RawClient one : asking) {
      Response response = one.readResponse();
      assertThat(response.status()).isEqualTo(503);
      assertThat(response.body()).contains("has not answered in time");
      one.close();
    }
    release.countDown();
    ready = Optional::empty;
    org.awaitility.Awaitility.await().until(() -> answer("GET", "/ready").status() == 200);
  }

  @Test
  void thePageNamesTheEndpoints() throws IOException {
    Response response = answer("GET", "/");
    assertThat(response.status()).isEqualTo(200);
    assertThat(response.header("Content-Type")).startsWithIgnoringCase("text/html");
    assertThat(response.body()).contains("/ws/container/logs?appId=1", "/health", "/ready");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/", "/health", "/ready", "/nothing"})
  void everyAnswerCarriesTheSecurityHeadersAndNoServer(String path) throws IOException {
    Response response = answer("GET", path);
    assertThat(response.header("X-Content-Type-Options")).isEqualTo("nosniff");
    assertThat(response.header("Content-Security-Policy")).startsWith("default-src 'none'");
    assertThat(response.header("Server")).isEmpty();
    assertThat(response.header("X-Powered-By")).isEmpty();
  }

  @Test
  void headHasNoBody() throws IOException {
    try (RawClient socket = RawClient.connect(server.port())) {
      socket.send("HEAD /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
      Response head = socket.readResponse(false);
      assertThat(head.status()).isEqualTo(200);
      assertThat(head.header("Content-Length")).isEqualTo("15");
      // The same connection serves on.
      socket.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
      assertThat(socket.readResponse().body()).isEqualTo("{\"status\":\"ok\"}");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"})
  void otherMethodsAreNotAllowed(String method) throws IOException {
    Response response = answer(method, "/health");
    assertThat(response.status()).isEqualTo(405);
    assertThat(response.header("Allow")).isEqualTo("GET, HEAD");
    assertThat(response.body()).contains("method_not_allowed");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/nothing",
        "/health/",
        "/../health",
        "/%2e%2e/etc/passwd",
        "/%zz",
        "/%",
        "/a;b=c",
        "/<i>\"x"
      })
  void otherPathsAreNotFound(String path) throws IOException {
    Response response = answer("GET", path);
    assertThat(response.status()).isEqualTo(404);
    assertThat(response.header("Content-Type")).isEqualTo("application/json");
    assertThat(response.body()).contains("\"code\":\"not_found\"");
  }

  @Test
  void anUpgradeToSomethingElseIsAnsweredPlainly() throws IOException {
    try (RawClient socket = RawClient.connect(server.port())) {
      socket.send(
          String.join(
              "\r\n",
              "GET /health HTTP/1.1",
              "Host: localhost",
              "Connection: Upgrade, HTTP2-Settings",
              "Upgrade: h2c",
              "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
              "",
              ""));
      assertThat(socket.readResponse().body()).isEqualTo("{\"status\":\"ok\"}");
    }
  }
}
