package io.miststream.docker;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.ErrorCode;
import io.miststream.core.Follow;
import io.miststream.core.Gap;
import io.miststream.core.LogLine;
import io.miststream.core.LogRequest;
import io.miststream.core.StreamException;
import io.miststream.docker.testing.DockerFixture;
import io.miststream.docker.testing.SecondEngine;
import io.miststream.docker.testing.TestContainer;
import io.miststream.testkit.RecordingSubscriber;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An engine that is stopped and started under a reader. */
@Tag("docker")
@Execution(ExecutionMode.CONCURRENT)
class ITDockerLogSourceEngine {

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theStreamGoesOnWhenTheEngineIsBack(boolean liveRestore) throws IOException {
    DockerFixture.connect().close(); // aborts where there is nothing to test with
    try (SecondEngine engine = SecondEngine.start(liveRestore);
        DockerFixture docker = DockerFixture.connect(engine.host());
        DockerLogSource source = DockerLogSource.builder().dockerHost(engine.host()).build()) {
      TestContainer container =
          docker
              .container()
              .options("--restart=always", "--network=none")
              .run("trap 'exit 0' TERM; i=0; while :; do i=$((i+1)); echo $i; usleep 5000; done");
      RecordingSubscriber reader =
          RecordingSubscriber.to(
              source.logs(
                  LogRequest.of(container.appId())
                      .withTail(LogRequest.ALL)
                      .withFollow(Follow.APP)));
      reader.awaitLines(100);
      int atStop = reader.lines().size();
      engine.stop();
      engine.start();
      reader.awaitLines(atStop + 100);
      reader.cancel();
      assertThat(reader.messages(Gap.class)).isEmpty();
      List<Integer> numbers = reader.lines().stream().map(Integer::parseInt).toList();
      int runs = 1;
      for (int i = 1; i < numbers.size(); i++) {
        if (numbers.get(i) == 1) {
          runs++;
        } else {
          assertThat(numbers.get(i)).isEqualTo(numbers.get(i - 1) + 1);
        }
      }
      assertThat(runs).isEqualTo(liveRestore ? 1 : 2);
      // And it is what the engine has.
      List<LogLine> all =
          RecordingSubscriber.to(
                  source.logs(
                      LogRequest.of(container.appId())
                          .withTail(LogRequest.ALL)
                          .withFollow(Follow.NONE)))
              .awaitComplete()
              .messages(LogLine.class);
      assertThat(reader.lines())
          .isEqualTo(all.subList(0, reader.lines().size()).stream().map(LogLine::line).toList());
    }
  }

  @Test
  void anEngineThatStaysAwayIsReported() throws IOException {
    DockerFixture.connect().close();
    try (SecondEngine engine = SecondEngine.start(false);
        DockerFixture docker = DockerFixture.connect(engine.host());
        DockerLogSource source =
            DockerLogSource.builder()
                .dockerHost(engine.host())
                .recovery(Duration.ofSeconds(2))
                .build()) {
      TestContainer container =
          docker
              .container()
              .options("--network=none")
              .run("echo here; trap 'exit 0' TERM; while :; do sleep 0.1; done");
      RecordingSubscriber reader =
          RecordingSubscriber.to(source.logs(LogRequest.of(container.appId())));
      reader.awaitLine("here");
      engine.kill();
      Throwable error = reader.awaitError();
      assertThat(((StreamException) error).code()).isEqualTo(ErrorCode.SOURCE_UNAVAILABLE);
      assertThat(error).hasMessageStartingWith("Docker is unreachable: ");
      assertThat(source.isReachable()).isFalse();
      engine.start();
      assertThat(source.isReachable()).isTrue();
    }
  }
}
