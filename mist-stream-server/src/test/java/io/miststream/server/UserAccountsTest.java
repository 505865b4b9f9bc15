package io.miststream.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.nimbusds.jwt.SignedJWT;
import com.password4j.Argon2Function;
import com.password4j.Password;
import com.password4j.types.Argon2;
import io.miststream.server.security.Account;
import io.miststream.server.security.Grant;
import io.miststream.server.security.Grant.Role;
import io.miststream.server.security.Passwords;
import io.miststream.server.security.UserAccounts;
import io.miststream.testkit.Frame;
import io.miststream.testkit.RawClient;
import io.miststream.testkit.RawClient.Response;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Logging in, and losing what one had a right to. */
@Execution(ExecutionMode.CONCURRENT)
class UserAccountsTest {
  private static final byte[] KEY = new byte[32];
  private static final String PASSWORD = "correct horse";
  // Cheaper than what is made, and as good here.
  private static final String HASH = hash(PASSWORD);
  private static final String LOGS = "/ws/container/logs?appId=1";
  private static final Duration SOON = Duration.ofSeconds(2);

  @TempDir private Path directory;
  private final Map<String, Account> accounts = new ConcurrentHashMap<>();
  private SecuredServer server;

  @BeforeEach
  void start() throws IOException {
    put(HASH, Set.of(1L));
    start(Duration.ofHours(1));
  }

  private static String hash(String password) {
    Argon2Function cheap = Argon2Function.getInstance(64, 1, 1, 32, Argon2.ID);
    return Password.hash(password).addRandomSalt(16).with(cheap).getResult();
  }

  private void start(Duration lifetime) throws IOException {
    UserAccounts users = new UserAccounts(() -> accounts, KEY, lifetime);
    server = new SecuredServer(directory, users, users);
  }

  private void put(String hash, Set<Long> apps) {
    accounts.put("ann", new Account("ann", hash, new Grant(Role.VIEWER, apps, false)));
  }

  @AfterEach
  void close() {
    server.close();
  }

  private Response login(String name, String password) throws IOException {
    return post(
        "/api/auth/login", "{\"username\":\"" + name + "\",\"password\":\"" + password + "\"}");
  }

  private Response post(String path, String body, String... headers) throws IOException {
    try (RawClient socket = RawClient.connect(server.port())) {
      return socket
          .send(
              "POST "
                  + path
                  + " HTTP/1.1\r\nHost: 127.0.0.1:"
                  + server.port()
                  + "\r\nContent-Type: application/json\r\nContent-Length: "
                  + body.length()
                  + "\r\n"
                  + String.join("", headers)
                  + "\r\n"
                  + body)
          .readResponse();
    }
  }

  private String cookie() throws IOException {
    Response response = login("ann", PASSWORD);
    assertThat(response.status()).isEqualTo(200);
    return response.header("Set-Cookie").replaceFirst(";.*", "");
  }

  private RawClient view(String cookie, int receiveBuffer) throws IOException {
    RawClient socket = RawClient.connect(server.port(), receiveBuffer);
    socket.send(
        socket.handshake(LOGS, "Cookie: " + cookie, "Origin: http://127.0.0.1:" + server.port()));
    assertThat(socket.readResponse().status()).isEqualTo(101);
    assertThat(socket.readText()).contains("\"type\":\"status\"");
    return socket;
  }

