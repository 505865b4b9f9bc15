package io.miststream.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.miststream.server.security.AccessPolicy;
import io.miststream.server.security.Action;
import io.miststream.server.security.Audit;
import io.miststream.server.security.Audit.Kind;
import io.miststream.server.security.Identity;
import io.miststream.server.security.Login;
import io.miststream.testkit.RawClient;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written down of whom. */
class AuditTest {
  private static final String ANN = "Authorization: Bearer ann\r\n";

  @TempDir private Path directory;
  private final List<Audit.Event> events = new CopyOnWriteArrayList<>();
  private DeploymentServer server;

  private record User(String getName) implements Identity {
    @Override
    public boolean isValid() {
      return true;
    }
  }

  @BeforeEach
  void start() throws IOException {
    AccessPolicy policy =
        (user, action, appId) -> appId == 1 || (action == Action.DEPLOYMENTS && appId == 2);
    Login login =
        (name, password) ->
            password.equals("right") ? new Login.Token(name, Instant.now().plusSeconds(9)) : null;
    server =
        new DeploymentServer(
            directory,
            builder ->
                builder
                    .authentication(token -> token.isBlank() ? null : new User(token), policy)
                    .login(login)
                    .audit(events::add));
  }

  @AfterEach
  void close() {
    server.close();
  }

  private int status(String method, String path, String headers, String body) throws IOException {
    try (RawClient socket = RawClient.connect(server.port())) {
      return socket
          .send(
              method
                  + " "
                  + path
                  + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                  + headers
                  + "Content-Length: "
                  + body.length()
                  + "\r\n\r\n"
                  + body)
          .readResponse()
          .status();
    }
  }

  private static Audit.Event event(Kind kind, String user, String path, long app) {
    return new Audit.Event(kind, user, "127.0.0.1", path, app, 0, null, null);
  }

  @Test
  void loginsAndRefusals() throws Exception {
    String login = "/api/auth/login";
    status("POST", login, "", "{\"username\":\"ann\",\"password\":\"right\"}");
    status("POST", login, "", "{\"username\":\"b\\nb\",\"password\":\"secret\"}");
    status("GET", "/api/deployments?x=secret", "", "");
    status("GET", "/api/deployments", "Origin: https://evil.example\r\n", "");
    status("POST", "/api/deployments", ANN, "{\"appId\":2}");
    try (RawClient socket = RawClient.connect(server.port())) {
      socket.send(socket.handshake("/ws/deployment/logs?deploymentId=1")).readResponse();
    }
    assertThat(events)
        .containsExactly(
            event(Kind.LOGIN, "ann", login, 0),
            event(Kind.LOGIN_REFUSED, "b\nb", login, 0).because("Wrong username or password"),
            event(Kind.REFUSED, null, "/api/deployments", 0).because("Authentication is needed"),
            event(Kind.REFUSED, null, "/api/deployments", 0).because("Origin is not allowed"),
            event(Kind.REFUSED, "ann", "/api/deployments", 2).because("Permission denied"),
            event(Kind.REFUSED, null, "/ws/deployment/logs", 0)
                .because("Authentication is needed"));
  }

  @Test
  void deploymentsAndViewers() throws Exception {
    assertThat(status("POST", "/api/deployments", ANN, "{\"appId\":1}")).isEqualTo(202);
    try (RawClient socket = RawClient.connect(server.port())) {
      socket
          .send(socket.handshake("/ws/deployment/logs?deploymentId=1", "Authorization: Bearer bob"))
          .readResponse();
      socket.readText();
    }
    await().until(() -> events.size() == 3);
    status("POST", "/api/deployments/1/stop", ANN, "");
    try (RawClient socket = RawClient.connect(server.port())) {
      socket
          .send(socket.handshake("/ws/deployment/logs?deploymentId=9", "Authorization: Bearer bob"))
          .readResponse();
      assertThat(socket.readText()).contains("Permission denied");
    }
    Duration duration = events.get(2).duration();
    assertThat(duration).isBetween(Duration.ofNanos(1), Duration.ofSeconds(10));
    assertThat(events)
        .containsExactly(
            event(Kind.DEPLOYMENT_STARTED, "ann", "/api/deployments", 1).ofDeployment(1),
            event(Kind.VIEWER_OPENED, "bob", "/ws/deployment/logs", 1),
            event(Kind.VIEWER_CLOSED, "bob", "/ws/deployment/logs", 1).after(duration),
            event(Kind.DEPLOYMENT_STOPPED, "ann", "/api/deployments/1/stop", 1).ofDeployment(1),
            event(Kind.REFUSED, "bob", "/ws/deployment/logs", 0).because("Permission denied"));
  }
}
