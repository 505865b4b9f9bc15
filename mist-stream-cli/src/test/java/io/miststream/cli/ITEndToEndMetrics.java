package io.miststream.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.miststream.client.MistStreamClient;
import io.miststream.core.ContainerStats;
import io.miststream.core.ContainerStatus;
import io.miststream.core.ErrorCode;
import io.miststream.core.HostMetrics;
import io.miststream.core.StreamException;
import io.miststream.core.StreamMessage;
import io.miststream.core.wire.WireCodec;
import io.miststream.docker.testing.DockerFixture;
import io.miststream.docker.testing.SecondEngine;
import io.miststream.docker.testing.TestContainer;
import io.miststream.testkit.RecordingSubscriber;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Metrics and stats, from the real host and engine to the client and the command. */
@Tag("docker")
class ITEndToEndMetrics {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String ENTER = "\u001b[?1049h";
  private static final String LEAVE = "\u001b[?1049l";

  private static DockerFixture docker;
  private static ServerProcess server;

  @TempDir private Path directory;

  @BeforeAll
  static void start() throws IOException {
    docker = DockerFixture.connect();
    server = ServerProcess.start(docker.host(), Map.of("MIST_JAVA_OPTS", "-Xmx96m"));
  }

  @AfterAll
  static void stop() throws IOException {
    server.close();
    docker.close();
  }

  private static List<HostMetrics> samples(RecordingSubscriber viewer) {
    return viewer.messages(HostMetrics.class);
  }

  private static HostMetrics last(RecordingSubscriber viewer) {
    List<HostMetrics> all = samples(viewer);
    return all.get(all.size() - 1);
  }

  @Test
  void theHistoryIsThereBeforeAnybodyWatches() throws Exception {
    try (ServerProcess fresh =
        ServerProcess.start(docker.host(), Map.of("MIST_JAVA_OPTS", "-Xmx96m"))) {
      await()
          .atMost(PATIENCE)
          .pollInterval(Duration.ofSeconds(1))
          .until(
              () -> {
                RecordingSubscriber viewer =
                    RecordingSubscriber.to(MistStreamClient.create(fresh.uri()).metrics(300));
                viewer.await(HostMetrics.class, 1);
                await().during(Duration.ofMillis(200)).until(() -> true);
                viewer.cancel();
                return samples(viewer).size() >= 4;
              });
      RecordingSubscriber viewer =
          RecordingSubscriber.to(MistStreamClient.create(fresh.uri()).metrics(3));
      viewer.await(HostMetrics.class, 6);
      viewer.cancel();
      List<HostMetrics> all = samples(viewer);
      for (int i = 1; i < all.size(); i++) {
        assertThat(Duration.between(all.get(i - 1).timestamp(), all.get(i).timestamp()))
            .isBetween(Duration.ofMillis(300), Duration.ofMillis(2500));
      }
      assertThat(last(viewer).errors()).isEmpty();
      assertThat(last(viewer).docker().error()).isNull();
      assertThat(last(viewer).docker().images()).isPositive();
    }
  }

  @Test
  void withoutDockerSamplesGoOnAndSayWhy() throws Exception {
    try (SecondEngine engine = SecondEngine.start(true);
        ServerProcess own =
            ServerProcess.start(engine.host(), Map.of("MIST_JAVA_OPTS", "-Xmx96m"))) {
      RecordingSubscriber viewer =
          RecordingSubscriber.to(MistStreamClient.create(own.uri()).metrics(0));
      viewer.await(
          "counts", () -> !samples(viewer).isEmpty() && last(viewer).docker().error() == null);
      engine.stop();
      viewer.await("a reason", () -> last(viewer).docker().error() != null);
      assertThat(last(viewer).docker().error()).startsWith("Docker is unreachable: ");
      assertThat(last(viewer).docker().containersTotal()).isZero();
      int before = samples(viewer).size();
      viewer.await(HostMetrics.class, before + 3);
      engine.start();
      viewer.await("counts again", () -> last(viewer).docker().error() == null);
      viewer.cancel();
      List<HostMetrics> all = samples(viewer);
      for (int i = 1; i < all.size(); i++) {
        assertThat(Duration.between(all.get(i - 1).timestamp(), all.get(i).timestamp()))
            .isBetween(Duration.ofMillis(300), Duration.ofMillis(2500));
      }
    }
  }

