package io.miststream.core.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.ContainerStatus;
import io.miststream.core.ErrorCode;
import io.miststream.core.LogFilter;
import io.miststream.core.LogLine;
import io.miststream.core.LogRequest;
import io.miststream.core.StreamError;
import io.miststream.core.topic.LogTopics;
import io.miststream.core.topic.StreamClose;
import io.miststream.testkit.InMemoryLogSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** One read of an app, whatever number of viewers it has. */
class LogSharingTest extends LogTopicsFixture {

  @Test
  void fiftyViewersCostOneFollow() throws Exception {
    print(0, 200);
    List<ViewerReader> viewers = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      viewers.add(open());
    }
    print(200, 210);
    for (ViewerReader viewer : viewers) {
      assertThat(viewer.untilLine("line 209").lines()).endsWith("line 208", "line 209");
    }
    assertThat(source.activeSubscriptions()).isEqualTo(1);
    assertThat(source.subscriptions()).as("the history, and the follow").isEqualTo(2);
  }

  @Test
  void linesNameTheirContainerWhereThereAreSeveral() throws Exception {
    InMemoryLogSource.Container worker = source.run(1, "worker");
    web.print("from web");
    worker.print("from worker");
    ViewerReader viewer = open(app()).untilLine("from worker");
    assertThat(viewer.all(LogLine.class))
        .extracting(LogLine::container)
        .containsExactly("web", "worker");
    ViewerReader one =
        open(app().withFilter(LogFilter.of(null, "worker", null, null))).untilLine("from worker");
    assertThat(one.messages()).hasSize(2);
  }

  @Test
  void theReadIsClosedAWhileAfterTheLastViewerLeft() throws Exception {
    use(LogTopics.builder(source).linger(Duration.ofMillis(50)));
    ViewerReader viewer = open(app());
    print(0, 1);
    viewer.untilLine("line 0").close();
    await().untilAsserted(() -> assertThat(source.activeSubscriptions()).isZero());
    assertThat(topics.topics()).isZero();
    print(1, 2);
    assertThat(open(app()).untilLine("line 1").lines()).isEqualTo(numbered(0, 2));
  }

  @Test
  void closingTellsEveryViewerToComeBack() throws Exception {
    ViewerReader live = open(app());
    print(0, 3);
    live.untilLine("line 2");
    topics.close();
    assertThat(live.toTheEnd()).isEqualTo(StreamClose.SHUTDOWN);
    assertThat(open(app()).toTheEnd()).isEqualTo(StreamClose.SHUTDOWN);
  }

  @Test
  void aLostSourceEndsEveryViewerWithTheReason() throws Exception {
    ViewerReader viewer = open(app());
    print(0, 3);
    viewer.untilLine("line 2");
    source.fail(ErrorCode.SOURCE_UNAVAILABLE, "Docker is unreachable: no such file");
    assertThat(viewer.toTheEnd()).isEqualTo(new StreamClose(1013, "source_unavailable"));
    assertThat(viewer.all(StreamError.class).get(0).message())
        .isEqualTo("Docker is unreachable: no such file");
    assertThat(open(app()).toTheEnd().code()).isEqualTo(1013);
    source.recover();
    assertThat(open(app()).untilLine("line 2").lines()).isEqualTo(numbered(0, 3));
  }

  @Test
  void anUnknownAppIsAnError() throws Exception {
    ViewerReader viewer = open(LogRequest.of(99));
    assertThat(viewer.toTheEnd()).isEqualTo(StreamClose.of(ErrorCode.CONTAINER_NOT_FOUND));
    assertThat(viewer.messages())
        .singleElement()
        .isInstanceOfSatisfying(
            StreamError.class, e -> assertThat(e.message()).isEqualTo("Container not found"));
  }

  @Test
  void anUnknownContainerOfAnAppIsAnError() throws Exception {
    open().until(ContainerStatus.class::isInstance);
    ViewerReader viewer = open(app().withFilter(LogFilter.of(null, "nobody", null, null)));
    assertThat(viewer.toTheEnd().code()).isEqualTo(1008);
    assertThat(viewer.all(StreamError.class)).hasSize(1);
  }
}
