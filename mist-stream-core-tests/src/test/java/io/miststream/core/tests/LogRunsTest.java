package io.miststream.core.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.ContainerStatus;
import io.miststream.core.Cursor;
import io.miststream.core.ErrorCode;
import io.miststream.core.LogFilter;
import io.miststream.core.LogRequest;
import io.miststream.core.StreamEnd;
import io.miststream.core.StreamError;
import io.miststream.core.topic.StreamClose;
import io.miststream.testkit.InMemoryLogSource;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The end of a container's run is the end of the streams that follow it. */
class LogRunsTest extends LogTopicsFixture {

  @Test
  void aStoppedContainerIsAnErrorBehindItsStatus() throws Exception {
    print(0, 10);
    web.stop(3);
    ViewerReader viewer = open();
    assertThat(viewer.toTheEnd()).isEqualTo(new StreamClose(1008, "container_not_running"));
    assertThat(viewer.messages()).hasSize(2);
    assertThat(viewer.all(ContainerStatus.class).get(0).exitCode()).isEqualTo(3);
    assertThat(viewer.all(StreamError.class).get(0).message())
        .isEqualTo("Container is not running (state: exited)");
  }

  @Test
  void theEndOfTheRunIsTheEndOfTheStream() throws Exception {
    ViewerReader viewer = open();
    ViewerReader following = open(app());
    print(0, 3);
    viewer.untilLine("line 2");
    print(3, 5);
    web.stop(1);
    assertThat(viewer.toTheEnd()).isEqualTo(StreamClose.END);
    assertThat(viewer.lines()).isEqualTo(numbered(0, 5));
    assertThat(viewer.all(ContainerStatus.class)).extracting("state").endsWith("exited");
    assertThat(viewer.messages().get(viewer.messages().size() - 1)).isInstanceOf(StreamEnd.class);
    web.start();
    print(5, 7);
    assertThat(following.untilLine("line 6").lines()).isEqualTo(numbered(0, 7));
    assertThat(following.all(ContainerStatus.class))
        .extracting("state")
        .containsExactly("running", "exited", "running");
    // A new viewer of the new run is not ended by the end of the old one.
    ViewerReader fresh = open().untilLine("line 6");
    print(7, 8);
    assertThat(fresh.untilLine("line 7").all(ContainerStatus.class)).hasSize(1);
  }

  @Test
  void whoWasCutOffBeforeTheEndGetsTheRestAndTheEnd() throws Exception {
    print(0, 10);
    ViewerReader first = open().untilLine("line 4");
    Cursor cursor = first.lastId();
    first.close();
    web.stop(0);
    ViewerReader again = open(LogRequest.of(1).withAfter(cursor));
    assertThat(again.toTheEnd()).isEqualTo(StreamClose.END);
    assertThat(again.lines()).isEqualTo(numbered(5, 10));
  }

  @Test
  void aRunThatIsOnlySeenToHaveBeenReplacedEndsTheStreamToo() throws Exception {
    ViewerReader viewer = open();
    ViewerReader following = open(app());
    print(0, 3);
    viewer.untilLine("line 2");
    print(3, 4);
    following.untilLine("line 3"); // it is followed by now
    print(4, 5);
    web.start();
    print(5, 7);
    following.untilLine("line 6");
    assertThat(viewer.toTheEnd()).isEqualTo(StreamClose.END);
    assertThat(viewer.lines()).isEqualTo(numbered(0, 5));
    assertThat(viewer.all(ContainerStatus.class)).as("of its own run").hasSize(1);
  }

  @Test
  void aRunIsOverWhileItsContainerWaitsForTheNext() throws Exception {
    ViewerReader viewer = open();
    print(0, 3);
    viewer.untilLine("line 2");
    web.crash(1);
    assertThat(viewer.toTheEnd()).isEqualTo(StreamClose.END);
    assertThat(viewer.all(ContainerStatus.class)).extracting("state").endsWith("restarting");
    assertThat(open().toTheEnd()).isEqualTo(StreamClose.of(ErrorCode.CONTAINER_NOT_RUNNING));
  }

  @Test
  void aStreamOfSeveralContainersEndsWithTheLastOfTheirRuns() throws Exception {
    InMemoryLogSource.Container worker = source.run(1, "worker");
    ViewerReader viewer = open().until(ContainerStatus.class::isInstance);
    ViewerReader workerOnly =
        open(LogRequest.of(1).withFilter(LogFilter.of(null, "worker", null, null)));
    workerOnly.until(ContainerStatus.class::isInstance);
    print(0, 1);
    viewer.untilLine("line 0");
    print(1, 2);
    viewer.untilLine("line 1"); // it is followed by now
    web.start();
    print(2, 3);
    viewer.untilLine("line 2");
    worker.print("from worker");
    worker.stop(0);
    print(3, 4); // of a run that began later
    assertThat(viewer.toTheEnd()).isEqualTo(StreamClose.END);
    assertThat(viewer.lines()).containsExactly("line 0", "line 1", "line 2", "from worker");
    assertThat(viewer.all(ContainerStatus.class)).extracting("state").endsWith("exited");
    assertThat(workerOnly.toTheEnd()).isEqualTo(StreamClose.END);
    assertThat(workerOnly.lines()).containsExactly("from worker");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aRunThatEndsBeforeItIsFollowedIsReadToItsEnd(boolean startsAgain) throws Exception {
    CountDownLatch follow = holdBackTheFollow();
    print(0, 3);
    ViewerReader viewer = open().untilLine("line 2");
    ViewerReader following = open(app());
    print(3, 5);
    web.stop(1);
    if (startsAgain) {
      web.start();
    }
    follow.countDown();
    assertThat(viewer.toTheEnd()).isEqualTo(StreamClose.END);
    assertThat(viewer.lines()).isEqualTo(numbered(0, 5));
    if (!startsAgain) {
      web.start();
    }
    print(5, 6);
    assertThat(following.untilLine("line 5").lines()).isEqualTo(numbered(0, 6));
  }
}
