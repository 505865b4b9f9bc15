package io.miststream.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.miststream.server.security.AccessPolicy;
import io.miststream.server.security.Identity;
import io.miststream.server.security.Login;
import io.miststream.testkit.Frame;
import io.miststream.testkit.RawClient;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.function.UnaryOperator;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same over TLS, in which each frame goes another way. */
@Tag("jdk")
class TlsTest {
  private static final String LOGS = "/ws/container/logs?appId=1&tail=all";
  private static final HeldCertificate CERTIFICATE =
      new HeldCertificate.Builder()
          .addSubjectAlternativeName("localhost")
          .addSubjectAlternativeName("127.0.0.1")
          .build();
  private static final SSLContext SHOWN =
      new HandshakeCertificates.Builder().heldCertificate(CERTIFICATE).build().sslContext();
  private static final SSLContext TRUSTING =
      new HandshakeCertificates.Builder()
          .addTrustedCertificate(CERTIFICATE.certificate())
          .build()
          .sslContext();

  private final MemoryLogSource logs = new MemoryLogSource();
  private MistStreamServer server;

  private record User(String getName) implements Identity {
    @Override
    public boolean isValid() {
      return true;
    }
  }

  @BeforeEach
  void start() {
    start(Duration.ofSeconds(30));
  }

  private void start(Duration pingInterval) {
    start(builder -> builder.pingInterval(pingInterval));
  }

  private void start(UnaryOperator<MistStreamServer.Builder> more) {
    logs.app(1);
    Login login =
        (name, password) -> new Login.Token(name, Instant.now().plus(Duration.ofMinutes(1)));
    server =
        more.apply(
                MistStreamServer.builder()
                    .logs(logs)
                    .tls(SHOWN)
                    .authentication(User::new, AccessPolicy.ALL)
                    .login(login)
                    .port(0)
                    .redirectPort(0))
            .start();
  }

  @AfterEach
  void close() {
    server.close();
  }

  private SSLSocket connect() throws IOException {
    return (SSLSocket) TRUSTING.getSocketFactory().createSocket("127.0.0.1", server.port());
  }

  private RawClient open(SSLSocket socket) throws IOException {
    RawClient viewer = RawClient.over(socket, "127.0.0.1:" + server.port());
    viewer.send(
        viewer.handshake(
            LOGS, "Cookie: mist_token=ann", "Origin: https://127.0.0.1:" + server.port()));
    assertThat(viewer.readResponse().status()).isEqualTo(101);
    assertThat(viewer.readText()).contains("\"type\":\"status\"");
    return viewer;
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.3", "TLSv1.2"})
  void everyLineArrivesOnceAndInOrder(String version) throws Exception {
    SSLSocket socket = connect();
    socket.setEnabledProtocols(new String[] {version});
    try (RawClient viewer = open(socket)) {
      assertThat(socket.getSession().getProtocol()).isEqualTo(version);
      for (int i = 0; i < 5000; i++) {
        logs.app(1).print("line " + i + " " + "x".repeat(i % 300));
      }
      String longest = "y".repeat(1 << 20);
      logs.app(1).print(longest);
      for (int i = 0; i < 5000; i++) {
        assertThat(viewer.readText()).contains("\"line\":\"line " + i + " ");
      }
      assertThat(viewer.readText()).contains(longest);
      logs.app(1).stop();
      assertThat(viewer.readText()).contains("\"state\":\"exited\"");
      assertThat(viewer.readText()).contains("\"type\":\"end\"");
      assertThat(viewer.readClose()).isEqualTo(1000);
    }
  }

  @Test
  void whoDoesNotReadHoldsUpNobodyAndCatchesUp() throws Exception {
    try (RawClient slow = open(connect());
        RawClient other = open(connect())) {
      for (int i = 0; i < 3000; i++) {
        logs.app(1).print("line " + i + " " + "x".repeat(1000));
      }
      for (int i = 0; i < 3000; i++) {
        assertThat(other.readText()).contains("\"line\":\"line " + i + " ");
      }
      for (int i = 0; i < 3000; i++) {
        assertThat(slow.readText()).contains("\"line\":\"line " + i + " ");
      }
    }
    await().until(() -> server.connections() == 0);
  }

  @Test
  void pingsGoOutAndPongsAreHeard() throws Exception {
    server.close();
    start(Duration.ofMillis(500));
    try (RawClient viewer = open(connect())) {
      for (int i = 0; i < 4; i++) {
        Frame ping = viewer.readFrame();
        assertThat(ping.opcode()).isEqualTo(RawClient.PING);
        viewer.sendFrame(true, RawClient.PONG, ping.payload());
      }
      logs.app(1).print("still here");
      assertThat(viewer.readText()).contains("still here");
    }
  }

  @Test
  void routesAnswerAndTheCookieIsForTlsAlone() throws Exception {
    assertThat(server.uri()).hasScheme("https");
    HttpClient client = HttpClient.newBuilder().sslContext(TRUSTING).build();
    URI at = URI.create("https://127.0.0.1:" + server.port());
    HttpResponse<String> health =
        client.send(HttpRequest.newBuilder(at.resolve("/health")).build(), BodyHandlers.ofString());
    assertThat(health.body()).isEqualTo("{\"status\":\"ok\"}");
    HttpResponse<String> login =
        client.send(
            HttpRequest.newBuilder(at.resolve("/api/auth/login"))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString("{\"username\":\"ann\",\"password\":\"x\"}"))
                .build(),
            BodyHandlers.ofString());
    assertThat(login.headers().firstValue("Set-Cookie").orElse("")).endsWith("; Secure");
    HttpResponse<String> refused =
        client.send(
            HttpRequest.newBuilder(at.resolve("/api/auth/me"))
                .header("Origin", "http://127.0.0.1:" + server.port())
                .build(),
            BodyHandlers.ofString());
    assertThat(refused.statusCode()).isEqualTo(403);
  }

