package io.miststream.core.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.ContainerStatus;
import io.miststream.core.Cursor;
import io.miststream.core.Gap;
import io.miststream.core.LogLine;
import io.miststream.core.topic.LogTopics;
import io.miststream.core.topic.StreamClose;
import io.miststream.testkit.InMemoryLogSource;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a viewer missed, and how it is told. */
class LogGapsTest extends LogTopicsFixture {

  @Test
  void aSlowViewerIsToldExactlyWhatItMissed() throws Exception {
    use(LogTopics.builder(source).ringBytes(64 << 10));
    ViewerReader slow = open(app());
    ViewerReader other = open(app());
    print(0, 10);
    slow.untilLine("line 9");
    for (int i = 10; i < 5000; i += 10) {
      print(i, i + 10);
      other.untilLine("line " + (i + 9));
    }
    slow.untilLine("line 4999");
    assertThat(other.lines()).isEqualTo(numbered(0, 5000));
    List<Gap> gaps = slow.all(Gap.class);
    assertThat(gaps).hasSize(1);
    Gap gap = gaps.get(0);
    assertThat(gap.reason()).isEqualTo(Gap.Reason.SLOW_VIEWER);
    assertThat(gap.missed() + slow.lines().size()).isEqualTo(5000);
    assertThat(topics.figures().gaps(Gap.Reason.SLOW_VIEWER)).isEqualTo(1);
    assertThat(topics.figures().missedLines()).isEqualTo(gap.missed());
    assertThat(topics.figures().readsOpen()).isEqualTo(1);
    assertThat(topics.traffic().viewers()).isEqualTo(2);
    assertThat(topics.traffic().messages())
        .isEqualTo(slow.messages().size() + other.messages().size());
    int at = slow.messages().indexOf(gap);
    assertThat(gap.after()).isEqualTo(slow.messages().get(at - 1).cursor());
    assertThat(gap.before()).isEqualTo(slow.messages().get(at + 1).cursor());
    assertThat(open(app().withAfter(gap.cursor())).next()).isInstanceOf(ContainerStatus.class);
    ViewerReader resumed = open(app().withAfter(gap.cursor()));
    resumed.until(LogLine.class::isInstance);
    assertThat(resumed.lines().get(0)).isEqualTo(((LogLine) slow.messages().get(at + 1)).line());
  }

  @Test
  void whatASlowViewerMissedIsCountedToItsEndOnly() throws Exception {
    use(LogTopics.builder(source).ringBytes(64 << 10));
    ViewerReader slow = open();
    ViewerReader other = open(app());
    print(0, 10);
    slow.untilLine("line 9");
    Cursor last = slow.lastId();
    print(10, 499);
    other.untilLine("line 498"); // it is followed by now
    print(499, 500);
    web.stop(0);
    web.start();
    for (int i = 500; i < 5000; i += 10) {
      print(i, i + 10);
      other.untilLine("line " + (i + 9));
    }
    assertThat(slow.toTheEnd()).isEqualTo(StreamClose.END);
    assertThat(slow.lines()).hasSize(10);
    Gap gap = slow.all(Gap.class).get(0);
    assertThat(gap.missed()).isEqualTo(490);
    assertThat(gap.after()).isEqualTo(last);
    assertThat(gap.before()).isNull();
    assertThat(slow.lastId()).as("nothing that would skip the next run").isEqualTo(last);
  }

