package io.miststream.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.miststream.core.DeploymentLine;
import io.miststream.core.DeploymentStatus;
import io.miststream.core.LogLine;
import io.miststream.core.StreamMessage;
import io.miststream.docker.testing.DockerFixture;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Deployments through the real server, on the real engine. */
@Tag("docker")
@Execution(ExecutionMode.CONCURRENT)
class ITEndToEndDeployments {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  @RegisterExtension static final EndToEnd mist = new EndToEnd();

  @TempDir private Path directory;
  private final long app = DockerFixture.newAppId();

  @AfterEach
  void removeAll() {
    for (String id : containers().lines().toList()) {
      mist.docker().docker("rm", "-f", id);
    }
    for (String image : images().lines().toList()) {
      mist.docker().docker("rmi", "-f", image);
    }
  }

  private String containers() {
    return mist.docker().docker("ps", "-aq", "--filter", "label=mist.app.id=" + app).strip();
  }

  private String images() {
    return mist.docker().docker("images", "-q", "mist-app-" + app).strip();
  }

  /** What the app is built of. */
  private void source(String... steps) throws IOException {
    Path source = Files.createDirectories(directory.resolve("source"));
    Files.writeString(
        source.resolve("Dockerfile"),
        "FROM " + DockerFixture.IMAGE + "\n" + String.join("\n", steps) + "\n");
  }

  private ServerProcess serve(String heap, String... options) throws IOException {
    Path config = directory.resolve("mist.yaml");
    Files.writeString(config, "apps:\n  - id: %d\n    path: source\n".formatted(app));
    List<String> all = new ArrayList<>(List.of("--config", "" + config));
    all.addAll(List.of(options));
    if (!all.contains("--data-dir")) {
      all.addAll(List.of("--data-dir", "" + directory.resolve("data")));
    }
    return ServerProcess.start(
        mist.docker().host(), Map.of("MIST_JAVA_OPTS", heap), all.toArray(String[]::new));
  }