  @Test
  void whatIsNoTlsOrTooOldIsRefused() throws Exception {
    SSLSocket old = connect();
    assertThatThrownBy(
            () -> {
              old.setEnabledProtocols(new String[] {"TLSv1.1"});
              old.startHandshake();
            })
        .isInstanceOf(SSLException.class);
    old.close();
    try (RawClient plain = RawClient.connect(server.port())) {
      plain.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
      assertThat(plain.readAll()).doesNotContain("HTTP/1.1 200");
    }
    open(connect()).close();
    await().until(() -> server.connections() == 0);
  }

  @Test
  void handshakesThatAreNotFinishedAreLimited() throws Exception {
    server.close();
    start(builder -> builder.maxTlsHandshakes(2));
    try (RawClient first = RawClient.connect(server.port());
        RawClient viewer = open(connect()); // as the second
        RawClient second = RawClient.connect(server.port());
        RawClient third = RawClient.connect(server.port());
        RawClient other = new RawClient(server.uri(), "127.0.0.2")) {
      assertThat(third.isEnded()).isTrue();
      logs.app(1).print("a line");
      assertThat(viewer.readText()).contains("a line");
      assertThat(other.readTimeout(1).isEnded()).isFalse();
      assertThat(second.readTimeout(1).isEnded()).isFalse();
      first.reset();
      await()
          .ignoreExceptions()
          .untilAsserted(
              () -> {
                try (RawClient further = open(connect())) {
                  assertThat(further.readText()).contains("a line");
                }
              });
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whoBeginsTheHandshakeAnewIsCutOff(boolean webSocket) throws Exception {
    SSLSocket socket = connect();
    socket.setEnabledProtocols(new String[] {"TLSv1.2"});
    socket.setSoTimeout(30_000);
    if (webSocket) {
      open(socket);
    } else {
      socket.startHandshake();
    }
    assertThatThrownBy(
            () -> {
              socket.startHandshake(); // the server reads what follows only then
              socket.getOutputStream().write('\n');
              socket.getInputStream().read();
            })
        .isInstanceOf(IOException.class)
        .isNotInstanceOf(SocketTimeoutException.class);
    await().until(() -> server.connections() == 0);
    open(connect()).close();
  }

  @Test
  void tenKeyUpdatesASecondAreFine() throws Exception {
    SSLSocket socket = connect();
    socket.setEnabledProtocols(new String[] {"TLSv1.3"});
    try (RawClient viewer = open(socket)) {
      for (byte i = 0; i < 5; i++) {
        socket.startHandshake();
        viewer.sendFrame(true, RawClient.PING, new byte[] {i}); // right behind it
        assertThat(viewer.readFrame().payload()).containsExactly(i);
      }
      for (int i = 0; i < 2000; i++) {
        if (i % 400 == 100) {
          socket.startHandshake(); // a key update, in 1.3
        }
        logs.app(1).print("line " + i);
      }
      for (int i = 0; i < 2000; i++) {
        assertThat(viewer.readText()).contains("\"line\":\"line " + i + "\"");
      }
    }
  }

  @Test
  void keyUpdatesAreLimited() throws Exception {
    SSLSocket socket = connect();
    socket.setEnabledProtocols(new String[] {"TLSv1.3"});
    open(socket);
    assertThatThrownBy(
            () -> {
              for (int i = 0; i < 1_000_000; i++) {
                socket.startHandshake();
              }
            })
        .isInstanceOf(IOException.class);
    await().until(() -> server.connections() == 0);
  }

  private RawClient.Response plain(String head) throws IOException {
    try (RawClient socket = RawClient.connect(server.redirectPort())) {
      return socket.send(head + "\r\n\r\n").readResponse(!head.startsWith("HEAD"));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /api/apps?x=%0d%0aa HTTP/1.1\r\nHost: mist.example.com",
        "HEAD /api/apps?x=%0d%0aa HTTP/1.1\r\nHost: mist.example.com:80",
        "POST /api/apps?x=%0d%0aa HTTP/1.1\r\nHost: mist.example.com\r\nContent-Length: 3\r\n\r\nabc"
      })
  void thePlainPortLeadsHere(String head) throws IOException {
    RawClient.Response response = plain(head);
    assertThat(response.statusLine()).isEqualTo("HTTP/1.1 308 Permanent Redirect");
    assertThat(response.header("Location"))
        .isEqualTo("https://mist.example.com:" + server.port() + "/api/apps?x=%0d%0aa");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / HTTP/1.1\r\nHost: evil.example.com/",
        "GET / HTTP/1.1\r\nHost: a@evil.example.com",
        "GET / HTTP/1.1\r\nHost: one\r\nHost: two",
        "GET / HTTP/1.1\r\nX: y",
        "GET /\u00e4 HTTP/1.1\r\nHost: localhost",
        "GET /a\rLocation:b HTTP/1.1\r\nHost: localhost",
        "OPTIONS * HTTP/1.1\r\nHost: localhost"
      })
  void orSaysNothing(String head) throws IOException {
    RawClient.Response response = plain(head);
    assertThat(response.status()).isIn(400, 505);
    assertThat(response.header("Location")).isEmpty();
  }

  @Test
  void addressesAreKeptAsTheyAre() throws IOException {
    assertThat(plain("GET / HTTP/1.1\r\nHost: [::1]:8080").header("Location"))
        .isEqualTo("https://[::1]:" + server.port() + "/");
    assertThatThrownBy(() -> MistStreamServer.builder().logs(logs).redirectPort(0).start())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("redirectPort is of no use without tls");
  }
}
