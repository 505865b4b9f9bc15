package io.miststream.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import io.miststream.server.security.JwtAuthentication;
import io.miststream.server.security.Login;
import io.miststream.testkit.RawClient;
import io.miststream.testkit.RawClient.Response;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Every route and WebSocket, with every kind of credential and origin. */
class AccessTest {
  private static final byte[] SECRET =
      "a secret of more than 32 bytes, as it must be".getBytes(UTF_8);
  private static final byte[] OTHER_SECRET =
      "another one, which is quite as long as that".getBytes(UTF_8);
  private static final Set<Integer> OK = Set.of(200);

  private enum Needs {
    /** Nothing: it is for everybody. */
    NOTHING,
    /** To be somebody. */
    IDENTITY,
    /** To see app 1. */
    SEEING,
    /** To deploy app 1. */
    DEPLOYING,
    /** To see the host. */
    HOST
  }

  /**
   * A row.
   *
   * @param target for one that is allowed
   * @param statuses what that one gets
   */
  private record Entry(String target, String body, Needs needs, Set<Integer> statuses) {}

  private static final Set<Integer> UPGRADED = Set.of(101);

  /** By method and path; deployment 1 is of app 1. */
  private static final Map<String, Entry> ENTRIES = entries();

  private static Map<String, Entry> entries() {
    Map<String, Entry> all = new LinkedHashMap<>();
    all.put("GET /", new Entry("/", "", Needs.NOTHING, OK));
    all.put("GET /health", new Entry("/health", "", Needs.NOTHING, OK));
    all.put("GET /ready", new Entry("/ready", "", Needs.NOTHING, OK));
    all.put("GET /metrics", new Entry("/metrics", "", Needs.HOST, OK));
    all.put("POST /api/auth/login", new Entry("/api/auth/login", "{}", Needs.NOTHING, Set.of(400)));
    all.put("POST /api/auth/logout", new Entry("/api/auth/logout", "", Needs.NOTHING, OK));
    all.put("GET /api/auth/me", new Entry("/api/auth/me", "", Needs.IDENTITY, OK));
    all.put("GET /api/apps", new Entry("/api/apps", "", Needs.IDENTITY, OK));
    all.put("GET /api/apps/{id}/logs", new Entry("/api/apps/1/logs", "", Needs.SEEING, OK));
    all.put("GET /api/deployments", new Entry("/api/deployments?appId=1", "", Needs.SEEING, OK));
    all.put(
        "POST /api/deployments",
        new Entry(
            "/api/deployments", "{\"appId\":1,\"reported\":true}", Needs.DEPLOYING, Set.of(202)));
    all.put("GET /api/deployments/{id}", new Entry("/api/deployments/1", "", Needs.SEEING, OK));
    all.put(
        "GET /api/deployments/{id}/logs",
        new Entry("/api/deployments/1/logs", "", Needs.SEEING, OK));
    all.put(
        "POST /api/deployments/{id}/stop",
        new Entry("/api/deployments/1/stop", "", Needs.DEPLOYING, Set.of(200, 202, 409)));
    all.put(
        "POST /api/deployments/{id}/events",
        new Entry("/api/deployments/1/events", "", Needs.DEPLOYING, OK));
    for (String path : StreamEndpoints.LOG_PATHS) {
      all.put("WS " + path, new Entry(path + "?appId=1", "", Needs.SEEING, UPGRADED));
    }
    for (String path : StreamEndpoints.STATS_PATHS) {
      all.put("WS " + path, new Entry(path + "?appId=1", "", Needs.SEEING, UPGRADED));
    }
    all.put(
        "WS /ws/deployment/logs",
        new Entry("/ws/deployment/logs?deploymentId=1", "", Needs.SEEING, UPGRADED));
    all.put(
        "WS /api/deployments/logs/stream",
        new Entry("/api/deployments/logs/stream?id=1", "", Needs.SEEING, UPGRADED));
    all.put("WS /ws/metrics", new Entry("/ws/metrics", "", Needs.HOST, UPGRADED));
    return all;
  }

  /** What somebody shows, and what that is good for; null if for nothing. */
  private record Credential(String name, @Nullable String token, @Nullable Set<Needs> good) {}

  private static final RSAKey RSA = rsa();
  private static final RSAKey OTHER_RSA = rsa();

  @TempDir private Path directory;
  private @Nullable SecuredServer server;

