package io.miststream.server;

import static io.miststream.server.DeploymentServer.readToEnd;
import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.testkit.RawClient;
import java.io.ByteArrayInputStream;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an outside builder sends, and sends again. */
class DeploymentEventsTest {
  private static final int MAX_BYTES = 2 << 20;
  private static final String BUILDING =
      "{\"seq\":1,\"type\":\"status\",\"data\":{\"status\":\"building\","
          + "\"stage\":\"building_image\",\"progress\":50,\"message\":\"Building\"}}";
  private static final String STEP = log(2, "Step 3/8 : COPY package*.json ./");
  private static final String DONE =
      "{\"seq\":3,\"type\":\"status\",\"data\":{\"status\":\"success\"}}";

  @TempDir private Path directory;
  private DeploymentServer server;
  private long id;

  @BeforeEach
  void start() throws Exception {
    server = new DeploymentServer(directory, builder -> builder.maxEventBytes(MAX_BYTES));
    id = server.startReported(1);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static String log(long seq, String line) {
    return "{\"seq\":" + seq + ",\"type\":\"log\",\"data\":{\"line\":\"" + line + "\"}}";
  }

  private static void taken(HttpResponse<String> response, long lastSeq) {
    assertThat(response.body()).isEqualTo("{\"last_seq\":" + lastSeq + "}");
    assertThat(response.statusCode()).isEqualTo(200);
  }

  private static void rejected(
      HttpResponse<String> response, int status, String code, String message, long lastSeq) {
    assertThat(response.body())
        .isEqualTo(
            "{\"error\":{\"code\":\""
                + code
                + "\",\"message\":\""
                + message
                + "\"},\"last_seq\":"
                + lastSeq
                + "}");
    assertThat(response.statusCode()).isEqualTo(status);
  }

  private List<String> journal() throws Exception {
    return Files.readAllLines(directory.resolve(id + ".ndjson"));
  }

  @Test
  void eventsAreTheStream() throws Exception {
    try (RawClient viewer = server.view(id)) {
      assertThat(viewer.readText()).contains("Waiting for the builder's report");
      taken(server.report(id, BUILDING, STEP), 2);
      assertThat(viewer.readText())
          .contains("\"status\":\"building\"", "\"stage\":\"building_image\"", "\"progress\":50");
      assertThat(viewer.readText()).contains("\"line\":\"Step 3/8 : COPY package*.json ./\"");
      taken(server.report(id, DONE, ""), 3);
      List<String> texts = readToEnd(viewer);
      assertThat(texts.get(0)).contains("\"status\":\"success\"", "\"progress\":100");
    }
    assertThat(server.get("/api/deployments/" + id).body())
        .contains("\"status\":\"success\"", "\"message\":\"Deployment complete\"");
  }

  @Test
  void plainJsonIsTakenTooAndNothingIsFine() throws Exception {
    String path = "/api/deployments/" + id + "/events";
    taken(server.post(path, ""), 0);
    taken(server.post(path, "\r\n \n"), 0);
    taken(server.post(path, BUILDING), 1);
    taken(server.post(path, "application/json; charset=utf-8", STEP + "\r\n"), 2);
  }

  @Test
  void whatIsSentAgainIsNotWrittenAgain() throws Exception {
    taken(server.report(id, BUILDING, STEP), 2);
    List<String> before = journal();
    taken(server.report(id, BUILDING, STEP), 2);
    taken(server.report(id, BUILDING), 2);
    assertThat(journal()).isEqualTo(before);
    taken(server.report(id, STEP, DONE), 3);
    List<String> after = journal();
    assertThat(after).startsWith(before.toArray(String[]::new)).hasSize(before.size() + 2);
    // Over, and over and restarted: the same.
    taken(server.report(id, BUILDING, STEP, DONE), 3);
    server.close();
    server = new DeploymentServer(directory);
    taken(server.report(id, BUILDING, STEP, DONE), 3);
    rejected(
        server.report(id, BUILDING, STEP, DONE, log(4, "more")),
        409,
        "conflict",
        "line 4: the deployment is over",
        3);
    assertThat(journal()).isEqualTo(after);
  }

  @Test
  void theSameFeedFromTwoAtOnceIsWrittenOnce() throws Exception {
    List<String> feed = new ArrayList<>(List.of(BUILDING));
    for (int i = 2; i <= 2000; i++) {
      feed.add(log(i, "line " + i));
    }
    ExecutorService clients = Executors.newFixedThreadPool(4);
    List<Future<HttpResponse<String>>> answers = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      answers.add(clients.submit(() -> server.report(id, feed.toArray(String[]::new))));
    }
    for (Future<HttpResponse<String>> answer : answers) {
      taken(answer.get(), 2000);
    }
    clients.shutdown();
    assertThat(journal()).hasSize(2001);
  }

