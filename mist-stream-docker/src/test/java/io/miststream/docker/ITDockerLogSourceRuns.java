package io.miststream.docker;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.ContainerStatus;
import io.miststream.core.Cursor;
import io.miststream.core.Follow;
import io.miststream.core.Gap;
import io.miststream.core.LogLine;
import io.miststream.core.LogRequest;
import io.miststream.core.StreamEnd;
import io.miststream.core.StreamMessage;
import io.miststream.docker.testing.StallingProxy;
import io.miststream.docker.testing.TestContainer;
import io.miststream.testkit.RecordingSubscriber;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Reading across restarts, replacements and cut connections. */
class ITDockerLogSourceRuns extends DockerTests {

  private static final String RUN =
      "n=$(cat /runs 2>/dev/null); n=$((n+1)); echo $n > /runs; trap 'echo run $n ends; exit 3' TERM;"
          + " i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo run $n line $i; done; echo run $n ready;"
          + " while :; do sleep 1000 & wait; done";

  private static List<String> run(int n) {
    List<String> lines = new ArrayList<>();
    for (int i = 1; i <= 300; i++) {
      lines.add("run " + n + " line " + i);
    }
    lines.add("run " + n + " ready");
    lines.add("run " + n + " ends");
    return lines;
  }

  @ParameterizedTest
  @ValueSource(strings = {"json-file", "local"})
  void followingAnAppCrossesRestartsAndReplacement(String driver) {
    TestContainer first = docker.container().logDriver(driver).run(RUN);
    RecordingSubscriber reader = read(follow(first, Follow.APP));
    reader.awaitLine("run 1 ready");
    docker.docker("restart", "-t", "5", first.id());
    reader.awaitLine("run 2 ready");
    docker.docker("stop", "-t", "5", first.id());
    reader.await("exited", () -> reader.states().contains("exited"));
    first.start();
    reader.awaitLine("run 3 ready");
    first.pause();
    reader.await("paused", () -> reader.states().contains("paused"));
    first.unpause();
    docker.docker("stop", "-t", "5", first.id());
    // What is removed sooner than the rest of its log is read ends with a gap.
    reader.await("stopped", () -> reader.states().get(reader.states().size() - 1).equals("exited"));
    first.remove();
    TestContainer second =
        docker.container().app(first.appId()).logDriver(driver).run("echo new; sleep 1000");
    reader.awaitLine("new");
    reader.await("removed", () -> reader.states().contains("removed"));
    reader.cancel();

    List<String> expected = new ArrayList<>(run(1));
    expected.addAll(run(2));
    expected.addAll(run(3));
    expected.add("new");
    assertThat(reader.lines()).isEqualTo(expected);
    assertThat(reader.messages(Gap.class)).isEmpty();
    assertThat(source.reopenings()).isGreaterThanOrEqualTo(2); // for the second and the third run
    // Between the lines of two runs there is a status.
    StreamMessage before = null;
    for (StreamMessage message : reader.messages()) {
      if (message instanceof LogLine line && line.line().endsWith(" line 1")) {
        assertThat(before).isInstanceOf(ContainerStatus.class);
        assertThat(((ContainerStatus) before).state()).isEqualTo("running");
      }
      before = message;
    }
    assertThat(second.name()).isEqualTo(reader.messages(LogLine.class).get(906).container());
  }

