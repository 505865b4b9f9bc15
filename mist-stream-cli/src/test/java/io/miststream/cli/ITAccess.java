package io.miststream.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import io.miststream.client.MistStreamClient;
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
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server that asks who somebody is, as operators and users meet it. */
@Tag("docker")
class ITAccess {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String PASSWORD = "correct horse";
  private static final String SECRET = "a secret of more than 32 bytes, as it must be";

  @AutoClose private static DockerFixture docker;

  @TempDir private Path directory;

  @BeforeAll
  static void connect() {
    docker = DockerFixture.connect();
  }

  private Path users() {
    return directory.resolve("users.yaml");
  }

  private static int exit(Process process) throws InterruptedException {
    try {
      assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).as("it ends").isTrue();
      return process.exitValue();
    } finally {
      process.destroyForcibly();
    }
  }

  private Process run(@Nullable String token, String... arguments) throws IOException {
    ProcessBuilder builder =
        ServerProcess.command(arguments)
            .redirectOutput(directory.resolve("out").toFile())
            .redirectError(directory.resolve("err").toFile());
    if (token != null) {
      builder.environment().put("MIST_TOKEN", token);
    }
    return builder.start();
  }

  private String out() throws IOException {
    return Files.readString(directory.resolve("out"));
  }

  private String err() throws IOException {
    return Files.readString(directory.resolve("err"));
  }

  private void addUser(String name, String... more) throws Exception {
    List<String> arguments =
        new ArrayList<>(List.of("user", "add", name, "--users", "" + users(), "--password-stdin"));
    arguments.addAll(List.of(more));
    Process adding = run(null, arguments.toArray(String[]::new));
    try (var input = adding.outputWriter()) {
      input.write(PASSWORD + "\n");
    }
    assertThat(exit(adding)).as(err()).isZero();
  }

  private ServerProcess serve(String... options) throws IOException {
    List<String> all = new ArrayList<>(List.of("--data-dir", "" + directory.resolve("data")));
    all.addAll(List.of(options));
    return ServerProcess.start(docker.host(), Map.of(), all.toArray(String[]::new));
  }

  private static URI local(ServerProcess server) {
    return URI.create("http://127.0.0.1:" + server.uri().getPort());
  }

  private static String login(ServerProcess server, String name) throws Exception {
    HttpResponse<String> answer =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(local(server).resolve("/api/auth/login"))
                    .header("Content-Type", "application/json")
                    .POST(
                        BodyPublishers.ofString(
                            "{\"username\":\"" + name + "\",\"password\":\"" + PASSWORD + "\"}"))
                    .build(),
                BodyHandlers.ofString());
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
    return answer
        .headers()
        .firstValue("Set-Cookie")
        .orElseThrow()
        .replaceFirst("mist_token=([^;]*);.*", "$1");
  }

  private static MistStreamClient client(ServerProcess server, String token) {
    return MistStreamClient.builder(local(server))
        .header("Authorization", "Bearer " + token)
        .connectTimeout(PATIENCE)
        .build();
  }

  /** Reads an app's logs; returns why that is refused, null if it is not. */
  private static @Nullable Throwable refusal(
      TestContainer container, ServerProcess server, String token) {
    LogRequest request = LogRequest.of(container.appId()).withFollow(Follow.NONE);
    RecordingSubscriber logs = RecordingSubscriber.to(client(server, token).logs(request));
    logs.await("an end", () -> logs.isComplete() || logs.error() != null, PATIENCE);
    return logs.error();
  }

  @Test
  void usersSeeTheirAppsUntilTheyMayNoLonger() throws Exception {
    TestContainer own = docker.container().run("echo mine; sleep 1000");
    TestContainer other = docker.container().run("echo not mine; sleep 1000");
    addUser("ann", "--apps", "" + own.appId());
    String token;
    try (ServerProcess server =
        serve("--host", "0.0.0.0", "--auth", "users", "--users", "" + users())) {
      String to = "" + local(server);
      assertThat(exit(run(null, "logs", "" + own.appId(), "--server", to))).isEqualTo(1);
      assertThat(err()).contains("mist-stream: Authentication is needed");
      token = login(server, "ann");
      assertThat(exit(run(token, "logs", "" + other.appId(), "--server", to))).isEqualTo(1);
      assertThat(err()).contains("mist-stream: Permission denied");
      assertThat(out()).isEmpty();
      MistStreamClient client = client(server, token);
      assertThat(RecordingSubscriber.to(client.metrics(0)).awaitError())
          .hasMessage("Permission denied");
      assertThatThrownBy(() -> client.deployments().start(own.appId()))
          .hasMessage("Permission denied");

      Process watching = run(token, "logs", "" + own.appId(), "--server", to);
      await().atMost(PATIENCE).until(() -> out().contains("mine"));
      String file = Files.readString(users());
      Files.writeString(users(), file.replace("[" + own.appId() + "]", "[" + other.appId() + "]"));
      assertThat(exit(watching)).isEqualTo(1);
      assertThat(err()).contains("mist-stream: Permission denied");
      Files.writeString(users(), file);
      await().atMost(PATIENCE).until(() -> refusal(own, server, token) == null);
      watching = run(token, "logs", "" + own.appId(), "--server", to);
      await().atMost(PATIENCE).until(() -> out().contains("mine"));
      Files.writeString(users(), "users: []\n");
      assertThat(exit(watching)).isEqualTo(1);
      assertThat(err()).contains("mist-stream: Session expired");
      Files.writeString(users(), file);
      assertThat(server.errors())
          .contains(
              "{\"event\":\"login\",\"user\":\"ann\",\"address\":\"127.0.0.1\"",
              "{\"event\":\"viewer_opened\",\"user\":\"ann\"",
              "{\"event\":\"viewer_closed\",\"user\":\"ann\"",
              "\"app\":" + other.appId() + ",\"reason\":\"Permission denied\"")
          .doesNotContain(PASSWORD, token);
    }
    // The key outlives the server, and with it the token.
    try (ServerProcess again = serve("--auth", "users", "--users", "" + users())) {
      Path shown = Files.writeString(directory.resolve("token"), token + "\n");
      assertThat(
              exit(
                  run(
                      null,
                      "logs",
                      "" + own.appId(),
                      "--follow",
                      "none",
                      "--server",
                      "" + again.uri(),
                      "--token-file",
                      "" + shown)))
          .isZero();
      assertThat(out()).contains("mine");
    }
  }

  private static String signed(JWSAlgorithm algorithm, JWSSigner signer) throws Exception {
    SignedJWT jwt =
        new SignedJWT(
            new JWSHeader(algorithm),
            new JWTClaimsSet.Builder()
                .claim("user_id", 1)
                .claim("email", "ann@example.com")
                .claim("role", "owner")
                .expirationTime(Date.from(Instant.now().plusSeconds(600)))
                .build());
    jwt.sign(signer);
    return jwt.serialize();
  }

  @Test
  void tokensOfSomebodyElseAreTaken() throws Exception {
    TestContainer container = docker.container().run("echo hello; sleep 1000");
    Path secret = Files.writeString(directory.resolve("secret"), SECRET + "\n");
    Files.setPosixFilePermissions(secret, PosixFilePermissions.fromString("rw-------"));
    ECKey key = new ECKeyGenerator(Curve.P_256).generate();
    String byKey = signed(JWSAlgorithm.ES256, new ECDSASigner(key));
    String bySecret = signed(JWSAlgorithm.HS256, new MACSigner(SECRET));
    try (ServerProcess server =
        serve("--host", "0.0.0.0", "--auth", "jwt", "--jwt-secret-file", "" + secret)) {
      assertThat(refusal(container, server, bySecret)).isNull();
      assertThat(refusal(container, server, byKey)).isNotNull();
    }
    Path keys = Files.writeString(directory.resolve("keys.json"), new JWKSet(key).toString());
    try (ServerProcess server = serve("--auth", "jwt", "--jwks", "" + keys)) {
      assertThat(refusal(container, server, byKey)).isNull();
      assertThat(refusal(container, server, bySecret)).isNotNull();
      Process watching = run(byKey, "logs", "" + container.appId(), "--server", "" + server.uri());
      await().atMost(PATIENCE).until(() -> out().contains("hello"));
      ECKey next = new ECKeyGenerator(Curve.P_256).generate();
      Files.writeString(keys, new JWKSet(next).toString());
      assertThat(exit(watching)).isEqualTo(1);
      assertThat(err()).contains("mist-stream: Session expired");
      String byNext = signed(JWSAlgorithm.ES256, new ECDSASigner(next));
      await().atMost(PATIENCE).until(() -> refusal(container, server, byNext) == null);
      assertThat(refusal(container, server, byKey)).isNotNull();
    }
  }
}
