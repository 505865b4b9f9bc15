package io.miststream.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.miststream.core.DeploymentStage;
import io.miststream.core.DeploymentState;
import io.miststream.core.ErrorCode;
import io.miststream.core.StreamException;
import io.miststream.core.deployment.Deployment;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Plain requests, and what becomes of their answers. */
@Timeout(60)
class DeploymentApiTest {
  private static final String OVER =
      """
      {"deployment_id":17,"app_id":3,"status":"failed","stage":"building_image","progress":50,
       "message":"Building","error_message":"exit code 1","created_at":"2025-01-15T10:30:00.5Z",
       "finished_at":"2025-01-15T10:31:00Z","duration_ms":59500,"more":{"a":[1]}}
      """;
  private static final String RUNNING =
      """
      {"deployment_id":18,"app_id":3,"status":"pending","stage":"","progress":0,"message":"",
       "error_message":"","created_at":"2025-01-15T10:30:00Z","finished_at":null,"duration_ms":null}
      """;

  private HttpServer server;
  private MistStreamClient client;
  private volatile int status = 200;
  private volatile String body = "";
  private volatile String request;
  private volatile String contentType;
  private volatile String authorization;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/base/api/deployments", this::answer);
    server.start();
    URI uri = URI.create("ws://127.0.0.1:" + server.getAddress().getPort() + "/base/");
    client = MistStreamClient.builder(uri).header("Authorization", "Bearer abc").build();
  }

  private void answer(HttpExchange exchange) throws IOException {
    String sent = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    request = (exchange.getRequestMethod() + " " + exchange.getRequestURI() + " " + sent).strip();
    contentType = exchange.getRequestHeaders().getFirst("Content-Type");
    authorization = exchange.getRequestHeaders().getFirst("Authorization");
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private void answers(int code, String json) {
    status = code;
    body = json;
  }

  private static void fails(ErrorCode code, String words, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            StreamException.class, e -> assertThat(e.code()).as(e.toString()).isEqualTo(code))
        .hasMessageContaining(words);
  }

  @Test
  void starts() {
    answers(202, "{\"deployment_id\":17}");

    assertThat(client.deployments().start(3)).isEqualTo(17);

    assertThat(request).isEqualTo("POST /base/api/deployments {\"appId\":3}");
    assertThat(contentType).isEqualTo("application/json");
    assertThat(authorization).isEqualTo("Bearer abc");
  }

  @Test
  void stops() {
    answers(202, "");
    assertThat(client.deployments().stop(17)).isTrue();
    assertThat(request).isEqualTo("POST /base/api/deployments/17/stop");
    assertThat(contentType).isEqualTo("application/json");

    answers(409, "{\"error\":{\"code\":\"conflict\",\"message\":\"Deployment 17 is over\"}}");
    assertThat(client.deployments().stop(17)).isFalse();

    answers(
        404,
        "{\"error\":{\"code\":\"deployment_not_found\",\"message\":\"Deployment not found\"}}");
    fails(
        ErrorCode.DEPLOYMENT_NOT_FOUND,
        "Deployment not found",
        () -> client.deployments().stop(17));
  }

  @Test
  void getsOne() {
    answers(200, OVER);
    assertThat(client.deployments().get(17))
        .hasValue(
            new Deployment(
                17,
                3,
                DeploymentState.FAILED,
                DeploymentStage.BUILDING_IMAGE,
                50,
                "Building",
                "exit code 1",
                Instant.parse("2025-01-15T10:30:00.5Z"),
                Instant.parse("2025-01-15T10:31:00Z"),
                59_500L));
    assertThat(request).isEqualTo("GET /base/api/deployments/17");

    answers(404, "{\"error\":{\"code\":\"deployment_not_found\",\"message\":\"None\"}}");
    assertThat(client.deployments().get(17)).isEmpty();

    answers(404, "{\"error\":{\"code\":\"not_found\",\"message\":\"There is nothing at x\"}}");
    fails(ErrorCode.INVALID_REQUEST, "nothing at x", () -> client.deployments().get(17));
  }

  @Test
  void lists() {
    answers(200, "{\"total\":9,\"deployments\":[" + RUNNING + "," + OVER + "],\"next\":[{}]}");

    assertThat(client.deployments().list(3L, 2))
        .extracting(Deployment::id, Deployment::finishedAt)
        .containsExactly(tuple(18L, null), tuple(17L, Instant.parse("2025-01-15T10:31:00Z")));
    assertThat(request).isEqualTo("GET /base/api/deployments?appId=3&limit=2");

    answers(200, "{\"deployments\":[]}");
    assertThat(client.deployments().list(null, 5)).isEmpty();
    assertThat(request).isEqualTo("GET /base/api/deployments?limit=5");
  }

  @Test
  void numbersArePositive() {
    DeploymentApi api = client.deployments();
    fails(ErrorCode.INVALID_REQUEST, "appId must be a positive", () -> api.start(0));
    fails(ErrorCode.INVALID_REQUEST, "deploymentId must be a positive", () -> api.stop(-1));
    fails(ErrorCode.INVALID_REQUEST, "deploymentId must be a positive", () -> api.get(0));
    fails(ErrorCode.INVALID_REQUEST, "appId must be a positive", () -> api.list(0L, 1));
    fails(ErrorCode.INVALID_REQUEST, "limit must be a positive", () -> api.list(null, 0));
  }

  @Test
  void refusalsAreToldInTheServersWords() {
    answers(403, "{\"error\":{\"code\":\"permission_denied\",\"message\":\"Not yours\"}}");
    fails(ErrorCode.PERMISSION_DENIED, "Not yours", () -> client.deployments().start(1));
    answers(503, "{\"error\":{\"code\":\"busy\",\"message\":\"Too many wait\"}}");
    fails(ErrorCode.SOURCE_UNAVAILABLE, "Too many wait", () -> client.deployments().start(1));
    answers(500, "");
    fails(
        ErrorCode.SOURCE_UNAVAILABLE, "HTTP status 500", () -> client.deployments().list(null, 1));
    answers(302, "");
    fails(ErrorCode.INVALID_REQUEST, "HTTP status 302", () -> client.deployments().get(1));
  }

  @Test
  void anAnswerThatIsSomethingElseIsRefused() {
    for (String wrong :
        new String[] {
          "",
          "[]",
          "{",
          "<html>",
          "{}",
          RUNNING.replace("pending", "odd"),
          RUNNING.replace("0Z", "")
        }) {
      answers(200, wrong);
      fails(ErrorCode.INTERNAL, "something else", () -> client.deployments().get(1));
    }
  }

  @Test
  void aServerThatIsNotThereOrDoesNotAnswerIsSaid() throws IOException {
    MistStreamClient nobody = MistStreamClient.create(URI.create("ws://127.0.0.1:1"));
    fails(ErrorCode.SOURCE_UNAVAILABLE, "refused", () -> nobody.deployments().start(1));
    try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      MistStreamClient waiting =
          MistStreamClient.builder(URI.create("http://127.0.0.1:" + silent.getLocalPort()))
              .silenceLimit(Duration.ofMillis(300))
              .build();
      fails(ErrorCode.SOURCE_UNAVAILABLE, "no answer in time", () -> waiting.deployments().get(1));
    }
  }
}
