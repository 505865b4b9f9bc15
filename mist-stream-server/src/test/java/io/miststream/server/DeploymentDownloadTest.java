package io.miststream.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.miststream.core.LogStream;
import io.miststream.core.deployment.DeploymentReporter;
import io.miststream.testkit.RawClient;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The journal as a file, to those who read it fast, slowly or not at all. */
@Timeout(120) // what should not wait would wait for ever
class DeploymentDownloadTest {
  @TempDir private Path directory;
  private DeploymentServer server;
  private long id;
  private DeploymentReporter report;

  @BeforeEach
  void start() throws Exception {
    start(Duration.ofMinutes(10));
  }

  private void start(Duration stallTimeout) throws Exception {
    server = new DeploymentServer(directory, builder -> builder.stallTimeout(stallTimeout));
    id = server.start(1);
    report = server.deployer.next().report();
  }

  private void restart(Duration stallTimeout) throws Exception {
    server.close();
    start(stallTimeout);
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private String path() {
    return "/api/deployments/" + id + "/logs";
  }

  private void printMegabytes(int count) {
    String line = "x".repeat(1 << 20);
    for (int i = 0; i < count; i++) {
      report.log(LogStream.STDOUT, i + line.substring(10));
    }
    report.flush();
  }

  private String saved() throws IOException {
    return Files.readString(directory.resolve(id + ".ndjson"));
  }

  private RawClient stalled() throws IOException {
    RawClient socket = RawClient.connect(server.port(), 8192);
    socket.send("GET " + path() + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assertThat(socket.readResponse(false).status()).isEqualTo(200);
    return socket;
  }

  private int openFiles() throws IOException {
    int open = 0;
    try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
      for (Path one : (Iterable<Path>) all::iterator) {
        try {
          open += Files.readSymbolicLink(one).toString().endsWith(id + ".ndjson") ? 1 : 0;
        } catch (IOException e) {
          // Closed meanwhile.
        }
      }
    }
    return open;
  }

  @Test
  void aLogThatGrowsIsWholeLinesUpToSomeMoment() throws Exception {
    for (int i = 0; i < 1000; i++) {
      report.log(LogStream.STDOUT, "line " + i);
    }
    report.flush();
    Thread builder =
        new Thread(
            () -> {
              for (int i = 1000; i < 30_000; i++) {
                report.log(LogStream.STDOUT, "line " + i);
              }
              report.succeed("Done");
            });
    builder.start();
    List<String> bodies = new ArrayList<>();
    while (builder.isAlive()) {
      HttpResponse<String> response = server.get(path());
      assertThat(response.statusCode()).isEqualTo(200);
      bodies.add(response.body());
    }
    builder.join();
    String all = server.get(path()).body();
    assertThat(all).isEqualTo(saved());
    assertThat(all.lines()).hasSizeGreaterThan(30_000);
    for (String body : bodies) {
      assertThat(all.startsWith(body)).isTrue();
      assertThat(body).endsWith("}\n").contains("\"line\":\"line 999\"");
    }
  }

  @Test
  void theFirstThousandLinesAreAllThereTheMomentTheyAreSaved() throws Exception {
    for (int i = 0; i < 1000; i++) {
      report.log(LogStream.STDERR, "line " + i);
    }
    report.flush();
    assertThat(server.get(path()).body().lines().filter(line -> line.contains("\"log\"")))
        .hasSize(1000);
  }

  @Test
  void whoDoesNotReadHoldsUpNobody() throws Exception {
    printMegabytes(12);
    List<RawClient> stalled = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      stalled.add(stalled());
    }
    assertThat(server.get("/health").statusCode()).isEqualTo(200);
    assertThat(server.get(path()).body()).isEqualTo(saved());
    try (RawClient viewer = server.view(id)) {
      assertThat(viewer.readText()).contains("pending");
    }
    assertThat(openFiles()).as("those that do not read").isGreaterThanOrEqualTo(stalled.size());
    for (RawClient socket : stalled) {
      socket.close();
    }
  }

  @Test
  void whoDoesNotReadIsDropped() throws Exception {
    restart(Duration.ofSeconds(1));
    printMegabytes(12);
    try (RawClient one = stalled();
        RawClient two = stalled()) {
      await().atMost(Duration.ofMinutes(1)).until(() -> openFiles() == 0);
      assertThat(one).isNotEqualTo(two);
    }
    // Its own writer opens the file when there is something to write.
    report.log(LogStream.STDOUT, "more");
    report.flush();
  }

  @Test
  void whoReadsSlowlyGetsAllOfIt() throws Exception {
    printMegabytes(8);
    String all = saved();
    try (RawClient socket = RawClient.connect(server.port(), 8192)) {
      socket.send("GET " + path() + " HTTP/1.0\r\nHost: localhost\r\n\r\n");
      assertThat(socket.readResponse(false).status()).isEqualTo(200);
      await().until(socket::hasInput);
      assertThat(socket.readAll()).isEqualTo(all);
    }
  }

  @Test
  void whoLeavesLeavesNothingOpen() throws Exception {
    printMegabytes(12);
    for (int i = 0; i < 20; i++) {
      stalled().reset();
    }
    await().until(() -> openFiles() == 0);
    assertThat(server.get(path()).statusCode()).isEqualTo(200);
  }

  @Test
  void closingDoesNotWaitForDownloads() throws Exception {
    printMegabytes(12);
    try (RawClient one = stalled();
        RawClient two = stalled()) {
      server.server.close();
      assertThat(one).isNotEqualTo(two);
    }
    await().until(() -> openFiles() == 0);
    await()
        .until(
            () ->
                Thread.getAllStackTraces().keySet().stream()
                    .noneMatch(thread -> thread.getName().startsWith("mist-stream")));
  }
}
