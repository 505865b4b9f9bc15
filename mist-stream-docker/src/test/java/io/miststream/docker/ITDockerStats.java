package io.miststream.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import io.miststream.core.ContainerStats;
import io.miststream.core.ContainerStatus;
import io.miststream.core.ErrorCode;
import io.miststream.core.StreamEnd;
import io.miststream.core.StreamException;
import io.miststream.core.StreamMessage;
import io.miststream.docker.testing.DockerFixture;
import io.miststream.docker.testing.SecondEngine;
import io.miststream.docker.testing.StallingProxy;
import io.miststream.docker.testing.TestContainer;
import io.miststream.testkit.RecordingSubscriber;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ITDockerStats extends DockerTests {

  private RecordingSubscriber watch(TestContainer container) {
    return RecordingSubscriber.to(source.stats().stats(container.appId()));
  }

  private static List<ContainerStats> of(RecordingSubscriber reader, TestContainer container) {
    return reader.messages(ContainerStats.class).stream()
        .filter(stats -> stats.container().equals(container.name()))
        .toList();
  }

  private static ErrorCode errorOf(RecordingSubscriber reader) {
    return ((StreamException) reader.awaitError()).code();
  }

  @Test
  void aContainerUsesAsManyPercentAsItGetsOfACore() throws Exception {
    TestContainer container =
        docker.container().options("--cpus", "0.3").run("while :; do :; done");
    RecordingSubscriber reader = watch(container);
    try {
      reader.await(ContainerStats.class, 1);
      Duration burnt = cpuTime(container);
      long begin = System.nanoTime();
      List<ContainerStats> stats = reader.await(ContainerStats.class, 4);
      burnt = cpuTime(container).minus(burnt);
      double percent = 1e2 * burnt.toNanos() / (System.nanoTime() - begin);
      assertThat(reader.messages().get(0))
          .isInstanceOfSatisfying(
              ContainerStatus.class, status -> assertThat(status.state()).isEqualTo("running"));
      // As much as it may only where nobody else wants it: the system says how much it was.
      assertThat(stats.stream().skip(1).mapToDouble(ContainerStats::cpuPercent).average())
          .hasValueCloseTo(percent, withinPercentage(30));
      for (int i = 1; i < stats.size(); i++) {
        assertThat(stats.get(i).timestamp()).isAfter(stats.get(i - 1).timestamp());
      }
      reader.cancel();
    } finally {
      container.remove();
    }
  }

  private Duration cpuTime(TestContainer container) {
    long pid = Long.parseLong(docker.docker("inspect", "-f", "{{.State.Pid}}", container.id()));
    return ProcessHandle.of(pid).orElseThrow().info().totalCpuDuration().orElseThrow();
  }

  @Test
  void theFiguresAreThoseOfDockersOwnCommand() {
    TestContainer container =
        docker
            .container()
            .options("--memory", "64m")
            .run("head -c 20000000 /dev/zero | tail -c 20000000 | sleep 1000");
    RecordingSubscriber reader = watch(container);
    reader.await(ContainerStats.class, 1);
    reader.await("its memory", () -> newest(reader).memoryUsedMb() > 19);
    String[] cli =
        docker
            .docker(
                "stats",
                "--no-stream",
                "--format",
                "{{.MemUsage}} {{.MemPerc}} {{.PIDs}}",
                container.id())
            .split("[ /]+", -1);
    ContainerStats stats = newest(reader);
    assertThat(stats.memoryUsedMb()).isCloseTo(mebibytes(cli[0]), within(1.0));
    assertThat(stats.memoryLimitMb()).isEqualTo(64);
    assertThat(mebibytes(cli[1])).isEqualTo(64);
    assertThat(stats.memoryPercent())
        .isCloseTo(Double.parseDouble(cli[2].replace("%", "")), within(2.0));
    assertThat(stats.pids()).isEqualTo(Long.parseLong(cli[3].strip()));
    assertThat(stats.container()).isEqualTo(container.name());
    reader.cancel();
  }

  private static ContainerStats newest(RecordingSubscriber reader) {
    List<ContainerStats> all = reader.messages(ContainerStats.class);
    return all.get(all.size() - 1);
  }

  private static double mebibytes(String text) {
    double number = Double.parseDouble(text.replaceAll("[A-Za-z]", ""));
    return text.endsWith("GiB") ? number * 1024 : text.endsWith("KiB") ? number / 1024 : number;
  }

  @Test
  void whatIsNotThereOrDoesNotRunIsSaid() {
    RecordingSubscriber none =
        RecordingSubscriber.to(source.stats().stats(DockerFixture.newAppId()));
    assertThat(errorOf(none)).isEqualTo(ErrorCode.CONTAINER_NOT_FOUND);
    assertThat(none.messages()).isEmpty();

    TestContainer stopped = docker.container().run("true");
    docker.docker("wait", stopped.id());
    RecordingSubscriber reader = watch(stopped);
    assertThat(errorOf(reader)).isEqualTo(ErrorCode.CONTAINER_NOT_RUNNING);
    assertThat(reader.error()).hasMessage("Container is not running (state: exited)");
    assertThat(reader.states()).containsExactly("exited");

    TestContainer restarting = docker.container().options("--restart", "always").run("exit 1");
    await().until(() -> restarting.state().equals("restarting"));
    RecordingSubscriber between = watch(restarting);
    between.await("an end", () -> between.error() != null || between.isComplete());
    assertThat(between.states().get(0)).isIn("restarting", "running");
    if (between.states().get(0).equals("restarting")) {
      assertThat(between.error()).hasMessage("Container is not running (state: restarting)");
    }
    restarting.remove();
  }

  @Test
  void aContainerThatStopsEndsTheStream() {
    TestContainer container = docker.container().run("sleep 1000");
    RecordingSubscriber reader = watch(container);
    reader.await(ContainerStats.class, 1);
    container.stop();
    reader.awaitComplete();
    List<StreamMessage> messages = reader.messages();
    assertThat(messages.get(messages.size() - 1))
        .isInstanceOfSatisfying(
            StreamEnd.class, end -> assertThat(end.message()).isEqualTo("Stats stream ended"));
    assertThat(messages.get(messages.size() - 2))
        .isInstanceOfSatisfying(
            ContainerStatus.class,
            status -> {
              assertThat(status.state()).isEqualTo("exited");
              assertThat(status.exitCode()).isNotNull();
            });
  }

  @Test
  void eachContainerOfAnAppHasItsOwnStatsAsLongAsItRuns() {
    TestContainer one = docker.container().run("sleep 1000");
    TestContainer two = docker.container().app(one.appId()).run("sleep 1000");
    RecordingSubscriber reader = watch(one);
    reader.await("stats of both", () -> !of(reader, one).isEmpty() && !of(reader, two).isEmpty());
    TestContainer three = docker.container().app(one.appId()).run("sleep 1000");
    reader.await("stats of a new one", () -> !of(reader, three).isEmpty());
    two.remove();
    reader.await("its end", () -> reader.states().contains("removed"));
    int before = of(reader, two).size();
    int others = of(reader, one).size();
    reader.await("the others go on", () -> of(reader, one).size() > others + 1);
    assertThat(of(reader, two)).hasSize(before);
    assertThat(reader.isComplete()).isFalse();
    one.pause();
    reader.await("that it is paused", () -> reader.states().contains("paused"));
    one.unpause();
    one.remove();
    three.remove();
    reader.awaitComplete();
    List<String> states = reader.states();
    assertThat(states.get(states.size() - 1)).isIn("removing", "removed");
  }

  @Test
  void nothingIsLeftOfASubscriptionThatIsCancelled(@TempDir Path directory) throws Exception {
    TestContainer container = docker.container().run("sleep 1000");
    try (StallingProxy proxy = StallingProxy.start(docker.host(), directory)) {
      OwnThreads.run(
          threads -> {
            try (DockerLogSource own = DockerLogSource.builder().dockerHost(proxy.host()).build()) {
              List<RecordingSubscriber> readers =
                  Stream.generate(() -> own.stats().stats(container.appId()))
                      .limit(5)
                      .map(RecordingSubscriber::to)
                      .toList();
              for (RecordingSubscriber reader : readers) {
                reader.await(ContainerStats.class, 1);
              }
              assertThat(threads.named("mist-docker-stats")).hasSize(5);
              assertThat(proxy.connections("/stats")).isEqualTo(5);
              assertThat(proxy.connections("/events")).isEqualTo(1);
              readers.forEach(RecordingSubscriber::cancel);
              await().until(() -> threads.named("mist-").isEmpty());
              for (String endless : List.of("/stats", "/events")) {
                await().until(() -> proxy.connections(endless) == 0);
              }
            }
          });
    }
  }

  @Test
  void anEngineThatIsAwayForAWhileIsWaitedFor() throws Exception {
    try (SecondEngine engine = SecondEngine.start(true);
        DockerFixture other = DockerFixture.connect(engine.host());
        DockerLogSource own = DockerLogSource.builder().dockerHost(engine.host()).build()) {
      TestContainer container = other.container().run("sleep 1000");
      RecordingSubscriber reader = RecordingSubscriber.to(own.stats().stats(container.appId()));
      reader.await(ContainerStats.class, 1);
      engine.stop();
      int before = reader.messages(ContainerStats.class).size();
      engine.start();
      reader.await(ContainerStats.class, before + 1);
      assertThat(reader.states()).containsOnly("running");
      reader.cancel();
    }
  }

  @Test
  void anEngineThatStaysAwayIsAnError() throws Exception {
    try (SecondEngine engine = SecondEngine.start(true);
        DockerFixture other = DockerFixture.connect(engine.host());
        DockerLogSource own =
            DockerLogSource.builder()
                .dockerHost(engine.host())
                .recovery(Duration.ofSeconds(1))
                .build()) {
      TestContainer container = other.container().run("sleep 1000");
      RecordingSubscriber reader = RecordingSubscriber.to(own.stats().stats(container.appId()));
      reader.await(ContainerStats.class, 1);
      engine.stop();
      assertThat(errorOf(reader)).isEqualTo(ErrorCode.SOURCE_UNAVAILABLE);
      RecordingSubscriber later = RecordingSubscriber.to(own.stats().stats(container.appId()));
      assertThat(errorOf(later)).isEqualTo(ErrorCode.SOURCE_UNAVAILABLE);
      engine.start();
    }
  }

  @Test
  void anAnswerThatFallsSilentIsAskedForAgain() throws Exception {
    TestContainer container = docker.container().run("sleep 1000");
    try (StallingProxy proxy = StallingProxy.start(docker.host());
        DockerLogSource own =
            DockerLogSource.builder()
                .dockerHost(proxy.host())
                .watchdog(Duration.ofSeconds(3))
                .build()) {
      proxy.stall("/stats", 1_000);
      RecordingSubscriber reader = RecordingSubscriber.to(own.stats().stats(container.appId()));
      reader.await("silence", proxy::hasStalled);
      int before = reader.messages(ContainerStats.class).size();
      reader.await(ContainerStats.class, before + 1);
      reader.cancel();
    }
  }
}
