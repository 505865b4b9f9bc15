package io.miststream.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.miststream.core.App;
import io.miststream.core.DeploymentStage;
import io.miststream.core.LogStream;
import io.miststream.testkit.RawClient;
import io.miststream.testkit.RawClient.Response;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeploymentRoutesTest {
  private static final String TIME = "\"[-0-9]+T[0-9:.]+Z\"";
  private static final String ALL = "/api/deployments";

  @TempDir private Path directory;
  private DeploymentServer server;

  @BeforeEach
  void start() throws Exception {
    App one =
        new App(
            1,
            "shop \"é\"",
            List.of("secret-container"),
            new App.Git("https://example.com/x.git", "", "token", null),
            null,
            App.Build.DEFAULT,
            App.Run.DEFAULT,
            Set.of("secret"));
    App two = new App(2, "", List.of(), null, null, App.Build.DEFAULT, App.Run.DEFAULT, Set.of());
    server = new DeploymentServer(directory, builder -> builder.catalogue(() -> List.of(one, two)));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static void error(
      HttpResponse<String> response, int status, String code, String message) {
    assertThat(response.body())
        .startsWith(
            "{\"error\":{\"code\":\"" + code + "\",\"message\":\"" + message.replace("\"", "\\\""));
    assertThat(response.statusCode()).isEqualTo(status);
    assertThat(response.headers().firstValue("Content-Type")).contains("application/json");
  }

  @Test
  void appsAreListedWithoutWhatIsNobodysBusiness() throws Exception {
    HttpResponse<String> response = server.get("/api/apps");
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type")).contains("application/json");
    assertThat(response.body())
        .isEqualTo(
            "{\"apps\":[{\"id\":1,\"name\":\"shop \\\"é\\\"\",\"deployable\":true},"
                + "{\"id\":2,\"name\":\"\",\"deployable\":false}]}");
  }

  @Test
  void aDeploymentIsStartedShownAndListed() throws Exception {
    HttpResponse<String> started = server.post(ALL, "{\"appId\":7}");
    assertThat(started.statusCode()).isEqualTo(202);
    assertThat(started.body()).isEqualTo("{\"deployment_id\":1}");
    assertThat(started.headers().firstValue("Location")).contains("/api/deployments/1");
    ScriptedDeployer.Run run = server.deployer.next();
    run.report().status(DeploymentStage.BUILDING_IMAGE, 50, "Step 3/8 \ud800");
    run.report().flush();
    assertThat(server.get(ALL + "/1").body())
        .matches(
            "\\{\"deployment_id\":1,\"app_id\":7,\"status\":\"building\","
                + "\"stage\":\"building_image\",\"progress\":50,\"message\":\"Step 3/8 \\?\","
                + "\"error_message\":\"\",\"created_at\":"
                + TIME
                + ",\"finished_at\":null,\"duration_ms\":null}");
    run.fail("Docker build failed: exit code 1");
    await().until(() -> server.get(ALL + "/1").body().contains("failed"));
    String over = server.get(ALL + "/1").body();
    assertThat(over)
        .matches(
            "\\{\"deployment_id\":1,\"app_id\":7,\"status\":\"failed\","
                + "\"stage\":\"building_image\",\"progress\":50,\"message\":\"Deployment failed\","
                + "\"error_message\":\"Docker build failed: exit code 1\",\"created_at\":"
                + TIME
                + ",\"finished_at\":"
                + TIME
                + ",\"duration_ms\":[0-9]+}");
    assertThat(server.get(ALL).body()).isEqualTo("{\"deployments\":[" + over + "]}");
  }

  @Test
  void theNewestComeFirstAsManyAsWanted() throws Exception {
    for (int i = 1; i <= 60; i++) {
      server.startReported(1 + i % 2);
    }
    assertThat(ids(server.get(ALL).body())).hasSize(50).startsWith(60L, 59L).endsWith(11L);
    assertThat(ids(server.get(ALL + "?limit=").body())).hasSize(50);
    assertThat(ids(server.get(ALL + "?limit=3").body())).containsExactly(60L, 59L, 58L);
    assertThat(ids(server.get(ALL + "?limit=1000").body())).hasSize(60);
    assertThat(ids(server.get(ALL + "?appId=2&limit=2&x=y").body())).containsExactly(59L, 57L);
    assertThat(server.get(ALL + "?appId=3").body()).isEqualTo("{\"deployments\":[]}");
  }

  private static List<Long> ids(String body) {
    return java.util.regex.Pattern.compile("\"deployment_id\":([0-9]+)")
        .matcher(body)
        .results()
        .map(found -> Long.valueOf(found.group(1)))
        .toList();
  }

  @ParameterizedTest
  @CsvSource({
    "limit=0, limit must be 1 to 1000",
    "limit=1001, limit must be 1 to 1000",
    "limit=-1, limit must be 1 to 1000",
    "limit=x, limit must be 1 to 1000",
    "limit=99999999999999999999, limit must be 1 to 1000",
    "limit=1&limit=2, limit is given more than once",
    "appId=0, appId must be a positive integer",
    "appId=abc, appId must be a positive integer",
    "appId=%25zz&x=%2, the query contains a broken percent-escape",
  })
  void badQueriesAreNamed(String query, String message) throws Exception {
    try (RawClient socket = RawClient.connect(server.port())) {
      socket.send("GET " + ALL + "?" + query + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
      Response response = socket.readResponse();
      assertThat(response.status()).isEqualTo(400);
      assertThat(response.body())
          .isEqualTo("{\"error\":{\"code\":\"invalid_request\",\"message\":\"" + message + "\"}}");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/logs", "/stop", "/events"})
  void unknownDeploymentsAndThingsThatAreNoIds(String what) throws Exception {
    boolean post = what.equals("/stop") || what.equals("/events");
    String unknown = ALL + "/404" + what;
    error(
        post ? server.post(unknown, "{}") : server.get(unknown),
        404,
        "deployment_not_found",
        "Deployment not found");
    for (String id : List.of("abc", "0", "-1", "1.5", "99999999999999999999", "%31", "%C3")) {
      String path = ALL + "/" + id + what;
      error(
          post ? server.post(path, "{}") : server.get(path),
          400,
          "invalid_request",
          "The id in the path must be a positive integer");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{} | appId is missing",
        "{\"appId\":0} | appId must be a positive integer",
        "{\"appId\":-1} | appId must be a positive integer",
        "{\"appId\":1.0} | appId must be a positive integer",
        "{\"appId\":\"1\"} | appId must be a positive integer",
        "{\"appId\":null} | appId must be a positive integer",
        "{\"appId\":[1]} | appId must be a positive integer",
        "{\"appId\":99999999999999999999} | appId must be a positive integer",
        "{\"appId\":1,\"reported\":1} | reported must be true or false",
        "{\"appId\":1,\"reported\":\"true\"} | reported must be true or false",
        "{\"appId\":1,\"reported\":null} | reported must be true or false",
        "{\"appId\":1,\"appid\":2} | Unknown field in the body: appid",
        "{\"appId\":1,\"appId\":2} | The body is not JSON: Duplicate",
        "{\"appId\":1}{} | The body is not JSON: ",
        "{\"appId\":1 | The body is not JSON: ",
        "appId=1 | The body is not JSON: ",
        "[1] | The body must be a JSON object",
        "1 | The body must be a JSON object",
        "null | The body must be a JSON object",
        "'' | The body must be a JSON object",
        "{\"appId\":400} | There is no app 400",
      })
  void badBodiesAreNamed(String body, String message) throws Exception {
    error(server.post(ALL, body), 400, "invalid_request", message.strip());
    assertThat(server.get(ALL).body()).isEqualTo("{\"deployments\":[]}");
  }

  @Test
  void deeplyNestedJsonIsRefused() throws Exception {
    error(
        server.post(ALL, "{\"appId\":" + "[".repeat(30_000) + "}"),
        400,
        "invalid_request",
        "The body is not JSON: ");
  }

  @Test
  void onlyJsonIsTakenWhichNoOtherSitesPageMaySend() throws Exception {
    long id = server.start(1);
    for (String type : List.of("text/plain", "application/x-www-form-urlencoded", "", "json")) {
      for (String path : List.of(ALL, ALL + "/" + id + "/stop", ALL + "/" + id + "/events")) {
        HttpResponse<String> response =
            type.isEmpty()
                ? DeploymentServer.send(
                    server.request(path).POST(BodyPublishers.ofString("{\"appId\":1}")))
                : server.post(path, type, "{\"appId\":1}");
        error(response, 415, "unsupported_media_type", "Content-Type must be application/");
      }
    }
    error(
        server.post(ALL, DeploymentServer.NDJSON, "{\"appId\":1}"),
        415,
        "unsupported_media_type",
        "Content-Type must be application/json");
    assertThat(ids(server.get(ALL).body())).containsExactly(id);
    assertThat(server.get(ALL + "/" + id).body()).doesNotContain("stopped");
    assertThat(server.post(ALL, "Application/JSON; charset=utf-8", "{\"appId\":2}").statusCode())
        .isEqualTo(202);
  }

  @ParameterizedTest
  @CsvSource({
    "Host: evil.example, Host is not local",
    "Origin: https://evil.example, Origin is not local",
    "Origin: null, Origin is not local",
  })
  void foreignPagesAndNamesAreRefusedHereToo(String header, String message) throws Exception {
    for (String line : List.of("POST " + ALL, "GET " + ALL, "GET /api/apps")) {
      try (RawClient socket = RawClient.connect(server.port())) {
        socket.send(
            line
                + " HTTP/1.1\r\n"
                + (header.startsWith("Host") ? "" : "Host: localhost\r\n")
                + header
                + "\r\n"
                + (line.startsWith("POST")
                    ? "Content-Type: application/json\r\nContent-Length: 11\r\n\r\n{\"appId\":1}"
                    : "\r\n"));
        Response response = socket.readResponse();
        assertThat(response.status()).isEqualTo(403);
        assertThat(response.body()).contains(message);
      }
    }
    assertThat(server.get(ALL).body()).isEqualTo("{\"deployments\":[]}");
  }

  @ParameterizedTest
  @CsvSource({
    "/api/apps, 'GET, HEAD'",
    "/api/deployments, 'GET, HEAD, POST'",
    "/api/deployments/1, 'GET, HEAD'",
    "/api/deployments/1/logs, 'GET, HEAD'",
    "/api/deployments/1/stop, POST",
    "/api/deployments/1/events, POST",
  })
  void otherMethodsAreNotAllowed(String path, String allowed) throws Exception {
    for (String method :
        List.of("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW")) {
      if (!List.of(allowed.split(", ")).contains(method)) {
        try (RawClient socket = RawClient.connect(server.port())) {
          socket.send(method + " " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
          Response response = socket.readResponse();
          assertThat(response.status()).isEqualTo(405);
          assertThat(response.header("Allow")).isEqualTo(allowed);
          assertThat(response.body()).contains("\"code\":\"method_not_allowed\"");
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/api",
        "/api/",
        "/api/apps/",
        "/api/deployments/",
        "/api/deployments/1/",
        "/api/deployments/1/log",
        "/api/deployments/1/logs/",
        "/api//deployments",
        "/API/apps"
      })
  void otherPathsAreNotFound(String path) throws Exception {
    error(server.get(path), 404, "not_found", "There is nothing at " + path);
  }

  @Test
  void headAnswersLikeGetWithoutABody() throws Exception {
    long id = server.startReported(1);
    for (String path : List.of("/api/apps", ALL, ALL + "/" + id, ALL + "/" + id + "/logs")) {
      try (RawClient socket = RawClient.connect(server.port())) {
        socket.send("HEAD " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
        Response head = socket.readResponse(false);
        assertThat(head.status()).as(path).isEqualTo(200);
        assertThat(head.header("X-Content-Type-Options")).isEqualTo("nosniff");
        // The same connection serves on.
        socket.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n");
        assertThat(socket.readResponse().body()).isEqualTo("{\"status\":\"ok\"}");
      }
    }
  }

  @Test
  void aRunningDeploymentIsStopped() throws Exception {
    long id = server.start(1);
    server.deployer.next();
    HttpResponse<String> stopped = server.post(ALL + "/" + id + "/stop", "");
    assertThat(stopped.statusCode()).isIn(200, 202);
    assertThat(stopped.body()).contains("\"deployment_id\":" + id);
    await().until(() -> server.get(ALL + "/" + id).body().contains("\"status\":\"stopped\""));
    error(
        server.post(ALL + "/" + id + "/stop", "{}"),
        409,
        "deployment_over",
        "The deployment is over already: stopped");
  }

  @Test
  void oneThatWaitsOrIsReportedIsStoppedAtOnce() throws Exception {
    server.start(1);
    long waiting = server.start(1);
    long reported = server.startReported(1);
    for (long id : List.of(waiting, reported)) {
      HttpResponse<String> stopped = server.post(ALL + "/" + id + "/stop", "{}");
      assertThat(stopped.statusCode()).isEqualTo(200);
      assertThat(stopped.body()).contains("\"status\":\"stopped\"").doesNotContain("at\":null");
    }
    assertThat(server.journal.deployment(1).orElseThrow().state().isFinal()).isFalse();
  }

  @Test
  void badBodiesOfAStopAreNamed() throws Exception {
    long id = server.startReported(1);
    String path = ALL + "/" + id + "/stop";
    error(server.post(path, "{\"x\":1}"), 400, "invalid_request", "Unknown field in the body: x");
    error(server.post(path, "{"), 400, "invalid_request", "The body is not JSON: ");
    error(server.post(path, " "), 400, "invalid_request", "The body must be a JSON object");
    assertThat(server.get(ALL + "/" + id).body()).contains("pending");
  }

  @Test
  void oneOfTheApplicationItselfIsNotStoppedFromHere() throws Exception {
    long id = server.journal.begin(1, "Mine").deploymentId();
    error(server.post(ALL + "/" + id + "/stop", ""), 409, "not_stoppable", "The deployment is");
  }

  @Test
  void tooManyThatWaitAreAskedToComeBack() throws Exception {
    for (int i = 0; i < 4; i++) {
      server.start(1);
      if (i == 0) {
        server.deployer.next();
      }
    }
    HttpResponse<String> response = server.post(ALL, "{\"appId\":1}");
    error(response, 503, "unavailable", "Too many deployments wait already");
    assertThat(response.headers().firstValue("Retry-After")).contains("5");
  }

  @Test
  void whatIsStartedWhileTheServerGoesIsRefused() throws Exception {
    server.deployments.close();
    error(server.post(ALL, "{\"appId\":1}"), 503, "unavailable", "The server is shutting down");
    error(
        server.post(ALL, "{\"appId\":1,\"reported\":true}"),
        503,
        "unavailable",
        "The server is shutting down");
  }

  @Test
  void aReportedDeploymentWaitsForItsReport() throws Exception {
    long id = server.startReported(400);
    assertThat(server.get(ALL + "/" + id).body())
        .contains("\"status\":\"pending\"", "Waiting for the builder's report", "\"app_id\":400");
  }

  @Test
  void thePageNamesThePaths() throws Exception {
    assertThat(server.get("/").body())
        .contains(
            "/ws/deployment/logs?deploymentId=1",
            "/api/deployments/logs/stream?id=1",
            "<a href=\"/api/apps\">/api/apps</a>",
            "<a href=\"/api/deployments\">/api/deployments</a>",
            "POST <code>/api/deployments</code>",
            "POST <code>/api/deployments/{id}/events</code>",
            "/health")
        .doesNotContain("/ws/container");
  }

  @Test
  void whatIsNotSetIsNotThere() throws Exception {
    try (MistStreamServer logs =
        MistStreamServer.builder().logs(new MemoryLogSource()).port(0).start()) {
      for (String path : List.of(ALL, "/api/apps", "/ws/deployment/logs?deploymentId=1")) {
        try (RawClient socket = RawClient.connect(logs.port())) {
          socket.send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
          assertThat(socket.readResponse().status()).isEqualTo(404);
        }
      }
    }
  }

  @Test
  void logLinesOfADeploymentAreNotMistakenForSomethingElse() throws Exception {
    long id = server.start(1);
    ScriptedDeployer.Run run = server.deployer.next();
    run.report().log(LogStream.STDOUT, "<script>\"\\\u0000");
    run.succeed();
    await().until(() -> server.get(ALL + "/" + id).body().contains("success"));
    HttpResponse<String> logs = server.get(ALL + "/" + id + "/logs");
    assertThat(logs.headers().firstValue("Content-Type")).contains("application/x-ndjson");
    assertThat(logs.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
  }
}