  @Test
  void aGapIsAConflictThatSaysWhereToGoOn() throws Exception {
    rejected(
        server.report(id, BUILDING, log(3, "three")),
        409,
        "conflict",
        "line 2: seq is 3, expected 2",
        1);
    taken(server.report(id, STEP, log(3, "three")), 3);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{ | is not a JSON object",
        "nonsense | is not a JSON object",
        "[1] | is not a JSON object",
        "{\"seq\":2} {} | is not a JSON object",
        "{} | seq is missing",
        "{\"seq\":0} | seq must be a positive whole number",
        "{\"seq\":\"x\"} | seq must be a whole number",
        "{\"seq\":2.5} | seq must be a whole number",
        "{\"seq\":2} | type is missing",
        "{\"seq\":2,\"type\":\"end\"} | type must be status, log or error",
        "{\"seq\":2,\"type\":\"log\",\"data\":{}} | data.line is missing",
        "{\"seq\":2,\"type\":\"log\",\"data\":{\"line\":\"\",\"stream\":\"x\"}}"
            + " | data.stream must be stdout or stderr",
        "{\"seq\":2,\"type\":\"status\",\"data\":{\"status\":\"x\"}}"
            + " | data.status must be pending, building, deploying, success, failed or stopped",
        "{\"seq\":2,\"type\":\"status\",\"data\":{\"stage\":\"cloning_repo\"}}"
            + " | stage cloning_repo cannot follow building_image",
        "{\"seq\":2,\"type\":\"status\",\"data\":{\"stage\":\"building_image\",\"progress\":101}}"
            + " | data.progress must be 0 to 100",
      })
  void whatIsMalformedIsNamedByItsLine(String event, String message) throws Exception {
    rejected(
        server.report(id, BUILDING, "", event, log(3, "x")),
        400,
        "invalid_request",
        "line 3: " + message,
        1);
    taken(server.report(id, STEP, log(3, "three")), 3);
  }

  @Test
  void aFeedOverTheLimitIsRefusedWhole() throws Exception {
    String path = "/api/deployments/" + id + "/events";
    byte[] feed = log(1, "x".repeat(3 << 20)).getBytes(StandardCharsets.UTF_8);
    for (HttpResponse<String> response :
        List.of(
            server.report(id, log(1, "x".repeat(3 << 20))),
            DeploymentServer.send(
                server
                    .request(path)
                    .header("Content-Type", DeploymentServer.NDJSON)
                    .POST(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(feed)))))) {
      assertThat(response.statusCode()).isEqualTo(413);
      assertThat(response.body())
          .isEqualTo(
              "{\"error\":{\"code\":\"too_large\","
                  + "\"message\":\"The body is longer than 2097152 bytes\"}}");
    }
    assertThat(journal()).hasSize(1);
    taken(server.report(id, log(1, "x".repeat(1 << 20))), 1);
    assertThat(journal().get(1)).contains("x".repeat(1 << 20));
  }

  @Test
  void chunkedFeedsAreTaken() throws Exception {
    byte[] feed = (BUILDING + "\n" + STEP + "\n").getBytes(StandardCharsets.UTF_8);
    taken(
        DeploymentServer.send(
            server
                .request("/api/deployments/" + id + "/events")
                .header("Content-Type", DeploymentServer.NDJSON)
                .POST(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(feed)))),
        2);
  }

  @Test
  void onlyThoseThatAreReportedTakeEvents() throws Exception {
    long own = server.start(2);
    ScriptedDeployer.Run run = server.deployer.next();
    HttpResponse<String> response = server.report(own, BUILDING);
    assertThat(response.statusCode()).isEqualTo(409);
    assertThat(response.body())
        .isEqualTo(
            "{\"error\":{\"code\":\"not_reported\",\"message\":\"Deployment "
                + own
                + " is not reported from outside\"}}");
    run.succeed();
    try (RawClient viewer = server.view(own)) {
      readToEnd(viewer);
    }
    rejected(server.report(own, BUILDING), 409, "conflict", "line 1: the deployment is over", 0);
  }

  @Test
  void oneThatWasStoppedTakesNoMore() throws Exception {
    taken(server.report(id, BUILDING), 1);
    assertThat(server.post("/api/deployments/" + id + "/stop", "").statusCode()).isEqualTo(200);
    taken(server.report(id, BUILDING), 1);
    rejected(
        server.report(id, BUILDING, STEP), 409, "conflict", "line 2: the deployment is over", 1);
  }

  @Test
  void aFailureIsTold() throws Exception {
    taken(
        server.report(
            id,
            BUILDING,
            "{\"seq\":2,\"type\":\"error\",\"data\":{\"message\":\"exit code 1\"}}",
            "{\"seq\":3,\"type\":\"status\",\"data\":{\"status\":\"failed\","
                + "\"error_message\":\"exit code 1\"}}"),
        3);
    try (RawClient viewer = server.view(id)) {
      List<String> texts = readToEnd(viewer);
      assertThat(texts).hasSize(5);
      assertThat(texts.get(2)).contains("\"type\":\"error\"", "exit code 1");
      assertThat(texts.get(3)).contains("\"status\":\"failed\"", "exit code 1");
    }
  }
}
