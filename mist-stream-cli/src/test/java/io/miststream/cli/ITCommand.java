package io.miststream.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.miststream.core.ContainerStatus;
import io.miststream.docker.testing.DockerFixture;
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
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command as users run it: what it prints, how it ends. */
@Tag("docker")
class ITCommand {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

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

  private ProcessBuilder command(String... arguments) {
    return ServerProcess.command(arguments).redirectError(directory.resolve("err").toFile());
  }

  private ProcessBuilder logs(TestContainer container, String... more) {
    ProcessBuilder builder = command("logs", "" + container.appId(), "--server", "" + server.uri());
    builder.command().addAll(List.of(more));
    return builder;
  }

  /** Starts a command that prints to a file. */
  private Process toFile(ProcessBuilder builder) throws IOException {
    return builder.redirectOutput(directory.resolve("out").toFile()).start();
  }

  private static int exit(Process process) throws InterruptedException {
    try {
      assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).as("it ends").isTrue();
      return process.exitValue();
    } finally {
      process.destroyForcibly();
    }
  }

  private String out() throws IOException {
    return Files.readString(directory.resolve("out"));
  }

  private String err() throws IOException {
    return Files.readString(directory.resolve("err"));
  }

  private static TestContainer exited(String script) {
    TestContainer container = docker.container().run(script);
    await().atMost(PATIENCE).until(() -> container.state().equals("exited"));
    return container;
  }

  @Test
  void linesArePrintedToTheEndOfTheContainer() throws Exception {
    TestContainer container = docker.container().runOnGo("echo one; echo 'zwei ü'; printf three");
    Process logs = toFile(logs(container));
    await().atMost(PATIENCE).until(() -> err().contains(container.name() + " is running"));
    container.go();
    assertThat(exit(logs)).isZero();
    assertThat(out().lines().map(line -> line.replace(container.name() + " | ", "")))
        .containsExactly("one", "zwei ü", "three");
    assertThat(err()).contains(container.name() + " is exited");
  }

  @Test
  void aStoppedContainerIsAnErrorUnlessHistoryIsAskedFor() throws Exception {
    TestContainer container = exited("echo last words");
    assertThat(exit(toFile(logs(container)))).isEqualTo(1);
    assertThat(out()).isEmpty();
    assertThat(err()).contains("mist-stream: Container is not running (state: exited)");
    assertThat(exit(toFile(logs(container, "--follow", "none")))).isZero();
    assertThat(out()).contains("last words");
  }

  @Test
  void whereNobodyReadsAnyMoreItEndsQuietly() throws Exception {
    TestContainer container =
        docker.container().run("i=0; while :; do echo line $i; i=$((i+1)); usleep 50000; done");
    Process logs = logs(container, "-f").start();
    try (BufferedReader reader = logs.inputReader(StandardCharsets.UTF_8)) {
      assertThat(reader.readLine()).contains("line ");
    }
    assertThat(exit(logs)).isZero();
    assertThat(err()).doesNotContain("Exception").doesNotContain("pipe");
    container.remove();
  }

  @Test
  void whereItsOutputIsNotReadItCanBeStopped() throws Exception {
    TestContainer container =
        docker.container().run("head -c 3000000 /dev/zero | tr '\\000' a; echo; sleep 1000");
    Process logs = logs(container, "-f").start();
    // What a pipe holds, on Linux 64 KiB.
    await().atMost(PATIENCE).until(() -> logs.getInputStream().available() >= 60_000);
    logs.toHandle().destroy(); // the process's own destroy would close the pipe as well
    assertThat(exit(logs)).isEqualTo(130);
    container.remove();
  }

  @Test
  void toldToStopTheServerClosesItsViewersAndSucceeds() throws Exception {
    TestContainer container = docker.container().runSilent();
    try (ServerProcess own = ServerProcess.start(docker.host(), Map.of());
        TestViewer viewer = TestViewer.open(own.uri(), "appId=" + container.appId())) {
      viewer.await(ContainerStatus.class::isInstance, PATIENCE);
      long begun = System.nanoTime();
      assertThat(own.stop()).isZero();
      assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(5));
      assertThat(viewer.awaitClose()).isEqualTo(1001);
    }
  }

  @Test
  void aPortInUseIsSaid() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = "" + taken.getLocalPort();
      assertThat(exit(toFile(command("serve", "--port", port)))).isEqualTo(1);
      assertThat(err()).contains("mist-stream: cannot listen on 127.0.0.1:" + port + ": ");
      assertThat(err()).doesNotContain("\tat ");
      assertThat(out()).isEmpty();
    }
  }

  @Test
  void anAddressWithoutSuchAPortIsWrongUsage() throws Exception {
    Process serve = toFile(command("serve", "--port", "0", "--docker-host", "tcp://[::1]:99999"));
    assertThat(exit(serve)).isEqualTo(2);
    assertThat(err()).contains("mist-stream: there is no port 99999");
    assertThat(err()).doesNotContain("\tat ");
  }

  @Test
  void aRequestThatTheServerRefusesIsWrongUsage() throws Exception {
    TestContainer container = exited("echo last words");
    assertThat(exit(toFile(logs(container, "--tail", "100001")))).isEqualTo(2);
    assertThat(err()).contains("mist-stream: tail must be 0 to 100000 or all");
  }

  @Test
  void theLogLevelIsThatOfEverythingInTheServer() throws Exception {
    try (ServerProcess quiet = ServerProcess.start(docker.host(), Map.of());
        ServerProcess chatty =
            ServerProcess.start(docker.host(), Map.of(), "--log-level", "info")) {
      // Grizzly's own words, through java.util.logging.
      assertThat(chatty.errors()).contains("[INFO] ").contains("Started listener bound to");
      assertThat(quiet.errors()).isEmpty();
    }
  }

  @Test
  void aBadConfigurationFileIsSaidWithItsLine() throws Exception {
    Path config = Files.writeString(directory.resolve("mist.yaml"), "port: 0\nping-interval: 30\n");
    assertThat(exit(toFile(command("serve", "--config", config.toString())))).isEqualTo(2);
    assertThat(err()).contains(config + ":2: ping-interval must be a time such as");
    assertThat(err()).doesNotContain("\tat ");
    assertThat(out()).isEmpty();
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
    Path distribution = Path.of(ServerProcess.command().command().get(0)).getParent().getParent();
    Path copy = directory.resolve("copy");
    assertThat(exit(new ProcessBuilder("cp", "-r", "" + distribution, "" + copy).start())).isZero();
    String archive = "" + copy.resolve("bin/mist-stream-archive");
    assertThat(exit(new ProcessBuilder(archive).redirectErrorStream(true).start())).isZero();
    ProcessBuilder version = new ProcessBuilder("" + copy.resolve("bin/mist-stream"), "--version");
    version.environment().put("MIST_JAVA_OPTS", "-Xlog:class+load:file=" + directory + "/classes");
    assertThat(exit(version.start())).isZero();
    assertThat(directory.resolve("classes"))
        .content()
        .contains("io.miststream.cli.Main source: shared objects file (top)");
  }
}
