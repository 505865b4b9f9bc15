package io.miststream.server;

import static io.miststream.server.DeploymentServer.cursor;
import static io.miststream.server.DeploymentServer.readToEnd;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.miststream.core.DeploymentStage;
import io.miststream.core.LogStream;
import io.miststream.core.deployment.DeploymentJournal;
import io.miststream.core.deployment.DeploymentReporter;
import io.miststream.core.topic.LogTopics;
import io.miststream.testkit.RawClient;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.glassfish.tyrus.container.grizzly.server.GrizzlyServerContainer;
import org.glassfish.tyrus.server.TyrusServerContainer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Deployments beside logs in a container that knows nothing of them. */
class EmbeddedDeploymentsTest {
  private static final String DEPLOYMENT = "/app/ws/deployment/logs";

  @TempDir private Path directory;
  private final MemoryLogSource source = new MemoryLogSource();
  private final LogTopics topics = LogTopics.create(source);
  private DeploymentJournal journal;
  private TyrusServerContainer container;
  private int port;

  @BeforeEach
  void serve() throws Exception {
    journal = DeploymentJournal.open(directory);
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    container = (TyrusServerContainer) new GrizzlyServerContainer().createContainer(Map.of());
    StreamEndpoints.create().addLogs(container, topics);
    StreamEndpoints.create().addDeployments(container, journal);
    container.start("/app", port);
  }

  @AfterEach
  void stop() {
    container.stop();
    topics.close();
    journal.close();
  }

  private RawClient view(String query) throws Exception {
    return RawClient.open(port, DEPLOYMENT + query);
  }

  @Test
  void earlyAndLateViewersGetTheSame() throws Exception {
    DeploymentReporter report = journal.begin(1, "Deployment queued");
    String query = "?deploymentId=" + report.deploymentId();
    try (RawClient early = view(query)) {
      assertThat(early.readText()).contains("\"status\":\"pending\"");
      report.status(DeploymentStage.BUILDING_IMAGE, 50, "Building");
      for (int i = 0; i < 2000; i++) {
        report.log(LogStream.STDOUT, "line " + i + " é");
      }
      report.succeed("Done");
      List<String> lines = Files.readAllLines(directory.resolve(report.deploymentId() + ".ndjson"));
      assertThat(readToEnd(early)).isEqualTo(lines.subList(1, lines.size()));
      try (RawClient late = view(query);
          RawClient alias =
              RawClient.open(port, "/app/api/deployments/logs/stream?id=" + report.deploymentId());
          RawClient resumed = view(query + "&after=" + cursor(lines.get(1000)))) {
        assertThat(readToEnd(late)).isEqualTo(lines);
        assertThat(readToEnd(alias)).isEqualTo(lines);
        assertThat(readToEnd(resumed)).isEqualTo(lines.subList(1001, lines.size()));
      }
    }
  }

  @Test
  void twentyReconnectsMissNothingAndRepeatNothing() throws Exception {
    DeploymentReporter report = journal.begin(1, "Deployment queued");
    String query = "?deploymentId=" + report.deploymentId();
    Thread builder =
        new Thread(
            () -> {
              for (int i = 0; i < 10_000; i++) {
                report.log(LogStream.STDOUT, "line " + i);
              }
              report.succeed("Done");
            });
    builder.start();
    List<String> texts = new ArrayList<>();
    String after = "";
    for (int i = 0; i < 20; i++) {
      try (RawClient viewer = view(query + after)) {
        for (int n = 0; n < 1 + i * 7; n++) {
          texts.add(viewer.readText());
        }
      }
      after = "&after=" + cursor(texts.get(texts.size() - 1));
    }
    try (RawClient viewer = view(query + after)) {
      texts.addAll(readToEnd(viewer));
    }
    builder.join();
    assertThat(texts)
        .isEqualTo(Files.readAllLines(directory.resolve(report.deploymentId() + ".ndjson")));
  }

  @ParameterizedTest
  @CsvSource({
    "'', deploymentId is missing",
    "?deploymentId=abc, deploymentId must be a positive integer",
    "?deploymentId=0, deploymentId must be a positive integer",
    "?id=abc, id must be a positive integer",
    "?deploymentId=1&after=x, after is not a cursor",
  })
  void badParametersAreOneErrorAndAClose(String query, String message) throws Exception {
    try (RawClient viewer = view(query)) {
      assertThat(viewer.readText())
          .contains("\"type\":\"error\"", "\"code\":\"invalid_request\"", message);
      assertThat(viewer.readClose()).isEqualTo(1008);
    }
  }

  @Test
  void anUnknownDeploymentIsOneErrorAndAClose() throws Exception {
    try (RawClient viewer = view("?deploymentId=404")) {
      assertThat(viewer.readText())
          .contains("\"message\":\"Deployment not found\"", "\"code\":\"deployment_not_found\"");
      assertThat(viewer.readClose()).isEqualTo(1008);
    }
  }

  @Test
  void logsAreServedBeside() throws Exception {
    source.app(1).print("one");
    try (RawClient viewer = RawClient.open(port, "/app/ws/container/logs?appId=1")) {
      assertThat(viewer.readText()).contains("\"state\":\"running\"");
      assertThat(viewer.readText()).contains("\"line\":\"one\"");
    }
  }

  @Test
  void closingTheJournalTellsViewersToComeBack() throws Exception {
    DeploymentReporter report = journal.begin(1, "Deployment queued");
    try (RawClient viewer = view("?deploymentId=" + report.deploymentId())) {
      assertThat(viewer.readText()).contains("pending");
      journal.close();
      assertThat(viewer.readClose()).isEqualTo(1001);
    }
  }

  @Test
  void thePingIntervalIsChecked() {
    assertThatThrownBy(() -> StreamEndpoints.create().withPingInterval(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("pingInterval must be positive");
  }
}
