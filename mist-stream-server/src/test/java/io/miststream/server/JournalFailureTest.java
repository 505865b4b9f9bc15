package io.miststream.server;

import static io.miststream.server.DeploymentServer.readToEnd;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.miststream.core.LogStream;
import io.miststream.core.deployment.JournalException;
import io.miststream.testkit.RawClient;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A journal that cannot be written is told where somebody can see it, and may come back. */
class JournalFailureTest {
  private static final String ALL = "/api/deployments";

  @TempDir private Path temporary;

  private static void notReady(DeploymentServer server, String reason) throws Exception {
    HttpResponse<String> ready = server.get("/ready");
    assertThat(ready.statusCode()).isEqualTo(503);
    assertThat(ready.body())
        .startsWith("{\"error\":{\"code\":\"not_ready\",\"message\":\"" + reason)
        .contains("The deployment journal cannot be written: ");
  }

  private static void unavailable(HttpResponse<String> response) {
    assertThat(response.statusCode()).isEqualTo(503);
    assertThat(response.headers().firstValue("Retry-After")).contains("5");
    assertThat(response.body())
        .startsWith(
            "{\"error\":{\"code\":\"journal_not_writable\",\"message\":\"The deployment journal");
  }

  @Test
  void aDirectoryThatIsGoneIsToldUntilItIsBack() throws Exception {
    Path directory = temporary.resolve("journal");
    Path away = temporary.resolve("away");
    try (DeploymentServer server = new DeploymentServer(directory)) {
      assertThat(server.get("/ready").statusCode()).isEqualTo(200);
      Files.move(directory, away);
      Files.writeString(directory, "a file");
      notReady(server, "The deployment journal");
      unavailable(server.post(ALL, "{\"appId\":1}"));
      unavailable(server.post(ALL, "{\"appId\":1,\"reported\":true}"));
      assertThat(server.get(ALL).body()).isEqualTo("{\"deployments\":[]}");
      assertThat(server.get("/health").statusCode()).isEqualTo(200);
      Files.delete(directory);
      Files.move(away, directory);
      assertThat(server.get("/ready").statusCode()).isEqualTo(200);
      assertThat(server.start(1)).isEqualTo(1);
      server.deployer.next().succeed();
    }
  }

  @Test
  void bothReasonsAreTold() throws Exception {
    Path directory = temporary.resolve("journal");
    try (DeploymentServer server =
        new DeploymentServer(
            directory, builder -> builder.ready(() -> Optional.of("Docker is unreachable: no")))) {
      assertThat(server.get("/ready").body()).contains("\"Docker is unreachable: no\"");
      Files.move(directory, temporary.resolve("away"));
      notReady(server, "Docker is unreachable: no; ");
    }
  }

  /** A file system of 512 KiB; only root may make one. */
  private static final class SmallDisk implements AutoCloseable {
    private final Path at;

    SmallDisk(Path at) throws Exception {
      this.at = at;
      Assumptions.assumeTrue(
          Files.isExecutable(Path.of("/bin/mount"))
              && run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", at.toString()) == 0,
          "mounting is not allowed");
    }

    private static int run(String... command) throws IOException, InterruptedException {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      return process.exitValue();
    }

    /** Takes whatever room there is. */
    Path fill() throws IOException {
      Path fill = at.resolve("fill");
      try {
        while (true) {
          Files.write(fill, new byte[1024], StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        }
      } catch (IOException e) {
        return fill; // full
      }
    }

    @Override
    public void close() throws Exception {
      run("umount", at.toString());
    }
  }

  @Test
  void aFullDiskEndsTheDeploymentAndNotTheServer() throws Exception {
    Path directory = Files.createDirectory(temporary.resolve("small"));
    try (SmallDisk disk = new SmallDisk(directory);
        DeploymentServer server = new DeploymentServer(directory)) {
      long id = server.start(1);
      long reported = server.startReported(2);
      ScriptedDeployer.Run run = server.deployer.next();
      List<String> texts;
      Path fill = disk.fill();
      try (RawClient viewer = server.view(id)) {
        try {
          while (true) {
            run.report().log(LogStream.STDOUT, "x".repeat(10_000));
          }
        } catch (JournalException | IllegalStateException e) {
          run.fail("the journal has told it already");
        }
        texts = readToEnd(viewer);
        assertThat(texts.get(texts.size() - 3))
            .contains("\"type\":\"error\"", "The deployment journal cannot be written: ");
        assertThat(texts.get(texts.size() - 2)).contains("\"status\":\"failed\"");
      }
      disk.fill(); // a part of a line may have been taken back
      notReady(server, "");
      unavailable(server.post(ALL, "{\"appId\":1}"));
      HttpResponse<String> report;
      int seq = 0;
      do { // until the other one does not just take back what it has tried to write again
        disk.fill();
        String line = "x".repeat(300_000);
        report =
            server.report(
                reported,
                "{\"seq\":" + ++seq + ",\"type\":\"log\",\"data\":{\"line\":\"" + line + "\"}}");
      } while (report.statusCode() == 200);
      if (report.statusCode() == 409) { // one that was taken could not be saved afterwards
        assertThat(server.get(ALL + "/" + reported).body()).contains("\"status\":\"failed\"");
      } else {
        unavailable(report);
      }
      assertThat(server.get(ALL + "/" + id).body())
          .contains("\"status\":\"failed\"", "The deployment journal cannot be written: ");
      assertThat(server.get("/health").statusCode()).isEqualTo(200);

      Files.delete(fill);
      await().atMost(Duration.ofMinutes(1)).until(() -> server.get("/ready").statusCode() == 200);
      assertThat(Files.readAllLines(directory.resolve(id + ".ndjson"))).isEqualTo(texts);
      try (RawClient viewer = server.view(id)) {
        assertThat(readToEnd(viewer)).isEqualTo(texts);
      }
      assertThat(server.start(3)).isGreaterThan(reported);
      server.deployer.next().succeed();
    }
  }
}
