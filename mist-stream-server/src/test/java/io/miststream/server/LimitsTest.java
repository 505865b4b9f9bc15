package io.miststream.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.miststream.server.security.AccessPolicy;
import io.miststream.server.security.Identity;
import io.miststream.testkit.RawClient;
import io.miststream.testkit.RawClient.Response;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** How many WebSockets one may have, at the edges. */
class LimitsTest {
  private static final String LOGS = "/ws/container/logs?appId=1";

  private final MemoryLogSource logs = new MemoryLogSource();
  private MistStreamServer server;

  private void start(UnaryOperator<MistStreamServer.Builder> limits) {
    logs.app(1);
    server = limits.apply(MistStreamServer.builder().logs(logs).port(0)).start();
  }

  @AfterEach
  void close() {
    server.close();
  }

  private Response handshake(RawClient socket, String... headers) throws IOException {
    return socket.send(socket.handshake(LOGS, headers)).readResponse();
  }

  private RawClient open(String... headers) throws IOException {
    RawClient socket = RawClient.connect(server.port());
    assertThat(handshake(socket, headers).status()).isEqualTo(101);
    return socket;
  }

  private void expectTooMany(String words, String... headers) throws IOException {
    try (RawClient socket = RawClient.connect(server.port())) {
      Response response = handshake(socket, headers);
      assertThat(response.statusLine()).isEqualTo("HTTP/1.1 429 Too Many Requests");
      assertThat(response.header("Retry-After")).isEqualTo("10");
      assertThat(response.body())
          .isEqualTo("{\"error\":{\"code\":\"too_many_requests\",\"message\":\"" + words + "\"}}");
    }
  }

  @Test
  void ofAnAddress() throws Exception {
    start(limits -> limits.maxConnectionsPerAddress(2));
    RawClient first = open();
    try (RawClient second = open()) {
      expectTooMany("Too many connections from this address");
      try (RawClient other = new RawClient(server.uri(), "127.0.0.2")) {
        assertThat(handshake(other).status()).isEqualTo(101);
      }
      first.reset();
      await().until(() -> server.connections() == 1);
      try (RawClient third = open()) {
        expectTooMany("Too many connections from this address");
        assertThat(third.readText()).contains("status");
        assertThat(second.readText()).contains("status");
      }
    }
    await().until(() -> server.connections() == 0);
    for (int i = 0; i < 20; i++) {
      open().close();
      await().until(() -> server.connections() == 0);
    }
  }

  private record User(String getName) implements Identity {
    @Override
    public boolean isValid() {
      return true;
    }
  }

  @Test
  void ofAUser() throws Exception {
    start(limits -> limits.authentication(User::new, AccessPolicy.ALL).maxConnectionsPerUser(2));
    String ann = "Authorization: Bearer ann";
    try (RawClient first = open(ann)) {
      RawClient second = open(ann);
      expectTooMany("Too many connections from this user", ann);
      try (RawClient bob = open("Authorization: Bearer bob")) {
        assertThat(bob.readText()).contains("status");
      }
      second.reset();
      await().until(() -> server.connections() == 1);
      open(ann).close();
      assertThat(first.readText()).contains("status");
    }
  }

  @Test
  void ofAUsersFilters() throws Exception {
    start(limits -> limits.authentication(User::new, AccessPolicy.ALL).maxFiltersPerUser(2));
    String ann = "Authorization: Bearer ann";
    String filtered = LOGS + "&grep=x";
    try (RawClient first = open(ann);
        RawClient second = RawClient.connect(server.port());
        RawClient third = RawClient.connect(server.port());
        RawClient fourth = RawClient.connect(server.port())) {
      second.send(second.handshake(filtered, ann)).readResponse();
      assertThat(second.readText()).contains("status");
      third.send(third.handshake(LOGS + "&stream=stderr", ann)).readResponse();
      assertThat(third.readText()).contains("status");
      fourth.send(fourth.handshake(filtered, ann)).readResponse();
      assertThat(fourth.readText()).contains("source_unavailable", "Too many filters of this user");
      assertThat(fourth.readClose()).isEqualTo(1013);
      try (RawClient bob = RawClient.connect(server.port())) {
        bob.send(bob.handshake(filtered, "Authorization: Bearer bob")).readResponse();
        assertThat(bob.readText()).contains("status");
      }
      assertThat(first.readText()).contains("status");
      third.reset();
      await().until(() -> server.connections() == 2);
      try (RawClient fifth = RawClient.connect(server.port())) {
        fifth.send(fifth.handshake(filtered, ann)).readResponse();
        assertThat(fifth.readText()).contains("\"status\"");
      }
    }
  }

