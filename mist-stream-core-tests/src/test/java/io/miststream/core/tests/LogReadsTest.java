package io.miststream.core.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.ErrorCode;
import io.miststream.core.Follow;
import io.miststream.core.LogRequest;
import io.miststream.core.topic.LogTopics;
import io.miststream.core.topic.StreamClose;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Reads of history for one viewer, and how many there are at a time. */
class LogReadsTest extends LogTopicsFixture {

  @Test
  void aSourceThatThrowsIsAnErrorAndKeepsNoSlot() throws Exception {
    use(
        LogTopics.builder(
                request -> {
                  throw new IllegalStateException("a bug");
                })
            .historyReads(1));
    StreamClose internal = StreamClose.of(ErrorCode.INTERNAL);
    for (int i = 0; i < 3; i++) {
      assertThat(open(app().withFollow(Follow.NONE)).toTheEnd()).isEqualTo(internal);
      assertThat(open(app()).toTheEnd()).isEqualTo(internal);
    }
  }

  @Test
  void aCrowdThatLeftTheQueueDoesNotHoldUpTheNext() throws Exception {
    use(LogTopics.builder(source).historyReads(1));
    for (int i = 0; i < 1000; i++) {
      web.print("x".repeat(1000));
    }
    print(0, 1);
    LogRequest all = app().withFollow(Follow.NONE).withTail(LogRequest.ALL);
    ViewerReader first = open(all); // has the only slot, and more to read than its buffer holds
    await().untilAsserted(() -> assertThat(source.activeSubscriptions()).isEqualTo(1));
    for (int i = 0; i < 20_000; i++) {
      topics.open(all).close();
    }
    ViewerReader next = open(all);
    int before = source.subscriptions();
    assertThat(first.toTheEnd()).isEqualTo(StreamClose.END);
    assertThat(next.toTheEnd()).isEqualTo(StreamClose.END);
    assertThat(next.lines()).endsWith("line 0").hasSize(1001);
    assertThat(source.subscriptions()).as("no read for those that left").isEqualTo(before + 1);
  }

  @Test
  void aSlowBeginningOfOneReadHoldsUpNobodyElse() throws Exception {
    CountDownLatch begin = new CountDownLatch(1);
    use(
        LogTopics.builder(
            request ->
                subscriber -> {
                  if (request.tail() == 5000) {
                    awaitQuietly(begin);
                  }
                  source.logs(request).subscribe(subscriber);
                }));
    print(0, 2000); // more than the topic reads for itself
    ViewerReader live = open(app()).untilLine("line 1999");
    ViewerReader slow = open(app().withTail(5000));
    print(2000, 2001);
    live.untilLine("line 2000");
    begin.countDown();
    assertThat(slow.untilLine("line 2000").lines()).isEqualTo(numbered(0, 2001));
  }

  @Test
  void closingEndsReadsOfHistory() throws Exception {
    for (int i = 0; i < 2000; i++) {
      web.print("x".repeat(1000));
    }
    LogRequest all = app().withTail(LogRequest.ALL);
    ViewerReader history = open(all.withFollow(Follow.NONE));
    ViewerReader follower = open(all);
    await().untilAsserted(() -> assertThat(source.subscriptions()).isEqualTo(4));
    topics.close();
    await().untilAsserted(() -> assertThat(source.activeSubscriptions()).isZero());
    assertThat(history.toTheEnd()).isEqualTo(StreamClose.SHUTDOWN);
    assertThat(follower.toTheEnd()).isEqualTo(StreamClose.SHUTDOWN);
    int before = source.subscriptions();
    assertThat(open(all.withFollow(Follow.NONE)).toTheEnd()).isEqualTo(StreamClose.SHUTDOWN);
    assertThat(source.subscriptions()).isEqualTo(before);
  }
}
