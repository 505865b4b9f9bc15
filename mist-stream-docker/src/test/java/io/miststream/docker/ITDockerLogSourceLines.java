package io.miststream.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.miststream.core.ContainerStatus;
import io.miststream.core.ErrorCode;
import io.miststream.core.Follow;
import io.miststream.core.Gap;
import io.miststream.core.LogFilter;
import io.miststream.core.LogLine;
import io.miststream.core.LogRequest;
import io.miststream.core.LogStream;
import io.miststream.core.StreamException;
import io.miststream.docker.testing.ContainerSpec;
import io.miststream.docker.testing.DockerFixture;
import io.miststream.docker.testing.StallingProxy;
import io.miststream.docker.testing.TestContainer;
import io.miststream.testkit.RecordingSubscriber;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which lines of which container arrive, and that they are the very ones that were printed. */
class ITDockerLogSourceLines extends DockerTests {

  private static final String FOREVER = "; while :; do sleep 1000; done";

  /** A line of so many bytes, made of the same letter. */
  private static String letters(String letter, int bytes) {
    return "head -c " + bytes + " /dev/zero | tr '\\0' " + letter + "; echo; ";
  }

  @Test
  void aNewViewerGetsTheLastHundredLinesThenEachNewOne() {
    TestContainer container =
        docker.container().run(count(1, 200, 200, 0, "") + count(201, 2000, 1, 100, ""));
    RecordingSubscriber warm = read(LogRequest.of(container.appId()).withTail(LogRequest.ALL));
    warm.awaitLines(201);
    warm.cancel();
    RecordingSubscriber reader = read(LogRequest.of(container.appId()));
    List<String> lines = reader.awaitLines(110);
    int first = Integer.parseInt(lines.get(0).substring(1));
    assertThat(first).isGreaterThan(100);
    assertThat(lines).isEqualTo(numbered(first, first + lines.size() - 1));
    assertThat(reader.messages().get(0)).isInstanceOf(ContainerStatus.class);
    reader.cancel();
    container.remove();
  }

  @ParameterizedTest
  @ValueSource(strings = {"json-file", "local"})
  void longLinesArriveWhole(String driver) {
    TestContainer container =
        docker
            .container()
            .logDriver(driver)
            .run(
                letters("a", 1 << 20)
                    + letters("b", 3 << 20)
                    + letters("c", 16384)
                    + letters("d", 16385)
                    + letters("e", 32768)
                    + "echo end");
    RecordingSubscriber reader = read(follow(container, Follow.APP));
    reader.awaitLine("end");
    assertThat(reader.lines())
        .containsExactly(
            "a".repeat(1 << 20),
            "b".repeat(1 << 20),
            "b".repeat(1 << 20),
            "b".repeat(1 << 20),
            "c".repeat(16384),
            "d".repeat(16385),
            "e".repeat(32768),
            "end");
    assertThat(reader.messages(LogLine.class))
        .extracting(LogLine::partial)
        .containsExactly(false, true, true, false, false, false, false, false);
    reader.cancel();
    List<LogLine> lines = read(history(container)).awaitComplete().messages(LogLine.class);
    assertThat(lines).extracting(LogLine::line).isEqualTo(reader.lines());
    for (int i = 0; i < lines.size(); i++) {
      assertThat(read(history(container).withAfter(lines.get(i).cursor())).awaitComplete().lines())
          .isEqualTo(reader.lines().subList(i + 1, lines.size()));
    }
    // One line is one line, in however many chunks it was logged.
    assertThat(read(history(container).withTail(2)).awaitComplete().lines())
        .containsExactly("e".repeat(32768), "end");
  }

