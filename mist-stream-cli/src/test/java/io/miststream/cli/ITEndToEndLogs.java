package io.miststream.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.miststream.core.ContainerStatus;
import io.miststream.core.Gap;
import io.miststream.core.LogLine;
import io.miststream.core.StreamEnd;
import io.miststream.core.StreamError;
import io.miststream.docker.testing.TestContainer;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** From a container to a WebSocket client, through the real mist.server(). */
@Tag("docker")
@Execution(ExecutionMode.CONCURRENT)
class ITEndToEndLogs {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @RegisterExtension static final EndToEnd mist = new EndToEnd();

  @TempDir private Path directory;

  private static TestViewer open(TestContainer container, String more) throws IOException {
    return TestViewer.open(mist.server().uri(), "appId=" + container.appId() + more);
  }

  private static List<String> numbered(int from, int to) {
    return IntStream.range(from, to).mapToObj(i -> "line " + i).toList();
  }

  @Test
  void statusThenTheLastHundredThenEachNewLineAndFiftyViewersCostOneRead() throws IOException {
    TestContainer container =
        mist.docker()
            .container()
            .run(
                "i=0; while [ $i -lt 200 ]; do echo line $i; i=$((i+1)); done;"
                    + "while :; do while [ ! -e /more ]; do usleep 20000; done;"
                    + "echo line $i; i=$((i+1)); usleep 100000; done");
    List<TestViewer> viewers = new ArrayList<>();
    try (TestViewer first = open(container, "")) {
      first.awaitLine("line 199");
      assertThat(first.messages().get(0)).isInstanceOf(ContainerStatus.class);
      assertThat(first.messages()).hasSize(101);
      assertThat(first.lines()).isEqualTo(numbered(100, 200));
      for (int i = 0; i < 50; i++) {
        viewers.add(open(container, ""));
      }
      container.exec("touch /more");
      for (TestViewer viewer : viewers) {
        viewer.awaitLine("line 205");
        assertThat(viewer.messages().get(0)).isInstanceOf(ContainerStatus.class);
        assertThat(viewer.lines().subList(0, 106)).isEqualTo(numbered(100, 206));
      }
      assertThat(readersOfLog(container)).isEqualTo(1);
    } finally {
      viewers.forEach(TestViewer::close);
    }
  }

  /** How often the engine has the container's log file open beside the one it writes with. */
  private static long readersOfLog(TestContainer container) throws IOException {
    String log = mist.docker().docker("inspect", "-f", "{{.LogPath}}", container.id());
    List<Path> engines =
        ProcessHandle.allProcesses()
            .filter(p -> p.info().command().orElse("").endsWith("/dockerd"))
            .map(p -> Path.of("/proc", "" + p.pid(), "fd"))
            .toList();
    assertThat(engines).as("running engines").isNotEmpty();
    long open = 0;
    for (Path engine : engines) {
      try (Stream<Path> descriptors = Files.list(engine)) {
        for (Path descriptor : descriptors.toList()) {
          try {
            if (Files.readSymbolicLink(descriptor).toString().equals(log)) {
              open++;
            }
          } catch (NoSuchFileException closed) {
            // since it was listed
          }
        }
      }
    }
    return open - 1;
  }

