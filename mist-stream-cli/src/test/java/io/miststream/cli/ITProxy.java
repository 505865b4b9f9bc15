package io.miststream.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.miststream.cli.ProxyProcess.Kind;
import io.miststream.client.MistStreamClient;
import io.miststream.client.Retry;
import io.miststream.core.Follow;
import io.miststream.core.LogRequest;
import io.miststream.docker.testing.DockerFixture;
import io.miststream.docker.testing.TestContainer;
import io.miststream.testkit.RecordingSubscriber;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The server behind proxies that add TLS, set up as docs/PROXIES.md says. */
@Tag("docker")
class ITProxy {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String PASSWORD = "correct horse";

  @TempDir private static Path common;
  private static DockerFixture docker;
  private static TestCertificate certificate;
  private static SSLContext trust;
  private static HttpClient http;

  /** As docs/proxy/mist-stream.yaml has it, for all that need nothing else. */
  private static ServerProcess usual;

  /** The same with few viewers at a time. */
  private static ServerProcess limited;

  private static String token;

  @TempDir private Path directory;

  @BeforeAll
  static void prepare() throws Exception {
    docker = DockerFixture.connect();
    certificate = TestCertificate.ec("proxy");
    trust = TestCertificate.trust(certificate);
    http = HttpClient.newBuilder().sslContext(trust).build();
    Process adding =
        ServerProcess.command(
                "user",
                "add",
                "ann",
                "--role",
                "admin",
                "--users",
                "" + common.resolve("users.yaml"),
                "--password-stdin")
            .redirectErrorStream(true)
            .redirectOutput(common.resolve("out").toFile())
            .start();
    try (var input = adding.outputWriter()) {
      input.write(PASSWORD + "\n");
    }
    assertThat(adding.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(adding.exitValue()).as(Files.readString(common.resolve("out"))).isZero();
    usual = serve(common.resolve("data"), 0);
    token = token(usual.uri());
    limited =
        serve(common.resolve("limited"), 0, "--max-per-address", "1", "--max-connections", "2");
  }

  @AfterAll
  static void close() throws Exception {
    for (AutoCloseable opened : Arrays.asList(limited, usual, docker)) {
      if (opened != null) {
        opened.close();
      }
    }
  }

  private static ServerProcess serve(Path data, int port, String... more) throws IOException {
    String documented = Files.readString(Path.of("..", "docs", "proxy", "mist-stream.yaml"));
    Path config = common.resolve("mist-stream.yaml");
    Files.writeString(config, documented.replace("/etc/mist", "" + common));
    List<String> options =
        new ArrayList<>(List.of("--config", "" + config, "--data-dir", "" + data));
    options.addAll(List.of(more));
    return ServerProcess.startOn(port, docker.host(), Map.of(), options.toArray(String[]::new));
  }

  private static ProxyProcess proxy(Kind kind, ServerProcess server) throws Exception {
    return ProxyProcess.start(kind, server.uri(), certificate, Map.of());
  }

  private static ProxyProcess nginx(ServerProcess server, String from, String to) throws Exception {
    return ProxyProcess.start(Kind.NGINX, server.uri(), certificate, Map.of(from, to));
  }

  private static HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
    return http.send(request.timeout(PATIENCE).build(), BodyHandlers.ofString());
  }

  /** Returns the cookie, as it is set. */
  private static String login(URI server) throws Exception {
    HttpResponse<String> answer =
        send(
            HttpRequest.newBuilder(server.resolve("/api/auth/login"))
                .header("Origin", server.getScheme() + "://" + server.getAuthority())
                .header("Content-Type", "application/json")
                .POST(
                    BodyPublishers.ofString(
                        "{\"username\":\"ann\",\"password\":\"" + PASSWORD + "\"}")));
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return answer.headers().firstValue("Set-Cookie").orElseThrow();
  }

  private static String token(URI server) throws Exception {
    return login(server).replaceFirst("mist_token=([^;]*);.*", "$1");
  }