  @ParameterizedTest
  @CsvSource({
    "json-file,max-size=100m,APP",
    "json-file,max-size=100m,CONTAINER",
    "json-file,labels=none,APP",
    "json-file,labels=none,CONTAINER",
    "local,max-size=100m,APP",
    "local,max-size=100m,CONTAINER"
  })
  void theNextRunIsToldBeforeItsFirstLineHoweverSlowTheSubscriber(
      String driver, String option, Follow how) {
    String padding = " " + "x".repeat(1000);
    String print = "seq 1 4000 | sed \"s/.*/run $n line &" + padding + "/\"; echo run $n ready; ";
    TestContainer container =
        docker
            .container()
            .logDriver(driver, option)
            .runOnGo("n=$(cat /n || echo 1); echo 2 > /n; " + print + "sleep 1000");
    RecordingSubscriber reader = RecordingSubscriber.create();
    source.logs(follow(container, how)).subscribe(reader);
    reader.request(20);
    reader.await("status", () -> !reader.states().isEmpty());
    container.go();
    reader.awaitLines(19);
    // What comes now is late, and so is read anew where the log rotates.
    Instant old = reader.messages(LogLine.class).get(18).timestamp().plusMillis(500);
    await().until(() -> Instant.now().isAfter(old));
    reader.request(20);
    reader.awaitLines(39);
    docker.docker("restart", "-t", "0", container.id());
    await().until(() -> docker.docker("logs", "--tail", "1", container.id()).equals("run 2 ready"));
    reader.request(Long.MAX_VALUE);
    if (how == Follow.APP) {
      reader.awaitLine("run 2 ready");
    } else {
      reader.awaitComplete();
    }
    reader.cancel();
    List<ContainerStatus> statuses = reader.messages(ContainerStatus.class);
    boolean next = false;
    for (StreamMessage message : reader.messages()) {
      if (message instanceof ContainerStatus status) {
        next |= !requireNonNull(status.startedAt()).equals(statuses.get(0).startedAt());
      } else if (message instanceof LogLine line) {
        assertThat(line.line().startsWith("run 2 ")).isEqualTo(next);
      }
    }
    assertThat(next).isEqualTo(how == Follow.APP);
    assertThat(reader.messages(Gap.class)).isEmpty();
  }

  @Test
  void restartEndsAFollowOfTheContainer() {
    TestContainer container = docker.container().run(RUN);
    RecordingSubscriber reader = read(follow(container, Follow.CONTAINER));
    reader.awaitLine("run 1 ready");
    docker.docker("restart", "-t", "5", container.id());
    reader.awaitComplete();
    assertThat(reader.lines()).isEqualTo(run(1));
    List<StreamMessage> all = reader.messages();
    assertThat(((ContainerStatus) all.get(all.size() - 2)).state()).isEqualTo("exited");
    assertThat(all.get(all.size() - 1)).isInstanceOf(StreamEnd.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"json-file", "local"})
  void cutTwentyTimesEveryLineArrivesOnce(String driver) {
    TestContainer container =
        docker
            .container()
            .logDriver(driver)
            .run(
                "("
                    + count(1, 6_000, 20, 10, " out")
                    + ") & ("
                    + count(1, 1_500, 5, 10, " err")
                    + ") >&2; wait; sleep 1000");
    List<String> out = new ArrayList<>();
    List<String> err = new ArrayList<>();
    Cursor after = null;
    Random random = new Random(driver.hashCode());
    for (int cut = 0; cut <= 20; cut++) {
      // Cut at a line, not after a time: what comes behind it is as if it had never been sent.
      int take = 1 + random.nextInt(300);
      RecordingSubscriber reader = read(follow(container, Follow.CONTAINER).withAfter(after));
      if (cut < 20) {
        reader.awaitLines(take);
      } else {
        reader.awaitLine("n6000 out");
        reader.awaitLine("n1500 err");
        take = Integer.MAX_VALUE;
      }
      reader.cancel();
      assertThat(reader.messages(Gap.class)).isEmpty();
      for (LogLine line : reader.messages(LogLine.class)) {
        if (take-- > 0) {
          (line.line().endsWith("out") ? out : err).add(line.line());
          after = Cursor.parse(line.cursor().toString());
        }
      }
    }
    assertThat(out).isEqualTo(numbered(1, 6_000).stream().map(n -> n + " out").toList());
    assertThat(err).isEqualTo(numbered(1, 1_500).stream().map(n -> n + " err").toList());
  }