  /** Names of the process' threads that begin so, of which the kernel keeps 15 characters. */
  private static List<String> threads(ServerProcess process, String prefix) throws IOException {
    List<String> names = new ArrayList<>();
    try (Stream<Path> tasks = Files.list(Path.of("/proc/" + process.pid() + "/task"))) {
      for (Path task : tasks.toList()) {
        try {
          names.add(Files.readString(task.resolve("comm")).strip());
        } catch (IOException e) {
          // just ended
        }
      }
    }
    return names.stream().filter(name -> name.startsWith(prefix)).toList();
  }

  private static long sockets(ServerProcess process) throws IOException {
    long sockets = 0;
    try (Stream<Path> open = Files.list(Path.of("/proc/" + process.pid() + "/fd"))) {
      for (Path fd : open.toList()) {
        try {
          sockets += Files.readSymbolicLink(fd).toString().startsWith("socket:") ? 1 : 0;
        } catch (IOException e) {
          // just closed
        }
      }
    }
    return sockets;
  }

  @Test
  void whenNobodyWatchesNothingIsRead() throws Exception {
    TestContainer container = docker.container().run("sleep 1000");
    try (ServerProcess own =
        ServerProcess.start(
            docker.host(),
            Map.of("MIST_JAVA_OPTS", "-Xmx96m"),
            "--metrics-history",
            "false",
            "--linger",
            "1s")) {
      MistStreamClient client = MistStreamClient.create(own.uri());
      long begin = sockets(own);
      assertThat(threads(own, "mist-metrics")).isEmpty();
      RecordingSubscriber host = RecordingSubscriber.to(client.metrics(0));
      RecordingSubscriber app = RecordingSubscriber.to(client.stats(container.appId()));
      host.await(HostMetrics.class, 2);
      app.await(ContainerStats.class, 2);
      assertThat(threads(own, "mist-metrics")).isNotEmpty();
      assertThat(threads(own, "mist-docker-sta")).hasSize(1);
      assertThat(threads(own, "mist-docker-cou")).hasSize(1);
      host.cancel();
      app.cancel();
      await()
          .atMost(PATIENCE)
          .untilAsserted(
              () -> {
                // But for those that wake viewers, which wait a minute for more to do.
                assertThat(threads(own, "mist-metrics"))
                    .allMatch(name -> name.startsWith("mist-metrics-pu"));
                assertThat(threads(own, "mist-docker-sta")).isEmpty();
                assertThat(threads(own, "mist-docker-cou")).isEmpty();
                assertThat(threads(own, "mist-docker-eve")).isEmpty();
                // Connections for short requests are kept for the next.
                assertThat(sockets(own)).isLessThanOrEqualTo(begin + 2);
              });
    }
  }

  @Test
  void aContainerThatBurnsACoreIsSeenByTheClient() {
    TestContainer container = docker.container().run("while :; do :; done");
    RecordingSubscriber viewer =
        RecordingSubscriber.to(MistStreamClient.create(server.uri()).stats(container.appId()));
    viewer.await(ContainerStats.class, 3);
    assertThat(viewer.messages().get(0)).isInstanceOf(ContainerStatus.class);
    assertThat(viewer.messages(ContainerStats.class))
        .anySatisfy(stats -> assertThat(stats.cpuPercent()).isBetween(60.0, 115.0));
    container.stop();
    viewer.awaitComplete();
    assertThat(viewer.states()).endsWith("exited");
    RecordingSubscriber late =
        RecordingSubscriber.to(MistStreamClient.create(server.uri()).stats(container.appId()));
    assertThat(((StreamException) late.awaitError()).code())
        .isEqualTo(ErrorCode.CONTAINER_NOT_RUNNING);
  }

  private Process start(String... arguments) throws IOException {
    return ServerProcess.command(arguments)
        .redirectOutput(directory.resolve("out").toFile())
        .redirectError(directory.resolve("err").toFile())
        .start();
  }

  private String out() throws IOException {
    return Files.readString(directory.resolve("out"));
  }

