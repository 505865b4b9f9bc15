package io.miststream.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.miststream.core.ContainerStatus;
import io.miststream.core.Gap;
import io.miststream.core.StreamError;
import io.miststream.docker.testing.DockerFixture;
import io.miststream.docker.testing.SecondEngine;
import io.miststream.docker.testing.TestContainer;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every line once, whatever is cut, killed or restarted in between. */
@Tag("docker")
@Execution(ExecutionMode.CONCURRENT)
class ITEndToEndResume {
  private static final int LINES = 12_000;

  /** 5 000 lines a second to both streams, numbered through. */
  private static final String WRITER =
      "awk 'BEGIN{for(i=0;i<"
          + LINES
          + ";i++){if(i%3==2){print \"line \" i > \"/dev/stderr\"}else{print \"line \" i};"
          + "if(i%100==99){fflush();system(\"usleep 20000\")}}}'; sleep 1000";

  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @RegisterExtension static final EndToEnd mist = new EndToEnd();

  private static List<String> numbered() {
    return IntStream.range(0, LINES).mapToObj(i -> "line " + i).toList();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  /** The lines by stream: which of two streams comes first is the engine's to say. */
  private static void assertEveryLineOnce(List<String> lines) {
    assertThat(lines).hasSize(LINES).doesNotHaveDuplicates();
    for (boolean error : new boolean[] {false, true}) {
      List<String> own = lines.stream().filter(line -> isError(line) == error).toList();
      assertThat(own).isEqualTo(numbered().stream().filter(l -> isError(l) == error).toList());
    }
  }

  private static boolean isError(String line) {
    return Integer.parseInt(line.substring(5)) % 3 == 2;
  }

  @ParameterizedTest
  @CsvSource({"json-file, false", "local, false", "json-file, true"})
  void twentyCutsLoseAndRepeatNothing(String driver, boolean killServer) throws Exception {
    Random random = new Random(driver.hashCode());
    int port = freePort();
    TestContainer container = mist.docker().container().logDriver(driver).runOnGo(WRITER);
    List<String> lines = new ArrayList<>();
    String lastId = null;
    ServerProcess server = ServerProcess.startOn(port, mist.docker().host(), Map.of());
    try {
      for (int cut = 0; cut <= 20; cut++) {
        String from = lastId == null ? "&tail=all" : "&after=" + lastId;
        try (TestViewer viewer =
            TestViewer.open(server.uri(), "appId=" + container.appId() + "&follow=app" + from)) {
          if (cut == 0) {
            viewer.await(ContainerStatus.class::isInstance, PATIENCE);
            container.go();
          }
          int wanted =
              cut == 20
                  ? LINES - lines.size()
                  : Math.min(LINES - lines.size(), 1 + random.nextInt(600));
          await()
              .pollInterval(Duration.ofMillis(2))
              .atMost(PATIENCE)
              .until(() -> viewer.lineCount() >= wanted);
          viewer.abort();
          // What has arrived by now is what this client has.
          lines.addAll(viewer.lines());
          lastId = viewer.lastId();
          assertThat(viewer.all(Gap.class)).isEmpty();
        }
        if (killServer && cut % 5 == 4) {
          server.kill();
          server.close();
          server = ServerProcess.startOn(port, mist.docker().host(), Map.of());
        }
      }
    } finally {
      server.close();
    }
    assertEveryLineOnce(lines);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theEngineMayBeRestartedUnderAViewer(boolean liveRestore) throws Exception {
    try (SecondEngine engine = SecondEngine.start(liveRestore);
        DockerFixture second = DockerFixture.connect(engine.host());
        // Starting an engine takes a busy machine a while.
        ServerProcess server = ServerProcess.start(engine.host(), Map.of(), "--recovery", "5m")) {
      TestContainer container =
          second
              .container()
              .options("--network", "none", "--restart", "always")
              .run(
                  "trap 'exit 0' TERM; r=$(cat /r 2>/dev/null || echo 0); echo $((r+1)) > /r; i=0;"
                      + "while :; do echo $r-$i; i=$((i+1)); usleep 20000; done");
      try (TestViewer viewer =
          TestViewer.open(server.uri(), "appId=" + container.appId() + "&follow=app&tail=all")) {
        viewer.awaitLine("0-50");
        // One that was printed after the history had been read: from here on it is followed.
        viewer.awaitLine("0-" + (viewer.lineCount() + 50));
        engine.stop();
        engine.start();
        int seen = viewer.lineCount();
        viewer.awaitLine(liveRestore ? "0-" + (seen + 50) : "1-50");
        List<String> lines = viewer.lines();
        assertThat(lines).doesNotHaveDuplicates();
        assertThat(viewer.all(StreamError.class)).isEmpty();
        // What a container prints while no engine listens waits in a pipe; what the engine had
        // taken
        // out and not logged when it was stopped is nowhere.
        String all = second.docker("logs", container.id());
        assertThat(all.lines().toList()).startsWith(lines.toArray(String[]::new));
      }
    }
  }

  @Test
  void anEngineThatStaysAwayIsSaidAndFoundAgain() throws Exception {
    try (SecondEngine engine = SecondEngine.start(true);
        DockerFixture second = DockerFixture.connect(engine.host());
        ServerProcess server = ServerProcess.start(engine.host(), Map.of(), "--recovery", "2s")) {
      TestContainer container =
          second.container().options("--network", "none").run("echo first; sleep 1000");
      String query = "appId=" + container.appId() + "&follow=app";
      String lastId;
      try (TestViewer viewer = TestViewer.open(server.uri(), query)) {
        viewer.awaitLine("first");
        lastId = viewer.lastId();
        engine.stop();
        assertThat(viewer.awaitClose()).isEqualTo(1013);
        assertThat(viewer.all(StreamError.class).get(0).message())
            .startsWith("Docker is unreachable: ");
      }
      try (TestViewer viewer = TestViewer.open(server.uri(), query)) {
        assertThat(viewer.awaitClose()).as("unreachable from the start").isEqualTo(1013);
      }
      engine.start();
      try (TestViewer viewer = TestViewer.open(server.uri(), query + "&after=" + lastId)) {
        container.exec("echo second > /proc/1/fd/1");
        viewer.awaitLine("second");
        assertThat(viewer.lines()).containsExactly("second");
      }
    }
  }

  /** Paced by the viewer: what has not arrived is never more than a part of a file. */
  @ParameterizedTest
  @ValueSource(strings = {"json-file", "local"})
  void aRotatingLogLosesNothing(String driver, @TempDir Path signals) throws Exception {
    TestContainer container =
        mist.docker()
            .container()
            .logDriver(driver, "max-size=10k", "max-file=2")
            .options("-v", signals + ":/signals")
            .run(
                "i=0; while [ $i -lt 1000 ]; do [ $((i%20)) = 0 ] &&"
                    + " while [ ! -e /signals/$i ]; do usleep 10000; done;"
                    + " echo line $i; i=$((i+1)); done; sleep 1000");
    try (TestViewer viewer = follow(container)) {
      for (int done = 0; done < 1000; done += 20) {
        Files.createFile(signals.resolve("" + done));
        viewer.awaitLine("line " + (done + 19));
      }
      assertThat(viewer.lines())
          .isEqualTo(IntStream.range(0, 1000).mapToObj(i -> "line " + i).toList());
      assertThat(viewer.all(Gap.class)).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"json-file", "local"})
  void aLogThatRotatesTooFastSaysWhatIsMissing(String driver) throws Exception {
    int total = 100_000;
    TestContainer container =
        mist.docker()
            .container()
            .logDriver(driver, "max-size=10k", "max-file=2")
            .runOnGo(
                "awk 'BEGIN{for(i=0;i<"
                    + total
                    + ";i++)print \"line \" i}'; sleep 1; echo done; sleep 1000");
    try (TestViewer viewer = follow(container)) {
      container.go();
      viewer.awaitLine("done");
      List<String> lines = viewer.lines();
      assertThat(lines).doesNotHaveDuplicates();
      if (lines.size() <= total) {
        assertThat(viewer.all(Gap.class)).isNotEmpty();
      }
    }
  }

  private static TestViewer follow(TestContainer container) throws IOException {
    return TestViewer.open(mist.server().uri(), "appId=" + container.appId() + "&follow=app")
        .await(ContainerStatus.class::isInstance, PATIENCE);
  }
}
