package io.miststream.cli;

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
import io.miststream.docker.testing.SecondEngine;
import io.miststream.docker.testing.TestContainer;
import io.miststream.testkit.RecordingSubscriber;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Metrics and stats, from the real host and engine to the client and the command. */
@Tag("docker")
@Execution(ExecutionMode.CONCURRENT)
class ITEndToEndMetrics {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String ENTER = "\u001b[?1049h";
  private static final String LEAVE = "\u001b[?1049l";

  @RegisterExtension static final EndToEnd mist = new EndToEnd();

  @TempDir private Path directory;

  private static void awaitMessages(
      RecordingSubscriber viewer, Class<? extends StreamMessage> type, int count) {
    viewer.await(
        count + " of " + type.getSimpleName(),
        () -> viewer.messages(type).size() >= count,
        PATIENCE);
  }

  private static List<HostMetrics> samples(RecordingSubscriber viewer) {
    return viewer.messages(HostMetrics.class);
  }

  private static HostMetrics last(RecordingSubscriber viewer) {
    List<HostMetrics> all = samples(viewer);
    return all.get(all.size() - 1);
  }

  /** Each sample once, in the order in which they were taken. */
  private static void assertInOrder(List<HostMetrics> samples) {
    assertThat(samples).extracting(HostMetrics::timestamp).isSorted().doesNotHaveDuplicates();
  }

  @Test
  void theHistoryIsThereBeforeAnybodyWatches() throws Exception {
    try (ServerProcess fresh = mist.serve()) {
      await().atMost(PATIENCE).until(() -> takenBefore(fresh) >= 4);
      RecordingSubscriber viewer =
          RecordingSubscriber.to(MistStreamClient.create(fresh.uri()).metrics(3));
      awaitMessages(viewer, HostMetrics.class, 6);
      viewer.cancel();
      assertInOrder(samples(viewer));
      assertThat(last(viewer).errors()).isEmpty();
      assertThat(last(viewer).docker().error()).isNull();
      assertThat(last(viewer).docker().images()).isPositive();
    }
  }

  /** How many samples a viewer gets that were taken before it came. */
  private static long takenBefore(ServerProcess server) {
    Instant now = Instant.now();
    RecordingSubscriber viewer =
        RecordingSubscriber.to(MistStreamClient.create(server.uri()).metrics(300));
    viewer.await(
        "a new one",
        () -> samples(viewer).stream().anyMatch(sample -> sample.timestamp().isAfter(now)),
        PATIENCE);
    viewer.cancel();
    return samples(viewer).stream().filter(sample -> !sample.timestamp().isAfter(now)).count();
  }

  @Test
  void withoutDockerSamplesGoOnAndSayWhy() throws Exception {
    try (SecondEngine engine = SecondEngine.start(true);
        ServerProcess own =
            ServerProcess.start(engine.host(), Map.of("MIST_JAVA_OPTS", EndToEnd.HEAP))) {
      RecordingSubscriber viewer =
          RecordingSubscriber.to(MistStreamClient.create(own.uri()).metrics(0));
      viewer.await(
          "counts",
          () -> !samples(viewer).isEmpty() && last(viewer).docker().error() == null,
          PATIENCE);
      engine.stop();
      viewer.await("a reason", () -> last(viewer).docker().error() != null, PATIENCE);
      assertThat(last(viewer).docker().error()).startsWith("Docker is unreachable: ");
      assertThat(last(viewer).docker().containersTotal()).isZero();
      int before = samples(viewer).size();
      awaitMessages(viewer, HostMetrics.class, before + 3);
      engine.start();
      viewer.await("counts again", () -> last(viewer).docker().error() == null, PATIENCE);
      viewer.cancel();
      assertInOrder(samples(viewer));
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

  /** How many connections the process has to unix sockets: those to the engine. */
  private static long connections(ServerProcess process) throws IOException {
    Set<String> unix = new HashSet<>();
    // A line has the number of its socket before the path, where there is one.
    for (String line : Files.readAllLines(Path.of("/proc/net/unix"))) {
      unix.add("socket:[" + line.split(" +", -1)[6] + "]");
    }
    long connections = 0;
    try (Stream<Path> open = Files.list(Path.of("/proc/" + process.pid() + "/fd"))) {
      for (Path fd : open.toList()) {
        try {
          connections += unix.contains(Files.readSymbolicLink(fd).toString()) ? 1 : 0;
        } catch (IOException e) {
          // just closed
        }
      }
    }
    return connections;
  }

  @Test
  void whenNobodyWatchesNothingIsRead() throws Exception {
    TestContainer container = mist.docker().container().run("sleep 1000");
    try (ServerProcess own = mist.serve("--metrics-history", "false", "--linger", "1s")) {
      MistStreamClient client = MistStreamClient.create(own.uri());
      assertThat(threads(own, "mist-metrics")).isEmpty();
      RecordingSubscriber host = RecordingSubscriber.to(client.metrics(0));
      RecordingSubscriber app = RecordingSubscriber.to(client.stats(container.appId()));
      awaitMessages(host, HostMetrics.class, 2);
      awaitMessages(app, ContainerStats.class, 2);
      assertThat(threads(own, "mist-metrics")).isNotEmpty();
      assertThat(threads(own, "mist-docker-sta")).hasSize(1);
      assertThat(threads(own, "mist-docker-cou")).hasSize(1);
      assertThat(connections(own)).as("events and stats").isGreaterThanOrEqualTo(2);
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
                // The JDK keeps one half of a pair, with which it closes others.
                assertThat(connections(own)).isLessThanOrEqualTo(1);
              });
    }
  }