  @Test
  void pipedItIsJson() throws Exception {
    Process metrics = start("metrics", "--server", "" + server.uri(), "--history", "2");
    await().atMost(PATIENCE).until(() -> out().lines().count() >= 4);
    metrics.destroy();
    assertThat(metrics.waitFor(10, TimeUnit.SECONDS)).isTrue();
    assertThat(out()).endsWith("\n");
    assertThat(out().lines().map(WireCodec::decode)).allMatch(HostMetrics.class::isInstance);

    TestContainer container = docker.container().run("sleep 1000");
    Process stats = start("stats", "" + container.appId(), "--server", "" + server.uri());
    await().atMost(PATIENCE).until(() -> out().contains("\"stats\""));
    container.remove();
    assertThat(stats.waitFor(20, TimeUnit.SECONDS)).isTrue();
    assertThat(stats.exitValue()).isZero();
    List<StreamMessage> messages = out().lines().map(WireCodec::decode).toList();
    assertThat(messages.get(0)).isInstanceOf(ContainerStatus.class);

    Process none = start("stats", "1", "--server", "" + server.uri());
    assertThat(none.waitFor(20, TimeUnit.SECONDS)).isTrue();
    assertThat(none.exitValue()).isEqualTo(1);
    assertThat(Files.readString(directory.resolve("err")))
        .isEqualTo("mist-stream: Container not found\n");
    Process bad = start("metrics", "--server", "" + server.uri(), "--history", "301");
    assertThat(bad.waitFor(20, TimeUnit.SECONDS)).isTrue();
    assertThat(bad.exitValue()).isEqualTo(2);
    assertThat(Files.readString(directory.resolve("err")))
        .isEqualTo("mist-stream: --history must be 0 to 300\n");
  }

  @Test
  void aTerminalIsFilledAndLeftAsItWas() throws Exception {
    List<String> command =
        ServerProcess.command("metrics", "--server", server.uri() + "").command();
    // A terminal of its own, which shrinks on the way; what is typed there comes from our side.
    String script =
        "stty cols 100 rows 30; stty -g; (sleep 4; stty cols 50 rows 8 </dev/tty) & "
            + "trap : INT; "
            + String.join(" ", command)
            + "; echo exit $?; stty -g";
    ProcessBuilder builder = ServerProcess.command();
    builder.command("script", "-qfc", script, "/dev/null");
    builder.environment().put("TERM", "xterm");
    Process terminal =
        builder.redirectOutput(directory.resolve("out").toFile()).redirectErrorStream(true).start();
    try {
      await().atMost(PATIENCE).until(() -> drawings().size() >= 9);
      terminal.getOutputStream().write(3); // Ctrl-C
      terminal.getOutputStream().flush();
      await().atMost(PATIENCE).until(() -> out().contains("exit "));
      await().atMost(PATIENCE).until(() -> !terminal.isAlive());
    } finally {
      terminal.destroyForcibly();
    }
    String text = out();
    assertThat(text.split(java.util.regex.Pattern.quote(ENTER), -1)).hasSize(2);
    int enter = text.indexOf(ENTER);
    int leave = text.indexOf(LEAVE);
    assertThat(leave).isGreaterThan(enter);
    assertThat(text.substring(leave)).contains("exit 130");
    String before = text.substring(0, enter).strip();
    assertThat(text.strip()).endsWith(before); // the terminal's own settings
    List<String> drawings = drawings();
    // The first of all only says that nothing has come yet.
    String large =
        drawings.stream().filter(drawn -> drawn.contains("CPU")).findFirst().orElseThrow();
    assertThat(large).contains("CPU", "Memory", "Disk", "Docker", "▁");
    assertThat(large.lines().count()).isBetween(9L, 30L);
    assertThat(drawings.get(drawings.size() - 1).lines().count()).isLessThanOrEqualTo(8);
  }

  /** What was drawn, each screen without what controls the terminal. */
  private List<String> drawings() throws IOException {
    String text = new String(Files.readAllBytes(directory.resolve("out")), UTF_8);
    int enter = text.indexOf(ENTER);
    if (enter < 0) {
      return List.of();
    }
    int leave = text.indexOf(LEAVE);
    return Stream.of(
            text.substring(enter, leave < 0 ? text.length() : leave).split("\u001b\\[H", -1))
        .skip(1)
        .map(screen -> screen.replaceAll("\r|\u001b\\[[0-9;?]*[A-Za-z]", ""))
        .toList();
  }
}
