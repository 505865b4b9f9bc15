package io.miststream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** The commands about deployments, against a server that says what a test tells it. */
class DeploymentCommandsTest {
  private static final String FAILED =
      "{\"deployment_id\":17,\"app_id\":3,\"status\":\"failed\",\"stage\":\"building_image\","
          + "\"progress\":50,\"message\":\"Building\",\"error_message\":\"exit \\u001b code\","
          + "\"created_at\":\"2025-01-15T10:30:00.500Z\",\"finished_at\":\"2025-01-15T10:31:00Z\","
          + "\"duration_ms\":59500}";
  private static final String PENDING =
      "{\"deployment_id\":18,\"app_id\":300,\"status\":\"pending\",\"stage\":\"\",\"progress\":0,"
          + "\"message\":\"\",\"error_message\":\"\",\"created_at\":\"2025-01-15T10:30:00Z\","
          + "\"finished_at\":null,\"duration_ms\":null}";
  private static final String NOT_FOUND =
      "{\"error\":{\"code\":\"deployment_not_found\",\"message\":\"Deployment not found\"}}";

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private HttpServer server;
  private volatile String request;
  private volatile int status = 200;
  private volatile int stopStatus; // what stopping is answered with; 0: as everything else
  private volatile String body = "";

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.start();
  }

  private void answer(HttpExchange exchange) throws IOException {
    String sent = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    request = (exchange.getRequestMethod() + " " + exchange.getRequestURI() + " " + sent).strip();
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    boolean stop = request.endsWith("/stop") && stopStatus != 0;
    exchange.sendResponseHeaders(stop ? stopStatus : status, bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private int run(int answer, String json, String... arguments) {
    status = answer;
    body = json;
    out.getBuffer().setLength(0);
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--server", "ws://127.0.0.1:" + server.getAddress().getPort()));
    CommandLine main = Main.commandLine();
    main.setOut(new PrintWriter(out, true));
    main.setErr(new PrintWriter(err, true));
    return main.execute(all.toArray(String[]::new));
  }

  @Test
  void deployPrintsTheIdAlone() {
    assertThat(run(202, "{\"deployment_id\":17}", "deploy", "3")).isZero();
    assertThat(request).isEqualTo("POST /api/deployments {\"appId\":3}");
    assertThat(out.toString().strip()).isEqualTo("17");
    assertThat(run(202, "{\"deployment_id\":17}", "deploy", "3", "--json")).isZero();
    assertThat(out.toString().strip()).isEqualTo("{\"deployment_id\":17}");
    assertThat(err.toString()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"400, invalid_request, 2", "403, permission_denied, 1", "503, source_unavailable, 1"})
  void whatTheServerRefusesIsSaid(int answer, String code, int exit) {
    String refusal = "{\"error\":{\"code\":\"" + code + "\",\"message\":\"No \\u001b[2Jway\"}}";
    assertThat(run(answer, refusal, "deploy", "3")).isEqualTo(exit);
    assertThat(err.toString().strip()).isEqualTo("mist-stream: No \u241b[2Jway");
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void deploymentsAreATable() {
    String list = "{\"deployments\":[" + PENDING + "," + FAILED + "]}";
    assertThat(run(200, list, "deployments")).isZero();
    assertThat(request).isEqualTo("GET /api/deployments?limit=20");
    assertThat(out.toString())
        .isEqualTo(
            """
            ID  APP  STATUS   PROGRESS  CREATED               DURATION
            18  300  pending  0%        2025-01-15T10:30:00Z  -
            17  3    failed   50%       2025-01-15T10:30:00Z  59.5s
            """);

    assertThat(run(200, list, "deployments", "3", "--limit", "5", "--json")).isZero();
    assertThat(request).isEqualTo("GET /api/deployments?appId=3&limit=5");
    assertThat(out.toString().lines()).hasSize(2).contains(PENDING);
  }

  @Test
  void oneDeploymentIsSummedUp() {
    assertThat(run(200, FAILED, "deployment", "17")).isEqualTo(1);
    assertThat(request).isEqualTo("GET /api/deployments/17");
    assertThat(out.toString().lines())
        .containsExactly(
            "deployment  17 of app 3",
            "status      failed (50%, building_image)",
            "message     Building",
            "error       exit \u241b code",
            "created     2025-01-15T10:30:00.500Z",
            "finished    2025-01-15T10:31:00Z",
            "duration    59.5s");

    assertThat(run(200, FAILED.replace("failed", "stopped"), "deployment", "17")).isEqualTo(3);
    assertThat(run(200, PENDING, "deployment", "18", "--json")).isZero();
    assertThat(out.toString().strip()).isEqualTo(PENDING);
    assertThat(run(404, NOT_FOUND, "deployment", "19")).isEqualTo(1);
    assertThat(err.toString()).contains("mist-stream: Deployment not found");
  }

  @Test
  void stopSaysWhatHappened() {
    assertThat(run(202, "", "stop", "17")).isZero();
    assertThat(request).isEqualTo("POST /api/deployments/17/stop");
    assertThat(out.toString()).contains("deployment 17 is being stopped");
    stopStatus = 409;
    assertThat(run(200, FAILED, "stop", "17")).isEqualTo(1);
    assertThat(err.toString())
        .contains("mist-stream: deployment 17 was not stopped, it is: failed");
    stopStatus = 0;
    assertThat(run(404, NOT_FOUND, "stop", "17")).isEqualTo(1);
    assertThat(err.toString()).contains("mist-stream: Deployment not found");
  }
}