  @Test
  void whatCannotBeCountedIsNotCounted() throws Exception {
    use(LogTopics.builder(source).ringBytes(64 << 10));
    clockTo(Instant.now());
    ViewerReader slow = open(app().withTimes(null, Instant.now().plusSeconds(3600)));
    ViewerReader other = open(app());
    print(0, 10);
    slow.untilLine("line 9");
    source.advance(Duration.ofHours(2));
    for (int i = 10; i < 5000; i += 10) {
      print(i, i + 10);
      other.untilLine("line " + (i + 9));
    }
    slow.until(Gap.class::isInstance);
    assertThat(slow.all(Gap.class)).extracting(Gap::missed).containsOnlyNulls();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void linesOfAContainerRemovedWhileNobodyWatchedAreAGap(boolean otherPrints) throws Exception {
    InMemoryLogSource.Container worker = source.run(1, "worker");
    if (otherPrints) {
      worker.print("work");
    }
    print(0, 3);
    Cursor cursor = open(app()).untilLine("line 2").lastId();
    print(3, 5);
    web.remove();
    if (otherPrints) {
      worker.print("more work");
    }
    use(LogTopics.builder(source));
    ViewerReader again = open(app().withAfter(cursor));
    again.until(Gap.class::isInstance);
    worker.print("still here");
    again.untilLine("still here");
    assertThat(again.lines())
        .isEqualTo(otherPrints ? List.of("more work", "still here") : List.of("still here"));
    assertThat(again.all(Gap.class))
        .singleElement()
        .isEqualTo(
            new Gap(
                again.all(Gap.class).get(0).timestamp(),
                again.all(Gap.class).get(0).cursor(),
                Gap.Reason.SOURCE_RESTARTED,
                null,
                cursor,
                null));
    assertThat(again.lastId().knows(source(web))).isFalse();
  }

  @Test
  void linesOfARemovedContainerThatTheRingHoldsAreNoLoss() throws Exception {
    InMemoryLogSource.Container worker = source.run(1, "worker");
    ViewerReader other = open(app());
    print(0, 3);
    Cursor cursor = other.untilLine("line 2").lastId();
    print(3, 4);
    other.untilLine("line 3"); // it is followed by now
    print(4, 5);
    web.remove();
    worker.print("still here");
    other.untilLine("still here");
    ViewerReader again = open(app().withAfter(cursor)).untilLine("still here");
    assertThat(again.lines()).containsExactly("line 3", "line 4", "still here");
    assertThat(again.all(Gap.class)).isEmpty();
  }

  @Test
  void removedContainersAreForgottenWithTheirLastLine() throws Exception {
    use(LogTopics.builder(source).ringBytes(64 << 10));
    InMemoryLogSource.Container worker = source.run(1, "worker");
    ViewerReader slow = open(app());
    ViewerReader other = open(app());
    print(0, 3);
    slow.untilLine("line 2");
    Cursor cursor = slow.lastId();
    print(3, 4);
    other.untilLine("line 3"); // it is followed by now
    print(4, 5);
    web.remove();
    for (int i = 0; i < 5000; i += 10) {
      for (int j = i; j < i + 10; j++) {
        worker.print("work " + j);
      }
      other.untilLine("work " + (i + 9));
    }
    // Who is cut off before the last lines of it is told, though the topic knows it no more.
    ViewerReader again = open(app().withAfter(cursor)).untilLine("work 4999");
    assertThat(again.all(Gap.class))
        .extracting(Gap::reason)
        .containsOnly(Gap.Reason.SOURCE_RESTARTED);
    assertThat(again.lines()).hasSize(5000);

    slow.untilLine("work 4999");
    Gap gap = slow.all(Gap.class).get(0);
    assertThat(gap.missed()).isEqualTo(5002 - (slow.lines().size() - 3));
    assertThat(gap.cursor().knows(source(worker))).isTrue();
    assertThat(gap.cursor().knows(source(web))).isFalse();
    ViewerReader fresh = open(app().withTail(10)).until(ContainerStatus.class::isInstance);
    assertThat(fresh.lastId().knows(source(web))).isFalse();
    // And so a cursor of after it is no loss elsewhere.
    use(LogTopics.builder(source));
    ViewerReader elsewhere = open(app().withAfter(gap.cursor())).untilLine("work 4999");
    assertThat(elsewhere.all(Gap.class)).isEmpty();
  }

  @Test
  void aContainerThatGoesBeforeItIsFollowedIsToldToBeGone() throws Exception {
    CountDownLatch follow = holdBackTheFollow();
    InMemoryLogSource.Container worker = source.run(1, "worker");
    print(0, 3);
    ViewerReader viewer = open(app()).untilLine("line 2");
    print(3, 5);
    web.remove();
    follow.countDown();
    worker.print("still here");
    viewer.untilLine("still here");
    assertThat(viewer.lines()).hasSize(4);
    assertThat(viewer.all(Gap.class))
        .extracting(Gap::reason)
        .containsExactly(Gap.Reason.SOURCE_RESTARTED);
    viewer.until(m -> m instanceof ContainerStatus s && s.state().equals("removed"));
    assertThat(open(app()).until(ContainerStatus.class::isInstance).messages()).hasSize(1);
  }
}