  @ParameterizedTest
  @ValueSource(strings = {"json-file", "local"})
  void twoStreamsOfLongLinesNeverMix(String driver) {
    String twenty = "i=0; while [ $i -lt 20 ]; do i=$((i+1)); head -c 200000 /dev/zero | tr '\\0' ";
    TestContainer container =
        docker
            .container()
            .logDriver(driver)
            .runOnGo("(" + twenty + "o; echo; done) & (" + twenty + "e; echo; done) >&2; wait");
    RecordingSubscriber reader = read(follow(container, Follow.CONTAINER));
    reader.await(ContainerStatus.class, 1);
    container.go();
    reader.awaitComplete();
    assertThat(reader.messages(LogLine.class)).hasSize(40);
    for (LogLine line : reader.messages(LogLine.class)) {
      String letter = line.stream() == LogStream.STDOUT ? "o" : "e";
      assertThat(line.line().equals(letter.repeat(200_000))).isTrue();
    }
    // The same from the log, continued behind each of them.
    List<LogLine> lines = read(history(container)).awaitComplete().messages(LogLine.class);
    for (int i = 0; i < lines.size(); i += 3) {
      assertThat(read(history(container).withAfter(lines.get(i).cursor())).awaitComplete().lines())
          .hasSize(lines.size() - i - 1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"json-file", "local"})
  void textIsWhatWasPrinted(String driver) {
    TestContainer container =
        docker
            .container()
            .logDriver(driver)
            .run(
                "printf '\\360\\237\\230\\200 \\344\\275\\240\\345\\245\\275\\n'; printf 'crlf\\r\\n';"
                    + " printf '\\n'; printf '\\033[31mred\\033[0m\\n'; printf 'nul\\000nul\\n';"
                    + " printf 'bad\\377bad\\n'; printf ' spaces \\n'; printf 'cr\\rcr\\r\\r\\n';"
                    + " printf unterminated");
    RecordingSubscriber reader = read(follow(container, Follow.NONE)).awaitComplete();
    if (reader.lines().size() < 9) {
      docker.docker("wait", container.id());
      reader = read(history(container)).awaitComplete();
    }
    assertThat(reader.lines())
        .containsExactly(
            "😀 你好",
            "crlf",
            "",
            "\u001b[31mred\u001b[0m",
            "nul\0nul",
            "bad\ufffdbad",
            " spaces ",
            "cr\rcr\r",
            "unterminated");
  }

  @ParameterizedTest
  @ValueSource(strings = {"json-file", "local"})
  void aTerminalHasOneStreamAndCrLf(String driver) {
    TestContainer container =
        docker
            .container()
            .logDriver(driver)
            .tty()
            .run(
                "echo one; echo two >&2; echo; "
                    + letters("x", 50_000)
                    + "echo 2025-01-15T10:30:01.123456789Z own time; "
                    + letters("y", 16384)
                    + "printf '>'");
    docker.docker("wait", container.id());
    RecordingSubscriber reader = read(history(container)).awaitComplete();
    assertThat(reader.lines())
        .containsExactly(
            "one",
            "two",
            "",
            "x".repeat(50_000),
            "2025-01-15T10:30:01.123456789Z own time",
            "y".repeat(16384),
            ">");
    assertThat(reader.messages(LogLine.class)).allMatch(line -> line.stream() == LogStream.STDOUT);
    container.start();
    docker.docker("wait", container.id());
    List<LogLine> both = read(history(container)).awaitComplete().messages(LogLine.class);
    assertThat(both).hasSize(14);
    assertThat(read(history(container).withAfter(both.get(6).cursor())).awaitComplete().lines())
        .isEqualTo(reader.lines());
  }

  @Test
  void aLineThatTakesLongIsNotLostBetweenShorterOnes() {
    // It begins before many lines of the other stream and ends behind them.
    TestContainer container =
        docker
            .container()
            .run(
                "(head -c 20000 /dev/zero | tr '\\0' s; sleep 7; echo) & i=0; while [ $i -lt 12 ];"
                    + " do i=$((i+1)); echo e$i >&2; sleep 0.5; done; wait; echo end");
    RecordingSubscriber reader = read(follow(container, Follow.CONTAINER)).awaitComplete();
    List<LogLine> lines = reader.messages(LogLine.class);
    assertThat(lines).hasSize(14);
    for (int i = 0; i < lines.size(); i++) {
      RecordingSubscriber rest =
          read(history(container).withAfter(lines.get(i).cursor())).awaitComplete();
      assertThat(rest.lines()).isEqualTo(reader.lines().subList(i + 1, lines.size()));
    }
  }

  @Test
  void severalContainersAreMergedByTime() {
    TestContainer one = docker.container().run("echo 1; sleep 0.3; echo 3" + FOREVER);
    TestContainer two =
        docker.container().app(one.appId()).run("sleep 0.15; echo 2; sleep 0.3; echo 4" + FOREVER);
    RecordingSubscriber live = read(follow(one, Follow.CONTAINER));
    live.awaitLines(4);
    List<LogLine> lines = read(history(one)).awaitComplete().messages(LogLine.class);
    assertThat(lines).isSortedAccordingTo((a, b) -> a.timestamp().compareTo(b.timestamp()));
    List<String> texts = lines.stream().map(LogLine::line).toList();
    assertThat(read(history(one).withTail(3)).awaitComplete().lines())
        .isEqualTo(texts.subList(1, 4));
    for (int i = 0; i < lines.size(); i++) {
      assertThat(read(history(one).withAfter(lines.get(i).cursor())).awaitComplete().lines())
          .isEqualTo(texts.subList(i + 1, 4));
    }
    LogFilter onlyTwo = LogFilter.of(null, two.name(), null, null);
    assertThat(read(history(one).withFilter(onlyTwo)).awaitComplete().lines())
        .containsExactly("2", "4");
    one.stop();
    two.stop();
    live.awaitComplete();
    assertThat(live.states()).containsExactly("running", "running", "exited", "exited");
  }

  @Test
  void anAppIsFoundByCatalogueThenLabelThenName() {
    long app = DockerFixture.newAppId();
    assertThat(read(LogRequest.of(app)).awaitError()).hasMessage("Container not found");
    docker.container().unlabelled().name("app-" + app).run("echo second name" + FOREVER);
    docker.container().unlabelled().name("app-" + app + "-x").run("echo wrong" + FOREVER);
    assertThat(firstLine(source, app)).isEqualTo("second name");
    docker.container().unlabelled().name("mist-app-" + app).run("echo first name" + FOREVER);
    assertThat(firstLine(source, app)).isEqualTo("first name");
    docker.container().app(app).run("echo label" + FOREVER);
    assertThat(firstLine(source, app)).isEqualTo("label");
    try (DockerLogSource other =
        DockerLogSource.builder()
            .dockerHost(docker.host())
            .catalogue(id -> id == app ? List.of("app-" + app) : List.of())
            .build()) {
      assertThat(firstLine(other, app)).isEqualTo("second name");
    }
  }

  private static String firstLine(DockerLogSource source, long app) {
    RecordingSubscriber reader = RecordingSubscriber.to(source.logs(LogRequest.of(app)));
    String line = reader.awaitLines(1).get(0);
    reader.cancel();
    return line;
  }

  @Test
  void aLogDriverThatCannotBeReadSaysSo() {
    TestContainer container = docker.container().logDriver("none").run("echo unseen" + FOREVER);
    Throwable error = read(LogRequest.of(container.appId())).awaitError();
    assertThat(((StreamException) error).code()).isEqualTo(ErrorCode.LOGS_NOT_READABLE);
    assertThat(error).hasMessageContaining("does not support reading");
  }

  @ParameterizedTest
  @EnumSource(Follow.class)
  void oneContainerThatCannotBeReadDoesNotHideTheOthers(Follow how) {
    TestContainer readable =
        docker.container().run("echo seen; " + ContainerSpec.AWAIT_GO + "echo end");
    TestContainer unreadable =
        docker.container().app(readable.appId()).logDriver("none").run("echo unseen" + FOREVER);
    RecordingSubscriber reader = read(follow(readable, how));
    reader.awaitLine("seen");
    TestContainer late =
        docker.container().app(readable.appId()).logDriver("none").run("echo unseen" + FOREVER);
    readable.go();
    if (how == Follow.APP) {
      reader.awaitLine("end");
      reader.await("the late one", () -> reader.states().size() >= 4);
      reader.cancel();
    } else {
      reader.awaitComplete();
    }
    assertThat(reader.error()).isNull();
    assertThat(reader.messages(Gap.class)).isEmpty();
    assertThat(reader.messages(ContainerStatus.class))
        .extracting(ContainerStatus::container)
        .contains(readable.name(), unreadable.name());
    late.remove();
  }

  @Test
  void anEngineThatIsNotThereIsReported() {
    assertThatThrownBy(() -> DockerLogSource.builder().dockerHost(URI.create("npipe:////x")))
        .isInstanceOf(IllegalArgumentException.class);
    for (String nowhere : List.of("unix:///tmp/mist-no-such.sock", "tcp://127.0.0.1:1")) {
      // One that was lost is waited for, one that was never there is not.
      try (DockerLogSource other =
          DockerLogSource.builder()
              .dockerHost(URI.create(nowhere))
              .recovery(Duration.ofDays(1))
              .build()) {
        Throwable error = RecordingSubscriber.to(other.logs(LogRequest.of(1))).awaitError();
        assertThat(((StreamException) error).code()).isEqualTo(ErrorCode.SOURCE_UNAVAILABLE);
        assertThat(error).hasMessageStartingWith("Docker is unreachable: ");
        assertThat(other.isReachable()).isFalse();
      }
    }
    assertThat(source.isReachable()).isTrue();
  }

  @Test
  void untilEndsAFollow() {
    TestContainer container = docker.container().run(count(1, 100_000, 1, 50, ""));
    RecordingSubscriber endless = read(follow(container, Follow.CONTAINER));
    endless.awaitLine("n1");
    LogRequest request =
        follow(container, Follow.CONTAINER).withTimes(null, Instant.now().plusSeconds(1));
    RecordingSubscriber reader = read(request).awaitComplete();
    assertThat(reader.lines()).isNotEmpty().isEqualTo(numbered(1, reader.lines().size()));
    assertThat(endless.isComplete()).isFalse();
    endless.cancel();
    container.remove();
  }

  @Test
  void whatIsOlderThanSinceIsNotReadAtAll() throws Exception {
    TestContainer container =
        docker
            .container()
            .run(
                "seq 1 20000; echo old >&2; sleep 7; echo one; echo two >&2; echo three" + FOREVER);
    RecordingSubscriber all = read(follow(container, Follow.CONTAINER));
    all.awaitLines(20_004);
    all.cancel();
    // The outputs are stamped each for itself: the second line's time can be before the first's.
    Instant since =
        all.messages(LogLine.class).stream()
            .filter(line -> List.of("one", "two", "three").contains(line.line()))
            .map(LogLine::timestamp)
            .min(Comparator.naturalOrder())
            .get();
    try (StallingProxy proxy = StallingProxy.start(docker.host());
        DockerLogSource own = DockerLogSource.builder().dockerHost(proxy.host()).build()) {
      // The old lines are far more than that.
      proxy.stall("/logs", 100_000);
      for (int tail : new int[] {LogRequest.ALL, 100, 3}) {
        LogRequest request = history(container).withTail(tail).withTimes(since, null);
        RecordingSubscriber reader = RecordingSubscriber.to(own.logs(request)).awaitComplete();
        assertThat(reader.lines()).containsExactlyInAnyOrder("one", "two", "three");
        assertThat(reader.messages(Gap.class)).isEmpty();
      }
      RecordingSubscriber last =
          RecordingSubscriber.to(own.logs(history(container).withTail(1).withTimes(since, null)));
      assertThat(last.awaitComplete().lines()).hasSize(1);
      assertThat(proxy.hasStalled()).isFalse();
      proxy.stall("", 0);
      for (int tail : new int[] {LogRequest.ALL, 100}) {
        // Nothing yet, then what is printed.
        LogRequest later =
            follow(container, Follow.CONTAINER).withTail(tail).withTimes(Instant.now(), null);
        RecordingSubscriber reader = RecordingSubscriber.to(own.logs(later));
        reader.await(ContainerStatus.class, 1);
        container.print(true, "error " + tail);
        reader.awaitLine("error " + tail);
        container.print(false, "out " + tail);
        reader.awaitLine("out " + tail);
        assertThat(reader.lines()).containsExactly("error " + tail, "out " + tail);
        reader.cancel();
      }
    }
  }

  @Test
  void aBigHistoryDoesNotHaveToBeHeldInMemory() {
    // 12 MB, more than is held.
    TestContainer container =
        docker.container().run("head -c 12000000 /dev/zero | tr '\\0' z | fold -w 1000; echo");
    docker.docker("wait", container.id());
    RecordingSubscriber reader = read(history(container).withTail(11_000)).awaitComplete();
    assertThat(reader.lines()).hasSize(11_000);
    assertThat(reader.messages(LogLine.class).get(10_999).line()).hasSize(1000);
  }
}