  private static HttpResponse<String> get(ServerProcess server, String path) throws Exception {
    return HTTP.send(
        HttpRequest.newBuilder(server.uri().resolve(path)).build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private static HttpResponse<String> post(ServerProcess server, String path, String body)
      throws Exception {
    return HTTP.send(
        HttpRequest.newBuilder(server.uri().resolve(path))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build(),
        HttpResponse.BodyHandlers.ofString());
  }

  private long start(ServerProcess server) throws Exception {
    HttpResponse<String> answer = post(server, "/api/deployments", "{\"appId\":" + app + "}");
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
    return Long.parseLong(answer.body().replaceAll("[^0-9]", ""));
  }

  private static TestViewer watch(ServerProcess server, long id, String more) {
    return TestViewer.openPath(server.uri(), "/ws/deployment/logs?deploymentId=" + id + more);
  }

  private static Predicate<StreamMessage> line(String text) {
    return message -> message instanceof DeploymentLine line && line.line().equals(text);
  }

  private static List<String> awaitEnd(TestViewer viewer) {
    assertThat(viewer.awaitClose()).isEqualTo(1000);
    return viewer.raw();
  }

  @Test
  void whoeverComesWheneverSeesTheSameAndTheLogsGoOver() throws Exception {
    source(
        "RUN i=0; while [ $i -lt 40 ]; do echo building $i; i=$((i+1)); usleep 50000; done",
        "CMD trap 'exit 0' TERM; echo serving; sleep 1000 & wait");
    List<String> all;
    long id;
    try (ServerProcess server = serve(EndToEnd.HEAP)) {
      id = start(server);
      try (TestViewer early = watch(server, id, "")) {
        early.await(line("building 10"), PATIENCE);
        try (TestViewer middle = watch(server, id, "")) {
          all = awaitEnd(early);
          assertThat(awaitEnd(middle)).isEqualTo(all);
        }
        List<DeploymentStatus> statuses = early.all(DeploymentStatus.class);
        assertThat(statuses.stream().map(s -> s.stage().wire()).distinct())
            .containsExactly(
                "", "cloning_repo", "building_image", "stopping_old", "starting_new", "completed");
        assertThat(statuses.stream().map(DeploymentStatus::progress).toList()).isSorted();
        assertThat(statuses.get(statuses.size() - 1).progress()).isEqualTo(100);
      }
      assertThat(containers().lines()).hasSize(1);
      try (TestViewer logs =
          TestViewer.open(server.uri(), "appId=" + app + "&follow=app&tail=all")) {
        logs.awaitLine("serving");
        try (CommandProcess deploy =
            CommandProcess.start("deploy", "" + app, "--follow", "--server", "" + server.uri())) {
          assertThat(deploy.exit()).as(deploy.err()).isZero();
          assertThat(deploy.out()).contains("building_image");
        }
        await()
            .atMost(PATIENCE)
            .until(() -> logs.all(LogLine.class).size() == 2); // the new container's
        assertThat(logs.lines()).containsExactly("serving", "serving");
      }
      assertThat(containers().lines()).hasSize(1);
      assertThat(get(server, "/api/deployments/" + id + "/logs").body().lines()).isEqualTo(all);
    }
    try (ServerProcess server = serve(EndToEnd.HEAP);
        TestViewer late = watch(server, id, "")) {
      assertThat(awaitEnd(late)).isEqualTo(all);
    }
  }

  @Test
  void twentyReconnectsAndAKilledServerLoseNothing() throws Exception {
    source("RUN i=0; while [ $i -lt 100000 ]; do echo building $i; i=$((i+1)); usleep 2000; done");
    List<String> got = new ArrayList<>();
    long id;
    try (ServerProcess server = serve(EndToEnd.HEAP)) {
      id = start(server);
      for (int round = 0; round < 20; round++) {
        got.addAll(some(server, id, got));
      }
      server.kill();
    }
    try (ServerProcess server = serve(EndToEnd.HEAP)) {
      String lastId = got.get(got.size() - 1).replaceFirst(".*\"id\":\"([^\"]*)\"}$", "$1");
      try (TestViewer rest = watch(server, id, "&after=" + lastId)) {
        got.addAll(awaitEnd(rest));
      }
      List<String> journal =
          get(server, "/api/deployments/" + id + "/logs").body().lines().toList();
      assertThat(got).isEqualTo(journal).doesNotHaveDuplicates();
      assertThat(journal.get(journal.size() - 2))
          .contains("\"status\":\"failed\"", "interrupted by a restart");
      List<String> lines =
          journal.stream()
              .filter(text -> text.contains("\"line\":\"building "))
              .map(text -> text.replaceFirst(".*building ([0-9]+).*", "$1"))
              .toList();
      for (int i = 0; i < lines.size(); i++) {
        assertThat(lines.get(i)).isEqualTo("" + i);
      }
      assertThat(containers()).isEmpty();
      assertThat(images()).isEmpty();
      String running = mist.docker().docker("ps", "-q", "--no-trunc", "--format", "{{.Command}}");
      assertThat(running).doesNotContain("echo building");
      await()
          .atMost(PATIENCE)
          .untilAsserted(this::assertNothingButJournals); // the last thing that recovery does
    }
    assertNothingButJournals();
  }

  private void assertNothingButJournals() throws IOException {
    try (Stream<Path> left = Files.walk(directory.resolve("data"))) {
      assertThat(left.filter(Files::isRegularFile).map(path -> path.getFileName().toString()))
          .allMatch(name -> name.endsWith(".ndjson") || List.of(".lock", "owner").contains(name));
    }
  }

  /** What a viewer gets from behind the last message on, until it is cut off. */
  private static List<String> some(ServerProcess server, long id, List<String> before) {
    String after =
        before.isEmpty()
            ? ""
            : "&after="
                + before.get(before.size() - 1).replaceFirst(".*\"id\":\"([^\"]*)\"}$", "$1");
    try (TestViewer viewer = watch(server, id, after)) {
      await().pollInterval(Duration.ofMillis(2)).atMost(PATIENCE).until(() -> viewer.count() > 20);
      viewer.abort();
      return viewer.raw();
    }
  }

  @Test
  void aFloodIsAllThereForThoseWhoDoNotReadToo() throws Exception {
    int lines = 60_000; // several times what is kept in memory
    source(
        "RUN awk 'BEGIN{for(i=0;i<" + lines + ";i++)print \"line \" i}'",
        "RUN i=0; while [ $i -lt 5 ]; do head -c 1048576 /dev/zero | tr '\\000' x; echo; i=$((i+1));"
            + " done",
        "CMD sleep 1000");
    List<CountingViewer> viewers = new ArrayList<>();
    try (ServerProcess server = serve("-Xmx192m")) {
      long id = start(server);
      String path = "/ws/deployment/logs?deploymentId=" + id;
      for (int i = 0; i < 20; i++) {
        viewers.add(new CountingViewer(server.uri(), path));
      }
      List<CountingViewer> stalled = viewers.subList(10, 20);
      viewers.subList(0, 10).forEach(CountingViewer::read);
      long sum = viewers.get(0).awaitEnd();
      for (CountingViewer viewer : viewers.subList(1, 10)) {
        assertThat(viewer.awaitEnd()).isEqualTo(sum);
      }
      stalled.forEach(CountingViewer::read);
      for (CountingViewer viewer : stalled) {
        assertThat(viewer.awaitEnd()).isEqualTo(sum);
      }
      assertThat(get(server, "/api/deployments/" + id).body()).contains("\"status\":\"success\"");
      int[] next = {0};
      int[] long5 = {0};
      CRC32 journal = new CRC32();
      HTTP.send(
              HttpRequest.newBuilder(server.uri().resolve("/api/deployments/" + id + "/logs"))
                  .build(),
              HttpResponse.BodyHandlers.ofLines())
          .body()
          .forEach(
              text -> {
                journal.update((text + "\n").getBytes(UTF_8));
                if (text.contains("\"line\":\"line " + next[0] + "\"")) {
                  next[0]++;
                } else if (text.length() > 1 << 20) {
                  long5[0]++;
                }
              });
      assertThat(journal.getValue()).isEqualTo(sum);
      assertThat(next[0]).isEqualTo(lines);
      assertThat(long5[0]).isEqualTo(5);
    } finally {
      for (CountingViewer viewer : viewers) {
        viewer.close();
      }
    }
  }

  @Test
  void aFullDiskFailsTheDeploymentAndNothingElse() throws Exception {
    assumeThat(run("id", "-u")).as("only root mounts").isEqualTo("0");
    source("RUN awk 'BEGIN{for(i=0;i<5000;i++)print \"line \" i}'; sleep 1", "CMD sleep 1000");
    Path data = Files.createDirectory(directory.resolve("small"));
    run("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", "" + data);
    try (ServerProcess server = serve(EndToEnd.HEAP, "--data-dir", "" + data)) {
      long id = start(server);
      try (TestViewer viewer = watch(server, id, "")) {
        List<String> all = awaitEnd(viewer);
        assertThat(all.get(all.size() - 2))
            .contains("\"status\":\"failed\"", "journal cannot be written", "No space left");
        assertThat(get(server, "/health").statusCode()).isEqualTo(200);
        HttpResponse<String> ready = get(server, "/ready");
        assertThat(ready.statusCode()).isEqualTo(503);
        assertThat(ready.body()).contains("No space left");
        assertThat(post(server, "/api/deployments", "{\"appId\":" + app + "}").statusCode())
            .isEqualTo(503);
        run("mount", "-o", "remount,size=64m", "" + data);
        await().atMost(PATIENCE).until(() -> get(server, "/ready").statusCode() == 200);
        assertThat(get(server, "/api/deployments/" + id + "/logs").body().lines()).isEqualTo(all);
        try (TestViewer next = watch(server, start(server), "")) {
          List<String> second = awaitEnd(next);
          assertThat(second.get(second.size() - 2)).contains("\"status\":\"success\"");
        }
      }
    } finally {
      run("umount", "-l", "" + data);
    }
  }

  private static String run(String... command) throws Exception {
    Process process = ServerProcess.fresh(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8).strip();
    assertThat(process.waitFor()).as(output).isZero();
    return output;
  }

  @Test
  void oneThatIsStoppedIsGone() throws Exception {
    source("RUN sleep 1000");
    try (ServerProcess server = serve(EndToEnd.HEAP)) {
      long id = start(server);
      try (TestViewer viewer = watch(server, id, "")) {
        viewer.await(
            m -> m instanceof DeploymentLine line && line.line().contains("sleep 1000"), PATIENCE);
        assertThat(post(server, "/api/deployments/" + id + "/stop", "").statusCode())
            .isBetween(200, 202);
        List<String> all = awaitEnd(viewer);
        assertThat(all.get(all.size() - 2)).contains("\"status\":\"stopped\"");
      }
      assertThat(containers()).isEmpty();
      assertThat(images()).isEmpty();
    }
  }

  /** The example of the documentation, word for word. */
  @Test
  void aJobElsewhereReportsAsDocumented() throws Exception {
    source("CMD sleep 1000");
    String page = Files.readString(Path.of("..", "docs", "DEPLOYMENTS.md"));
    String script = page.substring(page.indexOf("```sh\n") + 6);
    try (ServerProcess server = serve(EndToEnd.HEAP)) {
      Path file = directory.resolve("report.sh");
      Files.writeString(
          file,
          script
                  .substring(0, script.indexOf("```"))
                  .replace("http://127.0.0.1:8080", "" + server.uri())
                  .replace("\"appId\": 1", "\"appId\": " + app)
              + "echo; echo id=$id\n");
      String output = run("sh", "" + file);
      assertThat(output).contains("{\"last_seq\":5}").contains("id=1");
      try (TestViewer viewer = watch(server, 1, "")) {
        List<String> all = awaitEnd(viewer);
        assertThat(all.get(all.size() - 2)).contains("\"status\":\"success\"", "Deployed by CI");
      }
      URI page2 = server.uri().resolve("/api/deployments?appId=" + app);
      assertThat(
              HTTP.send(HttpRequest.newBuilder(page2).build(), HttpResponse.BodyHandlers.ofString())
                  .body())
          .contains("\"status\":\"success\"");
    }
  }
}