  @Test
  void whoLogsInGetsACookieThatOpensStreams() throws Exception {
    Response response = login("ann", PASSWORD);
    assertThat(response.header("Set-Cookie"))
        .matches(
            "mist_token=[A-Za-z0-9_.-]+; Path=/; Max-Age=3[56][0-9]{2}; HttpOnly; SameSite=Lax");
    assertThat(response.body()).startsWith("{\"user\":\"ann\",\"expires_at\":\"");
    assertThat(response.header("Cache-Control")).isEqualTo("no-store");
    String token = cookie().substring("mist_token=".length());
    assertThat(SignedJWT.parse(token).getJWTClaimsSet().getClaims().keySet())
        .containsExactlyInAnyOrder("sub", "role", "pwd", "jti", "iat", "exp");
    view("mist_token=" + token, 0).close();
    Response out = post("/api/auth/logout", "");
    assertThat(out.header("Set-Cookie"))
        .isEqualTo("mist_token=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
  }

  @Test
  void aWrongPasswordAndAnUnknownNameLookTheSame() throws Exception {
    Response wrong = login("ann", "correct horsf");
    Response unknown = login("bob", PASSWORD);
    assertThat(wrong.status()).isEqualTo(401);
    assertThat(wrong.body())
        .isEqualTo(
            "{\"error\":{\"code\":\"unauthorized\",\"message\":\"Wrong username or password\"}}");
    assertThat(wrong.header("Set-Cookie")).isEmpty();
    assertThat(unknown.statusLine() + unknown.body()).isEqualTo(wrong.statusLine() + wrong.body());
    assertThat(login("ann", "x".repeat(2000)).status()).isEqualTo(401);
    for (String body : new String[] {"", "{}", "[]", "{\"username\":\"ann\",\"password\":1}"}) {
      assertThat(post("/api/auth/login", body).status()).isEqualTo(400);
    }
  }

  @Test
  void whoGuessesIsSlowedDown() throws Exception {
    for (int i = 0; i < 5; i++) {
      assertThat(login("ann", "guess " + i).status()).isEqualTo(401);
    }
    Response late = login("ann", PASSWORD);
    assertThat(late.status()).isEqualTo(429);
    assertThat(Integer.parseInt(late.header("Retry-After"))).isBetween(1, 60);
    for (int i = 0; i < 15; i++) {
      String name = "name" + i;
      accounts.put(name, new Account(name, HASH, new Grant(Role.VIEWER, null, false)));
      assertThat(login(name, "guess").status()).isEqualTo(401);
    }
    assertThat(login("another", PASSWORD).status()).isEqualTo(429); // the address
  }

  @Test
  void loggingInWellIsNotGuessing() throws Exception {
    for (int i = 0; i < 25; i++) {
      cookie();
    }
  }

  @Test
  void whoLosesTheAppIsClosed() throws Exception {
    try (RawClient socket = view(cookie(), 0)) {
      put(HASH, Set.of(2L));
      assertThat(socket.readText()).contains("Permission denied", "permission_denied");
      assertThat(socket.readClose()).isEqualTo(1008);
    }
  }

  @Test
  void whoseAccountIsGoneIsClosed() throws Exception {
    String cookie = cookie();
    try (RawClient socket = view(cookie, 0)) {
      accounts.clear();
      expectExpired(socket);
    }
    try (RawClient socket = RawClient.connect(server.port())) {
      socket.send(socket.handshake(LOGS, "Authorization: Bearer " + cookie.split("=", 2)[1]));
      assertThat(socket.readResponse().status()).isEqualTo(401);
    }
  }

  @Test
  void whosePasswordIsChangedIsClosed() throws Exception {
    try (RawClient socket = view(cookie(), 0)) {
      put(hash("another horse"), Set.of(1L));
      expectExpired(socket);
    }
  }

  @Test
  void whoseTokenRunsOutIsClosed() throws Exception {
    server.close();
    start(SOON);
    try (RawClient socket = view(cookie(), 0)) {
      expectExpired(socket);
    }
  }

  private static void expectExpired(RawClient socket) throws IOException {
    assertThat(socket.readText()).contains("Session expired", "session_expired");
    Frame close = socket.readCloseFrame();
    assertThat(close.closeCode()).isEqualTo(4401);
    assertThat(close.closeReason()).isEqualTo("session_expired");
  }

  @Test
  void whoDoesNotReadIsCutOff() throws Exception {
    try (RawClient unread = view(cookie(), 4096)) {
      for (int i = 0; i < 500; i++) {
        server.logs.app(1).print("x".repeat(10_000));
      }
      accounts.clear();
      await().until(() -> server.server.connections() == 0);
    }
  }

  @Test
  void othersGoOn() throws Exception {
    accounts.put("bob", new Account("bob", HASH, new Grant(Role.ADMIN, null, false)));
    String token = login("bob", PASSWORD).header("Set-Cookie").replaceFirst(";.*", "");
    try (RawClient bob = view(token, 0);
        RawClient ann = view(cookie(), 0)) {
      accounts.remove("ann");
      expectExpired(ann);
      server.logs.app(1).print("still here");
      assertThat(bob.readText()).contains("still here");
    }
  }

  @Test
  void settingsAreChecked() {
    assertThatThrownBy(() -> new UserAccounts(() -> accounts, new byte[31], SOON))
        .hasMessageContaining("32 bytes");
    assertThatThrownBy(() -> new UserAccounts(() -> accounts, KEY, Duration.ZERO))
        .hasMessageContaining("lifetime must be positive");
    assertThatThrownBy(() -> Passwords.hash("1234567")).hasMessageContaining("8 to 1024");
    assertThat(Passwords.problem(HASH)).isEmpty();
    assertThat(Passwords.hash(PASSWORD)).startsWith("$argon2id$v=19$m=19456,t=2,p=1$");
    assertThat(Passwords.problem(PASSWORD)).contains("is not a hash");
    assertThat(Passwords.problem(HASH.replace("m=64", "m=99999999"))).contains("more than 64 MiB");
    assertThat(Passwords.problem(HASH.replace("m=64", "m=65537"))).contains("64 MiB");
    assertThat(Passwords.problem(HASH.replace("m=64", "m=65536"))).isEmpty();
    assertThat(Passwords.problem(HASH.replace("p=1", "p=5"))).contains("4 lanes");
    assertThat(Passwords.problem(HASH.replace("argon2id", "argon2i"))).contains("argon2id");
  }
}
