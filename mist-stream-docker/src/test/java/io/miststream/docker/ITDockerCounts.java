package io.miststream.docker;

import static io.miststream.docker.DockerTests.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.DockerCounts;
import io.miststream.core.DockerCountsSource;
import io.miststream.docker.testing.DockerFixture;
import io.miststream.docker.testing.SecondEngine;
import io.miststream.docker.testing.TestContainer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On an engine of its own, for nobody else may start anything there. */
@Tag("docker")
class ITDockerCounts {
  // Before it counts anew without being told of a change.
  private static final Duration SOON = Duration.ofSeconds(25);

  @TempDir private Path directory;

  private static void awaitCounts(
      DockerCountsSource.Counting counting, int running, int total, int images) {
    await()
        .atMost(SOON)
        .pollInterval(Duration.ofMillis(20))
        .untilAsserted(
            () ->
                assertThat(counting.latest())
                    .isEqualTo(new DockerCounts(running, total, images, null)));
  }

  @Test
  void whatTheEngineTellsOfIsCounted() throws Exception {
    OwnThreads.run(
        threads -> {
          count();
          await().until(() -> threads.named("mist-").isEmpty());
        });
  }

  private void count() throws Exception {
    try (SecondEngine engine = SecondEngine.start(true);
        DockerFixture docker = DockerFixture.connect(engine.host());
        DockerLogSource source = DockerLogSource.builder().dockerHost(engine.host()).build();
        DockerCountsSource.Counting counting = source.counts().open()) {
      awaitCounts(counting, 0, 0, 1);
      TestContainer one = docker.container().run("sleep 1000");
      awaitCounts(counting, 1, 1, 1);
      TestContainer two = docker.container().run("sleep 1000");
      awaitCounts(counting, 2, 2, 1);
      two.pause();
      awaitCounts(counting, 1, 2, 1);
      two.unpause();
      awaitCounts(counting, 2, 2, 1);
      docker.docker("kill", one.id());
      awaitCounts(counting, 1, 2, 1);
      one.remove();
      awaitCounts(counting, 1, 1, 1);
      Files.writeString(
          directory.resolve("Dockerfile"),
          "FROM " + DockerFixture.IMAGE + "\nENV A=1\nENV B=2\nCMD sleep 1000\n");
      docker.docker("build", "-q", "-t", "counted", directory.toString());
      awaitCounts(counting, 1, 1, 2);
      docker.docker("rmi", "counted");
      awaitCounts(counting, 1, 1, 1);

      engine.stop();
      await()
          .atMost(SOON)
          .until(
              () ->
                  String.valueOf(counting.latest().error()).startsWith("Docker is unreachable: "));
      assertThat(counting.latest().containersTotal()).isZero();
      engine.start();
      awaitCounts(counting, 1, 1, 1);
      counting.close();
      counting.close();
    }
  }
}