  private static RSAKey rsa() {
    try {
      return new RSAKeyGenerator(2048).keyID("k").generate();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @AfterEach
  void close() {
    if (server != null) {
      server.close();
    }
  }

  private SecuredServer start(JwtAuthentication tokens) throws IOException {
    Login nobody = (name, password) -> null;
    SecuredServer started = new SecuredServer(directory, tokens, nobody);
    server = started;
    assertThat(started.reported(1)).isEqualTo(1);
    return started;
  }

  private static JWTClaimsSet.Builder claims(String role, Object apps) {
    return new JWTClaimsSet.Builder()
        .claim("user_id", 7)
        .claim("email", "ann@example.com")
        .claim("role", role)
        .claim("apps", apps)
        .expirationTime(Date.from(Instant.now().plusSeconds(600)));
  }

  private static String signed(JWSAlgorithm algorithm, JWSSigner signer, JWTClaimsSet.Builder of)
      throws Exception {
    SignedJWT jwt = new SignedJWT(new JWSHeader.Builder(algorithm).keyID("k").build(), of.build());
    jwt.sign(signer);
    return jwt.serialize();
  }

  /** Of a server that knows a secret, and of one that knows a public key. */
  private static List<Credential> credentials(boolean secret) throws Exception {
    JWSAlgorithm right = secret ? JWSAlgorithm.HS256 : JWSAlgorithm.RS256;
    JWSSigner ours = secret ? new MACSigner(SECRET) : new RSASSASigner(RSA);
    JWSSigner other = secret ? new MACSigner(OTHER_SECRET) : new RSASSASigner(OTHER_RSA);
    JWTClaimsSet.Builder admin = claims("admin", "all");
    List<Credential> all = new ArrayList<>();
    all.add(new Credential("none", null, null));
    all.add(new Credential("no token at all", "nonsense", null));
    String good = signed(right, ours, admin);
    String payload = good.split("\\.", -1)[1];
    String elevated = signed(right, ours, claims("viewer", List.of()));
    all.add(
        new Credential("forged", elevated.replaceFirst("\\.[^.]*\\.", "." + payload + "."), null));
    all.add(new Credential("unsigned", good.replaceFirst("[^.]*$", ""), null));
    all.add(
        new Credential(
            "expired",
            signed(
                right,
                ours,
                claims("admin", "all").expirationTime(Date.from(Instant.now().minusSeconds(60)))),
            null));
    all.add(
        new Credential(
            "without expiry",
            signed(right, ours, claims("admin", "all").expirationTime(null)),
            null));
    all.add(
        new Credential(
            "not yet valid",
            signed(
                right,
                ours,
                claims("admin", "all").notBeforeTime(Date.from(Instant.now().plusSeconds(300)))),
            null));
    all.add(new Credential("alg=none", new PlainJWT(admin.build()).serialize(), null));
    all.add(new Credential("other key", signed(right, other, admin), null));
    all.add(
        new Credential(
            "other algorithm",
            secret
                ? signed(JWSAlgorithm.RS256, new RSASSASigner(RSA), admin)
                // A public key as a secret (RFC 8725, section 2.1).
                : signed(
                    JWSAlgorithm.HS256,
                    new MACSigner(RSA.toPublicJWK().toRSAPublicKey().getEncoded()),
                    admin),
            null));
    all.add(
        new Credential(
            "longer hash",
            signed(
                secret ? JWSAlgorithm.HS512 : JWSAlgorithm.RS512,
                secret ? new MACSigner(new String(SECRET, UTF_8).repeat(2)) : ours,
                admin),
            null));
    all.add(
        new Credential(
            "no rights", signed(right, ours, claims("user", List.of())), Set.of(Needs.IDENTITY)));
    all.add(
        new Credential(
            "other app",
            signed(right, ours, claims("deployer", List.of(2))),
            Set.of(Needs.IDENTITY)));
    all.add(
        new Credential(
            "viewer",
            signed(right, ours, claims("viewer", List.of(1))),
            Set.of(Needs.IDENTITY, Needs.SEEING)));
    all.add(
        new Credential(
            "viewer of the host",
            signed(right, ours, claims("viewer", List.of()).claim("metrics", true)),
            Set.of(Needs.IDENTITY, Needs.HOST)));
    all.add(
        new Credential(
            "deployer",
            signed(right, ours, claims("deployer", List.of(1))),
            Set.of(Needs.IDENTITY, Needs.SEEING, Needs.DEPLOYING)));
    all.add(new Credential("admin", good, Set.of(Needs.values())));
    return all;
  }

  @TestFactory
  Stream<DynamicTest> everyEntryWithASharedSecret() throws Exception {
    SecuredServer started = start(JwtAuthentication.withSecret(SECRET));
    String own = "http://127.0.0.1:" + started.port();
    return table(
        started,
        credentials(true),
        List.of(
            "",
            own,
            SecuredServer.ALLOWED_ORIGIN,
            "https://evil.example",
            "null",
            own.replace("http", "https")));
  }

  @TestFactory
  Stream<DynamicTest> everyEntryWithAKeySet() throws Exception {
    String keys = new JWKSet(RSA).toString();
    // Where a request comes from has nothing to do with the kind of keys.
    return table(start(JwtAuthentication.withKeys(() -> keys)), credentials(false), List.of(""));
  }

  private Stream<DynamicTest> table(
      SecuredServer of, List<Credential> credentials, List<String> origins) {
    return ENTRIES.entrySet().stream()
        .flatMap(
            entry ->
                credentials.stream()
                    .map(
                        credential ->
                            DynamicTest.dynamicTest(
                                entry.getKey() + ", " + credential.name,
                                () -> {
                                  for (String origin : origins) {
                                    check(
                                        of,
                                        entry.getKey(),
                                        entry.getValue(),
                                        credential,
                                        origin,
                                        true);
                                    check(
                                        of,
                                        entry.getKey(),
                                        entry.getValue(),
                                        credential,
                                        origin,
                                        false);
                                  }
                                })));
  }

  private static void check(
      SecuredServer of,
      String name,
      Entry entry,
      Credential credential,
      String origin,
      boolean cookie)
      throws Exception {
    boolean webSocket = name.startsWith("WS");
    boolean foreign =
        !origin.isEmpty()
            && !origin.equals("http://127.0.0.1:" + of.port())
            && !origin.equals(SecuredServer.ALLOWED_ORIGIN);
    boolean unsafe =
        cookie
            && credential.token != null
            && origin.isEmpty()
            && (webSocket || name.startsWith("POST"));
    try (RawClient socket = RawClient.connect(of.port())) {
      List<String> headers = new ArrayList<>();
      if (!origin.isEmpty()) {
        headers.add("Origin: " + origin);
      }
      if (credential.token != null) {
        headers.add(
            cookie
                ? "Cookie: theme=dark; mist_token=" + credential.token
                : "Authorization: Bearer " + credential.token);
      }
      socket.send(
          webSocket
              ? socket.handshake(entry.target, headers.toArray(String[]::new))
              : request(of.port(), name.split(" ", -1)[0], entry, headers));
      Response answer = socket.readResponse();
      String what = origin + (cookie ? " cookie" : " bearer") + " " + answer;
      if (foreign || unsafe) {
        assertThat(answer.status()).as(what).isEqualTo(403);
        assertThat(answer.body()).as(what).contains("\"code\":\"forbidden\"", "Origin is ");
      } else if (entry.needs == Needs.NOTHING) {
        assertThat(answer.status()).as(what).isIn(entry.statuses);
      } else if (credential.good == null) {
        assertThat(answer.status()).as(what).isEqualTo(401);
        assertThat(answer.header("WWW-Authenticate")).isEqualTo("Bearer realm=\"mist-stream\"");
        assertThat(answer.body()).as(what).contains("\"code\":\"unauthorized\"");
      } else if (credential.good.contains(entry.needs)) {
        assertThat(answer.status()).as(what).isIn(entry.statuses);
        if (webSocket) {
          assertThat(socket.readText()).doesNotContain("\"type\":\"error\"");
        }
      } else if (webSocket) {
        assertThat(answer.status()).as(what).isEqualTo(101);
        assertThat(socket.readText())
            .contains("\"message\":\"Permission denied\"", "\"code\":\"permission_denied\"");
        assertThat(socket.readClose()).isEqualTo(1008);
      } else {
        assertThat(answer.status()).as(what).isEqualTo(403);
        assertThat(answer.body()).isEqualTo(DENIED);
      }
    }
  }

  private static final String DENIED =
      "{\"error\":{\"code\":\"permission_denied\",\"message\":\"Permission denied\"}}";

  private static String request(int port, String method, Entry entry, List<String> headers) {
    String type = entry.target.endsWith("/events") ? "application/x-ndjson" : "application/json";
    return method
        + " "
        + entry.target
        + " HTTP/1.1\r\nHost: 127.0.0.1:"
        + port
        + "\r\n"
        + (method.equals("POST")
            ? "Content-Type: " + type + "\r\nContent-Length: " + entry.body.length() + "\r\n"
            : "")
        + String.join("", headers.stream().map(header -> header + "\r\n").toList())
        + "\r\n"
        + entry.body;
  }

  @Test
  void keysThatBecomeUnreadableStayAsTheyWere() throws Exception {
    AtomicReference<String> keys = new AtomicReference<>(new JWKSet(RSA).toString());
    JwtAuthentication tokens = JwtAuthentication.withKeys(keys::get);
    String token = signed(JWSAlgorithm.RS256, new RSASSASigner(RSA), claims("admin", "all"));
    assertThat(tokens.authenticate(token)).isNotNull();
    keys.set("{\"keys\":[");
    assertThat(tokens.authenticate(token)).isNotNull();
    keys.set(new JWKSet(OTHER_RSA).toString());
    assertThat(tokens.authenticate(token)).isNull();
    assertThatThrownBy(() -> JwtAuthentication.withKeys(() -> "{}"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void everyRouteAndWebSocketHasARow() throws Exception {
    SecuredServer started = start(JwtAuthentication.withSecret(SECRET));
    assertThat(ENTRIES.keySet()).containsExactlyInAnyOrderElementsOf(started.server.entries());
  }

  @Test
  void whatIsForbiddenLooksLikeWhatThereIsNot() throws Exception {
    SecuredServer started = start(JwtAuthentication.withSecret(SECRET));
    String token =
        signed(JWSAlgorithm.HS256, new MACSigner(SECRET), claims("deployer", List.of(2)));
    String bearer = "Authorization: Bearer " + token;
    for (String name : ENTRIES.keySet()) {
      Entry there = ENTRIES.get(name);
      if (!Set.of(Needs.SEEING, Needs.DEPLOYING).contains(there.needs)) {
        continue;
      }
      Entry nowhere =
          new Entry(
              there.target.replaceFirst("(=|/)1", "$1" + "999"),
              there.body.replace(":1,", ":999,"),
              there.needs,
              there.statuses);
      List<String> answers = new ArrayList<>();
      for (Entry entry : List.of(there, nowhere)) {
        try (RawClient socket = RawClient.connect(started.port())) {
          if (name.startsWith("WS")) {
            socket.send(socket.handshake(entry.target, bearer));
            assertThat(socket.readResponse().status()).isEqualTo(101);
            answers.add(socket.readText().replaceFirst("\"timestamp\":\"[^\"]*\"", ""));
          } else {
            socket.send(request(started.port(), name.split(" ", -1)[0], entry, List.of(bearer)));
            answers.add(
                socket.readResponse().toString().replaceFirst("Date: [^,\\]]*, [^,\\]]*", ""));
          }
        }
      }
      assertThat(answers.get(1)).as(name).isEqualTo(answers.get(0));
      assertThat(answers.get(0)).as(name).contains("Permission denied");
    }
  }

  @Test
  void listsHoldWhatTheCallerMaySee() throws Exception {
    SecuredServer started = start(JwtAuthentication.withSecret(SECRET));
    assertThat(started.reported(2)).isEqualTo(2);
    assertThat(list(started, "/api/apps", claims("viewer", List.of(2))))
        .contains("app2")
        .doesNotContain("app1");
    assertThat(list(started, "/api/apps", claims("admin", null))).contains("app1", "app2");
    assertThat(list(started, "/api/apps", claims("owner", null))).contains("app1", "app2");
    assertThat(list(started, "/api/deployments", claims("viewer", List.of(2))))
        .contains("\"deployment_id\":2")
        .doesNotContain("\"deployment_id\":1");
    assertThat(list(started, "/api/deployments", claims("viewer", List.of("2", 1.5, "all"))))
        .isEqualTo("{\"deployments\":[]}");
    assertThat(list(started, "/api/auth/me", claims("viewer", "all")))
        .isEqualTo("{\"user\":\"ann@example.com\",\"metrics\":false}");
  }

  private static String list(SecuredServer of, String path, JWTClaimsSet.Builder claims)
      throws Exception {
    String token = signed(JWSAlgorithm.HS256, new MACSigner(SECRET), claims);
    try (RawClient socket = RawClient.connect(of.port())) {
      Response answer =
          socket
              .send(
                  "GET "
                      + path
                      + " HTTP/1.1\r\nHost: localhost\r\nauthorization:  bearer  "
                      + token
                      + "\r\n\r\n")
              .readResponse();
      assertThat(answer.status()).isEqualTo(200);
      return answer.body();
    }
  }
}