  private static byte[] pongs(int count) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (int i = 0; i < count; i++) {
      all.writeBytes(RawClient.frame(true, 10, new byte[1], true));
    }
    return all.toByteArray();
  }

  @Test
  void ofInboundFrames() throws Exception {
    start(limits -> limits.maxInboundRate(50));
    try (RawClient many = open();
        RawClient few = open()) {
      assertThat(many.readText()).contains("status");
      assertThat(few.readText()).contains("status");
      few.send(pongs(50));
      many.send(pongs(51));
      assertThat(many.readClose()).isEqualTo(1008);
      logs.app(1).print("still here");
      assertThat(few.readText()).contains("still here");
    }
  }

  @Test
  void ofAnInboundMessage() throws Exception {
    start(limits -> limits.maxInboundBytes(1000));
    try (RawClient socket = open()) {
      assertThat(socket.readText()).contains("status");
      socket.sendFrame(true, 1, new byte[1000]);
      socket.sendFrame(true, 1, new byte[1001]);
      assertThat(socket.readClose()).isEqualTo(1009);
    }
  }

  @Test
  void ofAHeader() throws Exception {
    start(limits -> limits.maxHeaderBytes(2000));
    open("X-Padding: " + "x".repeat(1000)).close();
    try (RawClient socket = RawClient.connect(server.port())) {
      assertThat(handshake(socket, "X-Padding: " + "x".repeat(2000)).status()).isIn(400, 431);
    }
  }

  @Test
  void ofConnectionsThatAreNoWebSockets() throws Exception {
    start(limits -> limits.maxHttpConnections(2));
    String health = "GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    try (RawClient viewer = open();
        RawClient silent = RawClient.connect(server.port());
        RawClient slow = RawClient.connect(server.port())) {
      assertThat(slow.send(health).readResponse().status()).as("of two").isEqualTo(200);
      try (RawClient third = RawClient.connect(server.port())) {
        assertThat(silent.isEnded()).as("it has waited longest").isTrue();
        assertThat(third.send(health).readResponse().status()).isEqualTo(200);
        assertThat(slow.send(health).readResponse().status()).isEqualTo(200);
        assertThat(viewer.readText()).as("of a WebSocket").contains("status");
      }
    }
  }

  @Test
  void ofTime() throws Exception {
    AtomicBoolean valid = new AtomicBoolean(true);
    Identity ann =
        new Identity() {
          @Override
          public String getName() {
            return "ann";
          }

          @Override
          public boolean isValid() {
            return valid.get();
          }
        };
    start(limits -> limits.authentication(token -> ann, AccessPolicy.ALL)); // all, but not for ever
    try (RawClient socket = open("Authorization: Bearer ann")) {
      assertThat(socket.readText()).contains("status");
      valid.set(false);
      assertThat(socket.readText()).contains("session_expired");
      assertThat(socket.readClose()).isEqualTo(4401);
    }
  }

  @Test
  void ofHandshakes() throws Exception {
    start(limits -> limits.maxHandshakesPerMinute(3));
    open().close();
    try (RawClient socket = RawClient.connect(server.port())) {
      assertThat(socket.send(socket.handshake("/ws/nothing")).readResponse().status())
          .isEqualTo(404);
    }
    open().close();
    try (RawClient socket = RawClient.connect(server.port())) {
      Response response = handshake(socket);
      assertThat(response.status()).isEqualTo(429);
      assertThat(response.body()).contains("Too many handshakes; try again later");
      assertThat(Integer.parseInt(response.header("Retry-After"))).isBetween(1, 20);
    }
    try (RawClient other = new RawClient(server.uri(), "127.0.0.3")) {
      assertThat(handshake(other).status()).isEqualTo(101);
    }
    try (RawClient socket = RawClient.connect(server.port())) {
      Response response =
          socket.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n").readResponse();
      assertThat(response.status()).isEqualTo(200);
    }
  }
}
