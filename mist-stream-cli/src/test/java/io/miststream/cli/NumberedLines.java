package io.miststream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.ContainerStatus;
import io.miststream.core.Gap;
import io.miststream.docker.testing.DockerFixture;
import io.miststream.docker.testing.TestContainer;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** A container that prints some hundred lines a second, and viewers who must miss none. */
final class NumberedLines implements AutoCloseable {
  private static final String SCRIPT =
      "n=0; while [ ! -e /stop ]; do i=0;"
          + " while [ $i -lt 10 ]; do echo line $n; n=$((n+1)); i=$((i+1)); done;"
          + " usleep 20000; done; echo $n lines";

  private final TestContainer container;
  private final List<TestViewer> viewers = new ArrayList<>();

  private NumberedLines(TestContainer container) {
    this.container = container;
  }

  /** Begins to print when all viewers are there. */
  static NumberedLines start(DockerFixture docker, ServerProcess server, int viewers) {
    return start(docker, server, viewers, HttpClient.newHttpClient());
  }

  static NumberedLines start(
      DockerFixture docker, ServerProcess server, int viewers, HttpClient http) {
    NumberedLines lines = new NumberedLines(docker.container().runOnGo(SCRIPT));
    for (int i = 0; i < viewers; i++) {
      lines.viewers.add(
          TestViewer.open(
                  http,
                  server.uri(),
                  "/ws/container/logs?appId=" + lines.container.appId(),
                  Map.of())
              .await(ContainerStatus.class::isInstance, Duration.ofMinutes(1)));
    }
    lines.container.go();
    return lines;
  }

  int viewers() {
    return viewers.size();
  }

  /** Prints no more; each viewer must have got each line once, in order, and no gap. */
  void endAndExpectAll() {
    container.exec("touch /stop");
    for (TestViewer viewer : viewers) {
      assertThat(viewer.awaitClose()).isEqualTo(1000);
      List<String> got = viewer.lines();
      int printed = got.size() - 1;
      assertThat(viewer.all(Gap.class)).isEmpty();
      assertThat(got.subList(0, printed))
          .isEqualTo(IntStream.range(0, printed).mapToObj(n -> "line " + n).toList());
      assertThat(got).endsWith(printed + " lines");
    }
  }

  @Override
  public void close() {
    viewers.forEach(TestViewer::close);
    container.remove();
  }
}
