package io.miststream.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.miststream.core.ContainerStatus;
import io.miststream.docker.testing.TestContainer;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The command as users run it: what it prints, how it ends. */
@Tag("docker")
@Execution(ExecutionMode.CONCURRENT)
class ITCommand {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @RegisterExtension static final EndToEnd mist = new EndToEnd();

  @TempDir private Path directory;

  private static String[] logs(TestContainer container, String... more) throws IOException {
    List<String> all = new ArrayList<>(List.of("logs", "" + container.appId()));
    all.addAll(List.of(more));
    return mist.withServer(all.toArray(String[]::new));
  }

  private static TestContainer exited(String script) {
    TestContainer container = mist.docker().container().run(script);
    await().atMost(PATIENCE).until(() -> container.state().equals("exited"));
    return container;
  }

  @Test
  void linesArePrintedToTheEndOfTheContainer() throws Exception {
    TestContainer container =
        mist.docker().container().runOnGo("echo one; echo 'zwei ü'; printf three");
    try (CommandProcess logs = CommandProcess.start(logs(container))) {
      await().atMost(PATIENCE).until(() -> logs.err().contains(container.name() + " is running"));
      container.go();
      assertThat(logs.exit()).isZero();
      assertThat(logs.out().lines().map(line -> line.replace(container.name() + " | ", "")))
          .containsExactly("one", "zwei ü", "three");
      assertThat(logs.err()).contains(container.name() + " is exited");
    }
  }

  @Test
  void aStoppedContainerIsAnErrorUnlessHistoryIsAskedFor() throws Exception {
    TestContainer container = exited("echo last words");
    try (CommandProcess logs = CommandProcess.start(logs(container));
        CommandProcess history = CommandProcess.start(logs(container, "--follow", "none"));
        CommandProcess refused = CommandProcess.start(logs(container, "--tail", "100001"))) {
      assertThat(logs.exit()).isEqualTo(1);
      assertThat(logs.out()).isEmpty();
      assertThat(logs.err()).contains("mist-stream: Container is not running (state: exited)");
      assertThat(history.exit()).isZero();
      assertThat(history.out()).contains("last words");
      assertThat(refused.exit()).as("what the server refuses is wrong usage").isEqualTo(2);
      assertThat(refused.err()).contains("mist-stream: tail must be 0 to 100000 or all");
    }
  }

  @Test
  void whereNobodyReadsAnyMoreItEndsQuietly() throws Exception {
    TestContainer container =
        mist.docker()
            .container()
            .run("i=0; while :; do echo line $i; i=$((i+1)); usleep 50000; done");
    try (CommandProcess logs = CommandProcess.startPiped(logs(container, "-f"))) {
      try (BufferedReader reader = logs.process().inputReader(StandardCharsets.UTF_8)) {
        assertThat(reader.readLine()).contains("line ");
      }
      assertThat(logs.exit()).isZero();
      assertThat(logs.err()).doesNotContain("Exception").doesNotContain("pipe");
    }
    container.remove();
  }

  @Test
  void whereItsOutputIsNotReadItCanBeStopped() throws Exception {
    TestContainer container =
        mist.docker().container().run("head -c 3000000 /dev/zero | tr '\\000' a; echo; sleep 1000");
    try (CommandProcess logs = CommandProcess.startPiped(logs(container, "-f"))) {
      // What a pipe holds, on Linux 64 KiB.
      await().atMost(PATIENCE).until(() -> logs.process().getInputStream().available() >= 60_000);
      logs.process().toHandle().destroy(); // the process's own destroy would close the pipe as well
      assertThat(logs.exit()).isEqualTo(130);
    }
    container.remove();
  }

  @Test
  void toldToStopTheServerClosesItsViewersAndSucceeds() throws Exception {
    TestContainer container = mist.docker().container().runSilent();
    try (ServerProcess own = mist.serve();
        TestViewer viewer = TestViewer.open(own.uri(), "appId=" + container.appId())) {
      viewer.await(ContainerStatus.class::isInstance, PATIENCE);
      assertThat(own.stop()).isZero();
      assertThat(viewer.awaitClose()).isEqualTo(1001);
    }
  }

  @Test
  void aPortInUseIsSaid() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = "" + taken.getLocalPort();
      try (CommandProcess serve = CommandProcess.start("serve", "--port", port)) {
        assertThat(serve.exit()).isEqualTo(1);
        assertThat(serve.err())
            .contains("mist-stream: cannot listen on 127.0.0.1:" + port + ": ")
            .doesNotContain("\tat ");
        assertThat(serve.out()).isEmpty();
      }
    }
  }

  @Test
  void anAddressWithoutSuchAPortIsWrongUsage() throws Exception {
    try (CommandProcess serve =
        CommandProcess.start("serve", "--port", "0", "--docker-host", "tcp://[::1]:99999")) {
      assertThat(serve.exit()).isEqualTo(2);
      assertThat(serve.err())
          .contains("mist-stream: there is no port 99999")
          .doesNotContain("\tat ");
    }
  }

  @Test
  void theLogLevelIsThatOfEverythingInTheServer() throws Exception {
    try (ServerProcess quiet = mist.serve();
        ServerProcess chatty = mist.serve("--log-level", "info")) {
      // Grizzly's own words, through java.util.logging.
      assertThat(chatty.errors()).contains("[INFO] ").contains("Started listener bound to");
      assertThat(quiet.errors()).doesNotContain("[INFO] ");
    }
  }

  @Test
  void aBadConfigurationFileIsSaidWithItsLine() throws Exception {
    Path config = Files.writeString(directory.resolve("mist.yaml"), "port: 0\nping-interval: 30\n");
    try (CommandProcess serve = CommandProcess.start("serve", "--config", config.toString())) {
      assertThat(serve.exit()).isEqualTo(2);
      assertThat(serve.err())
          .contains(config + ":2: ping-interval must be a time such as")
          .doesNotContain("\tat ");
      assertThat(serve.out()).isEmpty();
    }
  }

  @Test
  void withoutAnEngineTheServerStartsButIsNotReady() throws Exception {
    URI nowhere = URI.create("unix://" + directory.resolve("nothing.sock"));
    try (ServerProcess own = ServerProcess.start(nowhere, Map.of())) {
      HttpResponse<String> ready =
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(own.uri().resolve("/ready")).build(),
                  HttpResponse.BodyHandlers.ofString());
      assertThat(ready.statusCode()).isEqualTo(503);
      assertThat(ready.body()).contains("Docker is unreachable: ");
      await()
          .untilAsserted(
              () ->
                  assertThat(own.errors())
                      .contains("mist-stream: Docker is unreachable: ", "it will be tried again"));
      assertThat(own.stop()).isZero();
    }
  }

  @Test
  void anArchiveOfItsClassesIsMadeAndUsed() throws Exception {
    Path copy = directory.resolve("copy");
    run(ServerProcess.fresh("cp", "-r", "" + ServerProcess.HOME.toAbsolutePath(), "" + copy));
    run(ServerProcess.fresh("" + copy.resolve("bin/mist-stream-archive")));
    ProcessBuilder version = ServerProcess.fresh("" + copy.resolve("bin/mist-stream"), "--version");
    version.environment().put("MIST_JAVA_OPTS", "-Xlog:class+load:file=" + directory + "/classes");
    run(version);
    assertThat(directory.resolve("classes"))
        .content()
        .contains("io.miststream.cli.Main source: shared objects file (top)");
  }

  private static void run(ProcessBuilder builder) throws Exception {
    try (CommandProcess process = CommandProcess.start(builder)) {
      assertThat(process.exit()).as(process.err()).isZero();
    }
  }
}
