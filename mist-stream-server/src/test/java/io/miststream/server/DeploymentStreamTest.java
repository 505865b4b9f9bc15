package io.miststream.server;

import static io.miststream.server.DeploymentServer.cursor;
import static io.miststream.server.DeploymentServer.readToEnd;
import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.DeploymentStage;
import io.miststream.core.LogStream;
import io.miststream.core.deployment.DeploymentReporter;
import io.miststream.testkit.Frame;
import io.miststream.testkit.RawClient;
import io.miststream.testkit.RawClient.Response;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeploymentStreamTest {
  @TempDir private Path directory;
  private DeploymentServer server;

  @BeforeEach
  void start() throws Exception {
    server = new DeploymentServer(directory);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void whoeverComesWheneverGetsTheSameByteForByte() throws Exception {
    long id = server.start(1);
    try (RawClient early = server.view(id)) {
      ScriptedDeployer.Run run = server.deployer.next();
      run.report().status(DeploymentStage.CLONING_REPO, 25, "Cloning");
      run.report().log(LogStream.STDOUT, "Cloning into 'x' é");
      run.report().status(DeploymentStage.BUILDING_IMAGE, 50, "Building Docker image...");
      for (int i = 0; i < 3000; i++) {
        run.report().log(i % 2 == 0 ? LogStream.STDOUT : LogStream.STDERR, "line " + i);
      }
      try (RawClient late = server.view(id)) {
        List<String> first = new ArrayList<>();
        for (int i = 0; i < 500; i++) {
          first.add(late.readText());
        }
        run.report().status(DeploymentStage.STARTING_NEW, 80, "Starting");
        run.succeed();
        List<String> texts = readToEnd(early);
        assertThat(texts.get(0)).contains("\"status\":\"pending\"", "\"deployment_id\":" + id);
        assertThat(texts.get(texts.size() - 2))
            .contains("\"status\":\"success\"", "\"progress\":100", "\"stage\":\"completed\"");
        first.addAll(readToEnd(late));
        assertThat(first).isEqualTo(texts);
        try (RawClient after = server.view(id);
            RawClient alias =
                RawClient.open(server.port(), "/api/deployments/logs/stream?id=" + id)) {
          assertThat(readToEnd(after)).isEqualTo(texts);
          assertThat(readToEnd(alias)).isEqualTo(texts);
        }
        assertThat(Files.readAllLines(directory.resolve(id + ".ndjson"))).isEqualTo(texts);
        assertThat(server.get("/api/deployments/" + id + "/logs").body())
            .isEqualTo(String.join("\n", texts) + "\n");
        server.close();
        server = new DeploymentServer(directory);
        try (RawClient restarted = server.view(id)) {
          assertThat(readToEnd(restarted)).isEqualTo(texts);
        }
        try (RawClient resumed = server.view(id, cursor(texts.get(17)))) {
          assertThat(readToEnd(resumed)).isEqualTo(texts.subList(18, texts.size()));
        }
      }
    }
  }

  @Test
  void twentyReconnectsMissNothingAndRepeatNothing() throws Exception {
    long id = server.start(1);
    ScriptedDeployer.Run run = server.deployer.next();
    DeploymentReporter report = run.report();
    report.status(DeploymentStage.BUILDING_IMAGE, 40, "Building");
    Thread builder =
        new Thread(
            () -> {
              for (int i = 0; i < 20_000; i++) {
                report.log(LogStream.STDOUT, "line " + i);
              }
              run.succeed();
            });
    List<String> texts = new ArrayList<>();
    try (RawClient viewer = server.view(id)) {
      texts.add(viewer.readText());
    }
    builder.start();
    for (int i = 0; i < 20; i++) {
      try (RawClient viewer = server.view(id, cursor(texts.get(texts.size() - 1)))) {
        for (int n = 0; n < 1 + i * 37; n++) {
          texts.add(viewer.readText());
        }
      }
    }
    try (RawClient viewer = server.view(id, cursor(texts.get(texts.size() - 1)))) {
      texts.addAll(readToEnd(viewer));
    }
    builder.join();
    assertThat(texts).isEqualTo(Files.readAllLines(directory.resolve(id + ".ndjson")));
    assertThat(texts).hasSizeGreaterThan(20_000);
  }

  @Test
  void behindTheEndThereIsNothingButTheClose() throws Exception {
    long id = server.start(1);
    server.deployer.next().fail("Docker build failed: exit code 1");
    List<String> texts;
    try (RawClient viewer = server.view(id)) {
      texts = readToEnd(viewer);
      assertThat(texts.get(texts.size() - 3))
          .contains("\"type\":\"error\"", "\"message\":\"Docker build failed: exit code 1\"");
      assertThat(texts.get(texts.size() - 2)).contains("\"status\":\"failed\"");
    }
    try (RawClient viewer = server.view(id, cursor(texts.get(texts.size() - 1)))) {
      assertThat(viewer.readFrame().closeCode()).isEqualTo(1000);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/ws/deployment/logs | deploymentId is missing",
        "/ws/deployment/logs?deploymentId= | deploymentId is missing",
        "/ws/deployment/logs?deploymentId=abc | deploymentId must be a positive integer",
        "/ws/deployment/logs?deploymentId=0 | deploymentId must be a positive integer",
        "/ws/deployment/logs?deploymentId=-1 | deploymentId must be a positive integer",
        "/ws/deployment/logs?deploymentId=1.5 | deploymentId must be a positive integer",
        "/ws/deployment/logs?deploymentId=99999999999999999999 | deploymentId must be a positive",
        "/ws/deployment/logs?deploymentId=1&deploymentId=2 | deploymentId is given more than once",
        "/ws/deployment/logs?deploymentId=1&after=nonsense | after is not a cursor",
        "/ws/deployment/logs?deploymentId=%zz | the query contains a broken percent-escape",
        "/api/deployments/logs/stream | deploymentId is missing",
        "/api/deployments/logs/stream?id=abc | id must be a positive integer",
        "/api/deployments/logs/stream?id=1&id=1 | id is given more than once",
        "/api/deployments/logs/stream?id=1&after=x | after is not a cursor",
      })
  void badParametersAreRefusedBeforeTheUpgrade(String target, String message) throws Exception {
    try (RawClient socket = RawClient.connect(server.port())) {
      Response response = socket.send(socket.handshake(target)).readResponse();
      assertThat(response.statusLine()).isEqualTo("HTTP/1.1 400 Bad Request");
      assertThat(response.body())
          .startsWith("{\"error\":{\"code\":\"invalid_request\",\"message\":\"" + message);
      assertThat(socket.isEnded()).isTrue();
    }
  }

  @Test
  void anUnknownDeploymentIsToldAfterTheUpgrade() throws Exception {
    for (String target :
        new String[] {
          "/ws/deployment/logs?deploymentId=404", "/api/deployments/logs/stream?id=404"
        }) {
      try (RawClient viewer = RawClient.open(server.port(), target)) {
        assertThat(viewer.readText())
            .contains("\"message\":\"Deployment not found\"", "\"code\":\"deployment_not_found\"");
        Frame close = viewer.readFrame();
        assertThat(close.closeCode()).isEqualTo(1008);
        assertThat(close.closeReason()).isEqualTo("deployment_not_found");
      }
    }
  }

  @Test
  void aCursorOfSomethingElseIsToldAfterTheUpgrade() throws Exception {
    long one = server.start(1);
    long two = server.start(2);
    String of;
    try (RawClient viewer = server.view(one)) {
      of = cursor(viewer.readText());
    }
    try (RawClient viewer = server.view(two, of)) {
      assertThat(viewer.readText())
          .contains("\"code\":\"invalid_request\"", "after is no position in this deployment");
      assertThat(viewer.readFrame().closeCode()).isEqualTo(1008);
    }
  }

  @Test
  void viewersAreToldToComeBackWhenTheServerGoes() throws Exception {
    long id = server.start(1);
    ScriptedDeployer.Run run = server.deployer.next();
    run.report().status(DeploymentStage.CLONING_REPO, 25, "Cloning");
    run.report().flush();
    try (RawClient viewer = server.view(id)) {
      String last = viewer.readText();
      while (!last.contains("Cloning")) {
        last = viewer.readText();
      }
      Thread closing = new Thread(server::close);
      closing.start();
      Frame close = viewer.readFrame();
      assertThat(close.closeCode()).isEqualTo(1001);
      viewer.sendClose(1001);
      assertThat(viewer.isEnded()).isTrue();
      closing.join(10_000);
      server = new DeploymentServer(directory);
      try (RawClient again = server.view(id, cursor(last))) {
        List<String> texts = readToEnd(again);
        assertThat(texts.get(0)).contains("\"type\":\"error\"", "the server was stopped");
        assertThat(texts.get(1)).contains("\"status\":\"failed\"");
        assertThat(texts).hasSize(3);
      }
    }
  }

  @Test
  void logsAreNotServedUnlessTheyAreSet() throws Exception {
    try (RawClient socket = RawClient.connect(server.port())) {
      socket.send(socket.handshake("/ws/container/logs?appId=1"));
      assertThat(socket.readResponse().status()).isEqualTo(404);
    }
  }
}