  private static TlsClient handshake(
      ProxyProcess proxy, int from, TestContainer container, String headers) throws IOException {
    return new TlsClient(
        proxy.uri(),
        trust,
        from,
        """
        GET /ws/container/logs?appId=%d HTTP/1.1
        Upgrade: websocket
        Connection: Upgrade
        Sec-WebSocket-Version: 13
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
        %s
        """
            .formatted(container.appId(), headers));
  }

  /** A viewer, once there is room for it: those of an earlier test may still be leaving. */
  private static TlsClient open(
      ProxyProcess proxy, int from, TestContainer container, String headers) {
    return await()
        .atMost(PATIENCE)
        .until(
            () -> {
              TlsClient client = handshake(proxy, from, container, headers);
              if (client.answer().startsWith("HTTP/1.1 101 ")) {
                return client;
              }
              client.close();
              return null;
            },
            Objects::nonNull);
  }

  private static String refusal(
      ProxyProcess proxy, int from, TestContainer container, String headers) throws IOException {
    try (TlsClient client = handshake(proxy, from, container, headers)) {
      return client.answer();
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void usersComeInByTheNameOfTheProxy(Kind kind) throws Exception {
    TestContainer container = docker.container().run("echo hello; sleep 1000");
    String logs = "/ws/container/logs?appId=" + container.appId();
    try (ProxyProcess proxy = proxy(kind, usual)) {
      String cookie = login(proxy.uri());
      assertThat(cookie).contains("; HttpOnly; SameSite=Lax; Secure");
      String shown = cookie.substring(0, cookie.indexOf(';'));
      Map<String, String> page = Map.of("Cookie", shown, "Origin", "" + proxy.uri());
      try (TestViewer viewer = TestViewer.open(http, proxy.uri(), logs, page)) {
        viewer.awaitLine("hello");
      }
      Map<String, String> tool = Map.of("Authorization", "Bearer " + token);
      try (TestViewer viewer = TestViewer.open(http, proxy.uri(), logs, tool)) {
        viewer.awaitLine("hello");
      }

      // The proxy's address is 127.0.0.1, and a client may say what it likes.
      String forged =
          "Cookie: " + shown + "\nOrigin: https://mist.example.com\nX-Forwarded-For: 192.0.2.66";
      int from =
          kind == Kind.NGINX ? 2 : 3; // so that it is told from what the others have left there
      String audited = "\"user\":\"ann\",\"address\":\"127.0.0." + from + "\"";
      try (TlsClient client = handshake(proxy, from, container, forged)) {
        assertThat(client.answer()).startsWith("HTTP/1.1 101 ");
        await().atMost(PATIENCE).until(() -> usual.errors().contains(audited));
      }
      assertThat(usual.errors()).doesNotContain("192.0.2.66");

      assertThat(
              refusal(
                  proxy, 1, container, "Cookie: " + shown + "\nOrigin: https://evil.example.com"))
          .startsWith("HTTP/1.1 403 ")
          .endsWith("{\"error\":{\"code\":\"forbidden\",\"message\":\"Origin is not allowed\"}}");
      assertThat(
              refusal(
                  proxy, 1, container, "Cookie: mist_token=x\nOrigin: https://mist.example.com"))
          .startsWith("HTTP/1.1 401 ")
          .containsIgnoringCase("\r\nWWW-Authenticate: Bearer")
          .contains("{\"error\":{\"code\":\"unauthorized\",");
    }
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void limitsCountTheClientsAddress(Kind kind) throws Exception {
    TestContainer container = docker.container().runSilent();
    try (ProxyProcess proxy = proxy(kind, limited)) {
      String bearer = "Authorization: Bearer " + token(limited.uri());
      try (TlsClient first = open(proxy, 2, container, bearer)) {
        assertThat(refusal(proxy, 2, container, bearer))
            .startsWith("HTTP/1.1 429 ")
            .containsPattern("(?i)\r\nretry-after: [0-9]+\r\n")
            .contains("{\"error\":{\"code\":\"too_many_requests\",");
        try (TlsClient other = open(proxy, 3, container, bearer)) {
          assertThat(refusal(proxy, 4, container, bearer))
              .startsWith("HTTP/1.1 503 ")
              .containsPattern("(?i)\r\nretry-after: [0-9]+\r\n")
              .contains("{\"error\":{\"code\":\"unavailable\",");
        }
      }
    }
  }

  /** Has an outside builder report a deployment of 12 MB; returns its path. */
  private static String report(ProxyProcess proxy) throws Exception {
    HttpResponse<String> begun =
        send(
            HttpRequest.newBuilder(proxy.uri().resolve("/api/deployments"))
                .header("Authorization", "Bearer " + token)
                .header("Content-Type", "application/json")
                .POST(
                    BodyPublishers.ofString(
                        "{\"appId\":%d,\"reported\":true}".formatted(DockerFixture.newAppId()))));
    assertThat(begun.statusCode()).as(begun.body()).isEqualTo(202);
    String path = "/api/deployments/" + begun.body().replaceAll("[^0-9]", "");
    StringBuilder events = new StringBuilder();
    String line = "x".repeat(59_990);
    for (int i = 1; i <= 200; i++) {
      events.append(
          "{\"seq\":%d,\"type\":\"log\",\"data\":{\"line\":\"%d %s\"}}\n".formatted(i, i, line));
    }
    events.append("{\"seq\":201,\"type\":\"status\",\"data\":{\"status\":\"success\"}}\n");
    HttpResponse<String> taken =
        send(
            HttpRequest.newBuilder(proxy.uri().resolve(path + "/events"))
                .header("Authorization", "Bearer " + token)
                .header("Content-Type", "application/x-ndjson")
                .POST(BodyPublishers.ofString(events.toString())));
    assertThat(taken.body()).isEqualTo("{\"last_seq\":201}");
    return path;
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void muchPassesInOrder(Kind kind) throws Exception {
    int count = 50_000;
    TestContainer container = docker.container().run("seq 1 " + count);
    await().atMost(PATIENCE).until(() -> container.state().equals("exited"));
    try (ProxyProcess proxy = proxy(kind, usual)) {
      Map<String, String> bearer = Map.of("Authorization", "Bearer " + token);
      String all = "/ws/container/logs?tail=all&follow=none&appId=" + container.appId();
      try (TestViewer viewer = TestViewer.open(http, proxy.uri(), all, bearer)) {
        assertThat(viewer.awaitClose()).isEqualTo(1000);
        assertThat(viewer.lines())
            .isEqualTo(IntStream.rangeClosed(1, count).mapToObj(String::valueOf).toList());
      }
      HttpResponse<String> download =
          send(
              HttpRequest.newBuilder(proxy.uri().resolve(report(proxy) + "/logs"))
                  .header("Authorization", "Bearer " + token));
      List<String> lines =
          download.body().lines().filter(line -> line.contains("\"type\":\"log\"")).toList();
      assertThat(lines).hasSize(200);
      for (int i = 0; i < 200; i++) {
        assertThat(lines.get(i)).contains("\"line\":\"" + (i + 1) + " x");
      }
    }
  }

  /** Why the documentation turns buffering off, and that it does. */
  @ParameterizedTest
  @ValueSource(strings = {"off", "on"})
  void slowDownloadsDoNotFillNginxsDisk(String buffering) throws Exception {
    String notice = "buffered to a temporary file";
    try (ProxyProcess proxy =
        nginx(usual, "proxy_buffering         off", "proxy_buffering " + buffering)) {
      String download =
          "GET %s/logs HTTP/1.1\nConnection: close\nAuthorization: Bearer %s"
              .formatted(report(proxy), token);
      assertThat(proxy.log()).doesNotContain(notice);
      try (TlsClient slow = new TlsClient(proxy.uri(), trust, 1, download)) {
        if (buffering.equals("on")) {
          await().atMost(PATIENCE).until(() -> proxy.log().contains(notice));
        }
        assertThat(slow.answer() + slow.rest()).contains("\"status\":\"success\"");
      }
      assertThat(proxy.log().contains(notice)).isEqualTo(buffering.equals("on"));
    }
  }

  @Test
  void pingsKeepAQuietStreamOpen() throws Exception {
    TestContainer container = docker.container().runSilent();
    try (ServerProcess server = serve(directory, 0, "--ping-interval", "2s");
        ProxyProcess nginx = nginx(server, "proxy_read_timeout   90s", "proxy_read_timeout 5s")) {
      Map<String, String> bearer = Map.of("Authorization", "Bearer " + token(server.uri()));
      String logs = "/ws/container/logs?appId=" + container.appId();
      try (TestViewer viewer = TestViewer.open(http, nginx.uri(), logs, bearer)) {
        await().atMost(PATIENCE).until(() -> viewer.pings() >= 6); // more than twice the timeout
        container.print(false, "still here");
        viewer.awaitLine("still here");
      }
      assertThat(nginx.log()).doesNotContain("upstream timed out");
    }
  }

  @Test
  void aPathWillDo() throws Exception {
    TestContainer container = docker.container().run("echo hello; sleep 1000");
    Map<String, String> path =
        Map.of(
            "location / {", "location /mist/ {",
            "proxy_pass http://127.0.0.1:8080;", "proxy_pass http://127.0.0.1:8080/;");
    try (ProxyProcess nginx = ProxyProcess.start(Kind.NGINX, usual.uri(), certificate, path);
        Follower follower = new Follower(nginx.uri().resolve("/mist"), container, token)) {
      follower.awaitLines("hello");
    }
  }

  /** Follows an app by the client, and knows of each time that it had to connect again. */
  private static final class Follower implements AutoCloseable {
    final List<Retry> retries = new CopyOnWriteArrayList<>();
    final RecordingSubscriber lines = RecordingSubscriber.unbounded();

    Follower(URI server, TestContainer container, String token) {
      MistStreamClient.builder(server)
          .sslContext(trust)
          .header("Authorization", "Bearer " + token)
          .retryDelay(Duration.ofMillis(50), Duration.ofMillis(500))
          .onRetry(retries::add)
          .build()
          .logs(LogRequest.of(container.appId()).withTail(LogRequest.ALL).withFollow(Follow.APP))
          .subscribe(lines);
    }

    void awaitRetries(int count) {
      await().atMost(PATIENCE).until(() -> retries.size() >= count);
    }

    void awaitLines(String... expected) {
      assertThat(lines.awaitLines(expected.length)).containsExactly(expected);
    }

    @Override
    public void close() {
      lines.cancel();
    }
  }

  @Test
  void withoutPingsInTimeAQuietStreamIsCutAndLosesNothing() throws Exception {
    TestContainer container = docker.container().runSilent();
    // Pings come every 30 s.
    try (ProxyProcess nginx = nginx(usual, "proxy_read_timeout   90s", "proxy_read_timeout 1s");
        Follower follower = new Follower(nginx.uri(), container, token)) {
      container.print(false, "one");
      follower.awaitLines("one");
      follower.awaitRetries(1);
      container.print(false, "two", "three");
      follower.awaitRetries(2);
      container.print(false, "four");
      follower.awaitLines("one", "two", "three", "four");
      assertThat(nginx.log()).contains("upstream timed out");
    }
  }

  @Test
  void aServerThatDiedAndIsBackIsFoundAgain() throws Exception {
    TestContainer container = docker.container().runSilent();
    ServerProcess server = serve(directory, 0);
    String known = token(server.uri());
    try (ProxyProcess nginx = proxy(Kind.NGINX, server);
        ProxyProcess caddy = proxy(Kind.CADDY, server);
        Follower first = new Follower(nginx.uri(), container, known);
        Follower second = new Follower(caddy.uri(), container, known)) {
      container.print(false, "one");
      for (Follower follower : List.of(first, second)) {
        follower.awaitLines("one");
      }
      server.kill();
      container.print(false, "two");
      for (Follower follower : List.of(first, second)) {
        await()
            .atMost(PATIENCE)
            .until(
                () ->
                    follower.retries.stream()
                        .anyMatch(retry -> retry.cause().getMessage().contains("status 502")));
      }
      server.close();
      server = serve(directory, server.uri().getPort());
      container.print(false, "three");
      for (Follower follower : List.of(first, second)) {
        follower.awaitLines("one", "two", "three");
      }
    } finally {
      server.close();
    }
  }
}