  @Test
  void aDownloadIsWhatDockerHas() throws Exception {
    TestContainer container =
        mist.docker()
            .container()
            .run("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; echo ' end 🚀'");
    await().until(() -> container.state().equals("exited"));
    String logged = mist.docker().docker("logs", container.id());
    assertThat(logged.lines()).hasSize(20_001);
    String path = "/api/apps/" + container.appId() + "/logs";
    HttpRequest request = HttpRequest.newBuilder(mist.server().uri().resolve(path)).build();
    HttpResponse<String> response =
        HttpClient.newHttpClient().send(request, BodyHandlers.ofString(ISO_8859_1));
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body()).isEqualTo(logged + "\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"json-file", "local"})
  void linesArriveByteForByte(String driver) throws Exception {
    String script =
        "printf 'emoji 🚀 日本語\\n';"
            + "printf 'crlf\\r\\n'; printf '\\n'; printf '\\033[31mred\\033[0m\\n';"
            + "printf 'nul \\000 end\\n';"
            + "head -c 1048576 /dev/zero | tr '\\000' a; echo;"
            + "head -c 3145728 /dev/zero | tr '\\000' b; echo;"
            + "printf 'no newline'";
    TestContainer container =
        mist.docker().container().logDriver(driver).runOnGo("sleep 0.2; " + script);
    try (TestViewer viewer = open(container, "")) {
      viewer.await(ContainerStatus.class::isInstance, PATIENCE);
      container.go();
      assertThat(viewer.awaitClose()).isEqualTo(1000);
      List<String> lines = viewer.lines();
      assertThat(lines.subList(0, 5))
          .containsExactly("emoji 🚀 日本語", "crlf", "", "\u001b[31mred\u001b[0m", "nul \u0000 end");
      assertThat(lines.get(5)).isEqualTo("a".repeat(1 << 20));
      assertThat(lines.subList(6, 9)).allMatch("b".repeat(1 << 20)::equals);
      assertThat(viewer.all(LogLine.class).subList(6, 9))
          .extracting(LogLine::partial)
          .containsExactly(true, true, false);
      assertThat(lines.subList(9, lines.size())).containsExactly("no newline");
      assertThat(viewer.messages().get(viewer.count() - 1)).isInstanceOf(StreamEnd.class);
      assertThat(viewer.all(ContainerStatus.class)).extracting("state").endsWith("exited");
    }
  }

  @Test
  void invalidUtf8BecomesTheReplacementCharacter() throws Exception {
    TestContainer container =
        mist.docker()
            .container()
            .logDriver("local")
            .runOnGo("printf 'a\\377b\\n'; printf 'cut \\360\\237\\n'");
    try (TestViewer viewer = open(container, "&follow=app")) {
      viewer.await(ContainerStatus.class::isInstance, PATIENCE);
      container.go();
      viewer.awaitLine("a\ufffdb").awaitLine("cut \ufffd");
    }
  }

  @Test
  void terminalsHaveOneStreamAndNoCarriageReturns() throws Exception {
    TestContainer container =
        mist.docker().container().tty().runOnGo("echo out; echo err >&2; printf 'last'");
    try (TestViewer viewer = open(container, "")) {
      viewer.await(ContainerStatus.class::isInstance, PATIENCE);
      container.go();
      assertThat(viewer.awaitClose()).isEqualTo(1000);
      assertThat(viewer.lines()).containsExactly("out", "err", "last");
      assertThat(viewer.all(LogLine.class))
          .extracting(l -> l.stream().wire())
          .containsOnly("stdout");
    }
  }

  @Test
  void longLinesOfTwoStreamsNeverMix() throws Exception {
    TestContainer container =
        mist.docker()
            .container()
            .logDriver("local")
            .runOnGo(
                "w() { i=0; while [ $i -lt 20 ]; do head -c 200000 /dev/zero | tr '\\000' $1;"
                    + " echo; i=$((i+1)); done; }; w o & w e >&2 & wait");
    try (TestViewer viewer = open(container, "")) {
      viewer.await(ContainerStatus.class::isInstance, PATIENCE);
      container.go();
      assertThat(viewer.awaitClose()).isEqualTo(1000);
      assertThat(viewer.lines()).hasSize(40);
      for (LogLine line : viewer.all(LogLine.class)) {
        String letter = line.stream().wire().equals("stdout") ? "o" : "e";
        assertThat(line.line().equals(letter.repeat(200_000))).isTrue();
      }
    }
  }

  @Test
  void followAppGoesOnOverRestartStopStartAndReplacement() throws Exception {
    TestContainer old =
        mist.docker()
            .container()
            .run(
                "n=$(cat /n 2>/dev/null || echo 0); echo $((n+1)) > /n;"
                    + "echo run $n; trap 'echo bye '$n'; exit 0' TERM;"
                    + "while :; do sleep 1000 & wait; done");
    try (TestViewer viewer = open(old, "&follow=app")) {
      viewer.awaitLine("run 0");
      old.print(false, "live");
      viewer.awaitLine("live");
      mist.docker().docker("restart", old.id());
      viewer.awaitLine("run 1");
      mist.docker().docker("stop", old.id());
      viewer.awaitLine("bye 1");
      mist.docker().docker("start", old.id());
      viewer.awaitLine("run 2");
      mist.docker().docker("stop", old.id());
      viewer.awaitLine("bye 2");
      viewer.awaitLast(m -> m instanceof ContainerStatus s && s.state().equals("exited"));
      mist.docker().docker("rm", old.id());
      TestContainer fresh =
          mist.docker().container().app(old.appId()).run("echo new one; sleep 1000");
      viewer.awaitLine("new one");
      assertThat(viewer.lines())
          .containsExactly("run 0", "live", "bye 0", "run 1", "bye 1", "run 2", "bye 2", "new one");
      // Between the runs, and in order.
      List<String> story = new ArrayList<>();
      viewer
          .messages()
          .forEach(
              m -> {
                if (m instanceof LogLine line) {
                  story.add(line.line());
                } else if (m instanceof ContainerStatus status) {
                  story.add(status.state());
                }
              });
      assertThat(story)
          .containsSubsequence(
              "running", "run 0", "bye 0", "running", "run 1", "bye 1", "exited", "running",
              "run 2", "bye 2", "exited", "removed", "running", "new one");
      assertThat(viewer.all(Gap.class)).isEmpty();
      fresh.remove();
    }
  }

  @Test
  void withoutFollowAppTheStreamEndsWithTheRun() throws Exception {
    TestContainer container = mist.docker().container().runOnGo("echo last words; exit 3");
    try (TestViewer viewer = open(container, "")) {
      viewer.await(ContainerStatus.class::isInstance, PATIENCE);
      container.go();
      assertThat(viewer.awaitClose()).isEqualTo(1000);
      assertThat(viewer.lines()).containsExactly("last words");
      assertThat(viewer.all(ContainerStatus.class).get(1).exitCode()).isEqualTo(3);
      assertThat(viewer.raw().get(viewer.count() - 1))
          .startsWith("{\"type\":\"end\"")
          .contains("\"data\":{\"message\":\"Log stream ended\"}");
    }
    try (TestViewer late = open(container, "")) {
      assertThat(late.awaitClose()).isEqualTo(1008);
      assertThat(late.messages()).hasSize(2);
      assertThat(late.messages().get(0)).isInstanceOf(ContainerStatus.class);
      assertThat(late.all(StreamError.class).get(0).message())
          .isEqualTo("Container is not running (state: exited)");
    }
    try (TestViewer history = open(container, "&follow=none")) {
      assertThat(history.awaitClose()).isEqualTo(1000);
      assertThat(history.lines()).containsExactly("last words");
    }
  }

  @Test
  void aViewerThatStopsReadingIsToldExactlyWhatItMissed() throws Exception {
    // As much as the server's heap, and paced by the other viewer, so that this one misses nothing.
    int total = 40_000;
    int batch = 2_000;
    String padding = "x".repeat(2_000);
    Path signals = Files.createDirectory(directory.resolve("signals"));
    TestContainer container =
        mist.docker()
            .container()
            .options("-v", signals + ":/signals")
            .run(
                "awk 'BEGIN{p=sprintf(\"%02000d\",0);gsub(/0/,\"x\",p);for(i=0;i<"
                    + total
                    + ";i++){if(i%"
                    + batch
                    + "==0){fflush();"
                    + "while(system(\"[ -e /signals/\" i \" ]\"))system(\"usleep 10000\")}"
                    + "print \"line \" i \" \" p}}'; sleep 1000");
    try (TestViewer slow = open(container, "&tail=0");
        TestViewer other = open(container, "&tail=0")) {
      slow.await(ContainerStatus.class::isInstance, PATIENCE);
      other.await(ContainerStatus.class::isInstance, PATIENCE);
      slow.pause();
      for (int done = 0; done < total; done += batch) {
        Files.createFile(signals.resolve("" + done));
        other.awaitLine("line " + (done + batch - 1) + " " + padding);
      }
      assertThat(other.lines()).hasSize(total);
      assertThat(other.all(Gap.class)).isEmpty();
      slow.resume();
      slow.awaitLine("line " + (total - 1) + " " + padding);
      assertThat(slow.all(Gap.class)).isNotEmpty();
      assertThat(slow.lines().size() + slow.missed()).isEqualTo(total);
      assertThat(slow.lines()).doesNotHaveDuplicates();
      assertThat(new HashSet<>(other.lines()).containsAll(slow.lines())).isTrue();
    }
    assertThat(mist.server().isAlive()).isTrue();
    assertThat(mist.server().errors()).doesNotContain("OutOfMemory");
  }

  @Test
  void whatTheEngineCannotReadIsSaidInItsOwnWords() throws Exception {
    TestContainer container = mist.docker().container().logDriver("none").runSilent();
    try (TestViewer viewer = open(container, "")) {
      assertThat(viewer.awaitClose()).isEqualTo(1008);
      StreamError error = viewer.all(StreamError.class).get(0);
      assertThat(error.code().wire()).isEqualTo("logs_not_readable");
      assertThat(error.message()).contains("does not support reading");
    }
  }

  @Test
  void anUnknownAppHasNoContainer() throws Exception {
    try (TestViewer viewer = TestViewer.open(mist.server().uri(), "appId=999999999999")) {
      assertThat(viewer.awaitClose()).isEqualTo(1008);
      assertThat(viewer.raw()).singleElement().asString().contains("Container not found");
    }
  }

  @Test
  void filtersAreAppliedToHistoryAndToLiveLines() throws Exception {
    TestContainer container =
        mist.docker()
            .container()
            .run(
                "i=0; while [ $i -lt 500 ]; do echo line $i; echo error $i >&2; i=$((i+1)); done;"
                    + "while [ ! -e /more ]; do usleep 20000; done; echo line 500; echo error 500 >&2;"
                    + "sleep 1000");
    try (TestViewer all = open(container, "&tail=all")) {
      all.awaitLine("line 499");
      all.awaitLine("error 499");
    }
    try (TestViewer errors = open(container, "&stream=stderr&tail=3");
        TestViewer grep = open(container, "&grep=%5Eline%20.*7%24&tail=2")) {
      errors.awaitLine("error 499");
      grep.awaitLine("line 497");
      container.exec("touch /more");
      errors.awaitLine("error 500");
      assertThat(errors.lines())
          .containsExactly("error 497", "error 498", "error 499", "error 500");
      assertThat(grep.lines()).containsExactly("line 487", "line 497");
    }
  }

  @Test
  void allOfALongHistoryIsDelivered() throws Exception {
    int total = 100_000;
    TestContainer container =
        mist.docker()
            .container()
            .run("awk 'BEGIN{for(i=0;i<" + total + ";i++)print \"line \" i}'; sleep 1000");
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                mist.docker()
                    .docker("logs", "--tail", "1", container.id())
                    .equals("line " + (total - 1)));
    try (TestViewer viewer = open(container, "&tail=all&follow=none")) {
      assertThat(viewer.awaitClose()).isEqualTo(1000);
      assertThat(viewer.lines()).isEqualTo(numbered(0, total));
    }
    try (TestViewer viewer = open(container, "&tail=54321")) {
      viewer.awaitLine("line " + (total - 1));
      assertThat(viewer.lines()).isEqualTo(numbered(total - 54_321, total));
    }
  }
}