  @Test
  void aContainerThatBurnsACoreIsSeenByTheClient() throws Exception {
    TestContainer container = mist.docker().container().run("while :; do :; done");
    RecordingSubscriber viewer =
        RecordingSubscriber.to(
            MistStreamClient.create(mist.server().uri()).stats(container.appId()));
    // As much of a core as the machine has to spare.
    awaitMessages(viewer, ContainerStats.class, 3);
    assertThat(viewer.messages().get(0)).isInstanceOf(ContainerStatus.class);
    assertThat(viewer.messages(ContainerStats.class))
        .anySatisfy(stats -> assertThat(stats.cpuPercent()).isBetween(0.1, 115.0));
    container.stop();
    viewer.awaitComplete();
    assertThat(viewer.states()).endsWith("exited");
    RecordingSubscriber late =
        RecordingSubscriber.to(
            MistStreamClient.create(mist.server().uri()).stats(container.appId()));
    assertThat(((StreamException) late.awaitError()).code())
        .isEqualTo(ErrorCode.CONTAINER_NOT_RUNNING);
  }

  @Test
  void pipedItIsJson() throws Exception {
    TestContainer container = mist.docker().container().run("sleep 1000");
    try (CommandProcess metrics = mist.start("metrics", "--history", "2");
        CommandProcess stats = mist.start("stats", "" + container.appId())) {
      await().atMost(PATIENCE).until(() -> metrics.out().lines().count() >= 4);
      metrics.process().destroy();
      metrics.exit();
      assertThat(metrics.out()).endsWith("\n");
      assertThat(metrics.out().lines().map(WireCodec::decode))
          .allMatch(HostMetrics.class::isInstance);

      await().atMost(PATIENCE).until(() -> stats.out().contains("\"stats\""));
      container.remove();
      assertThat(stats.exit()).isZero();
      List<StreamMessage> messages = stats.out().lines().map(WireCodec::decode).toList();
      assertThat(messages.get(0)).isInstanceOf(ContainerStatus.class);
    }
  }

  @Test
  void mistakesAreSaid() throws Exception {
    try (CommandProcess none = mist.start("stats", "1");
        CommandProcess bad = mist.start("metrics", "--history", "301")) {
      assertThat(none.exit()).isEqualTo(1);
      assertThat(none.err()).isEqualTo("mist-stream: Container not found\n");
      assertThat(bad.exit()).isEqualTo(2);
      assertThat(bad.err()).isEqualTo("mist-stream: --history must be 0 to 300\n");
    }
  }

  @Test
  void aTerminalIsFilledAndLeftAsItWas() throws Exception {
    List<String> command = ServerProcess.command(mist.withServer("metrics")).command();
    Path shrink = directory.resolve("shrink");
    // A terminal of its own, which shrinks when told to; what is typed there comes from our side.
    String script =
        "stty cols 100 rows 30; stty -g; (until [ -e %s ]; do sleep 0.1; done; ".formatted(shrink)
            + "stty cols 50 rows 8 </dev/tty) & "
            + "trap : INT; "
            + String.join(" ", command)
            + "; echo exit $?; stty -g";
    ProcessBuilder builder = ServerProcess.fresh("script", "-qfc", script, "/dev/null");
    builder.environment().put("TERM", "xterm");
    String text;
    try (CommandProcess terminal = CommandProcess.start(builder)) {
      await()
          .atMost(PATIENCE)
          .until(() -> drawings(terminal.out()).stream().anyMatch(ITEndToEndMetrics::isFull));
      Files.createFile(shrink);
      await().atMost(PATIENCE).until(() -> hasShrunk(drawings(terminal.out())));
      terminal.process().getOutputStream().write(3); // Ctrl-C
      terminal.process().getOutputStream().flush();
      terminal.exit();
      text = terminal.out();
    }
    assertThat(text.split(java.util.regex.Pattern.quote(ENTER), -1)).hasSize(2);
    int enter = text.indexOf(ENTER);
    int leave = text.indexOf(LEAVE);
    assertThat(leave).isGreaterThan(enter);
    assertThat(text.substring(leave)).contains("exit 130");
    String before = text.substring(0, enter).strip();
    assertThat(text.strip()).endsWith(before); // the terminal's own settings
    List<String> drawings = drawings(text);
    String large = drawings.stream().filter(ITEndToEndMetrics::isFull).findFirst().orElseThrow();
    assertThat(large).contains("CPU", "Memory", "Disk", "Docker", "▁");
    assertThat(large.lines().count()).isBetween(9L, 30L);
    assertThat(drawings.get(drawings.size() - 1).lines().count()).isLessThanOrEqualTo(8);
  }

  /** Whether a screen shows a sample: the first of all only says that nothing has come yet. */
  private static boolean isFull(String drawn) {
    return drawn.contains("CPU");
  }

  /** Whether a full screen was followed by a small one; the last may not be whole yet. */
  private static boolean hasShrunk(List<String> drawings) {
    return drawings.stream()
        .limit(Math.max(0, drawings.size() - 1))
        .dropWhile(drawn -> !isFull(drawn))
        .anyMatch(drawn -> drawn.lines().count() <= 8);
  }

  /** What was drawn, each screen without what controls the terminal. */
  private static List<String> drawings(String text) {
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