  @Test
  void aCursorOfAContainerThatIsGoneIsAGap() {
    TestContainer first = docker.container().run("echo old; sleep 1000");
    RecordingSubscriber reader = read(LogRequest.of(first.appId()));
    reader.awaitLine("old");
    Cursor after = reader.messages(LogLine.class).get(0).cursor();
    reader.cancel();
    first.remove();
    docker.container().app(first.appId()).run("echo new; sleep 1000");
    RecordingSubscriber next = read(LogRequest.of(first.appId()).withAfter(after));
    next.awaitLine("new");
    Gap gap = next.messages(Gap.class).get(0);
    assertThat(gap.reason()).isEqualTo(Gap.Reason.SOURCE_RESTARTED);
    assertThat(gap.missed()).isNull();
    assertThat(gap.after()).isEqualTo(after);
    next.cancel();
  }

  @ParameterizedTest
  @EnumSource(
      value = Follow.class,
      names = {"CONTAINER", "APP"})
  void removingARunningContainerIsAGapForItsLastWordsCannotBeAskedFor(Follow how) {
    TestContainer container = docker.container().run("echo line; sleep 1000");
    RecordingSubscriber reader = read(follow(container, how));
    reader.awaitLine("line");
    container.remove();
    reader.await("removed", () -> reader.states().contains("removed"));
    List<StreamMessage> all = reader.messages();
    int removed = all.indexOf(reader.messages(ContainerStatus.class).get(1));
    assertThat(all.get(removed - 1)).isInstanceOf(Gap.class);
    Gap gap = (Gap) all.get(removed - 1);
    assertThat(gap.reason()).isEqualTo(Gap.Reason.SOURCE_RESTARTED);
    assertThat(gap.after()).isEqualTo(reader.messages(LogLine.class).get(0).cursor());
    reader.cancel();
  }

  @ParameterizedTest
  @ValueSource(strings = {"json-file", "local"})
  void aContainerThatRemovesItselfLosesNothingSilently(String driver) {
    for (int i = 0; i < 5; i++) {
      TestContainer container =
          docker
              .container()
              .logDriver(driver)
              .options("--rm")
              .runOnGo("seq 1 200; usleep " + i * 3000 + "; seq 201 203");
      RecordingSubscriber reader = read(follow(container, Follow.CONTAINER));
      reader.await("status", () -> !reader.states().isEmpty());
      container.go();
      reader.awaitComplete();
      if (reader.messages(Gap.class).isEmpty()) {
        assertThat(reader.lines()).hasSize(203);
      }
    }
  }

  @Test
  void cancellingLeavesNoThreadAndNoConnection(@TempDir Path directory) throws Exception {
    TestContainer container = docker.container().logDriver("local").run(count(1, 5000, 1, 5, ""));
    TestContainer other = docker.container().run(count(1, 5000, 1, 5, ""));
    try (StallingProxy proxy = StallingProxy.start(docker.host(), directory)) {
      OwnThreads.run(
          threads -> {
            try (DockerLogSource own = DockerLogSource.builder().dockerHost(proxy.host()).build()) {
              for (int i = 0; i < 20; i++) {
                for (TestContainer each : List.of(container, other)) {
                  RecordingSubscriber reader =
                      RecordingSubscriber.to(own.logs(follow(each, Follow.APP).withTail(10)));
                  reader.awaitLines(i % 2 == 0 ? 1 : 12);
                  reader.cancel();
                }
              }
              await().until(() -> threads.named("mist-").isEmpty());
              for (String endless : List.of("follow=1", "/events")) {
                await().until(() -> proxy.connections(endless) == 0);
              }
              // Idle ones are kept for the next request, a few and not one for each of 40 reads.
              assertThat(proxy.connections("")).isLessThanOrEqualTo(12);
            }
          });
    }
    container.remove();
    other.remove();
  }
}
