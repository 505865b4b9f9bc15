package io.miststream.core.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.ContainerStats;
import io.miststream.core.ContainerStatus;
import io.miststream.core.ErrorCode;
import io.miststream.core.StatsSource;
import io.miststream.core.StreamEnd;
import io.miststream.core.StreamError;
import io.miststream.core.StreamException;
import io.miststream.core.StreamMessage;
import io.miststream.core.topic.StreamClose;
import io.miststream.core.topic.Viewer;
import io.miststream.core.wire.WireCodec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class StatsTopicsTest {
  private static final Instant TIME = Instant.parse("2025-01-15T10:30:00Z");

  private final Scripted source = new Scripted();

  /** Sends what the test says. */
  private static final class Scripted implements StatsSource {
    final List<Flow.Subscriber<? super StreamMessage>> subscribers = new ArrayList<>();
    final CountDownLatch cancelled = new CountDownLatch(1);

    @Override
    public Flow.Publisher<StreamMessage> stats(long appId) {
      return subscriber -> {
        subscribers.add(subscriber);
        subscriber.onSubscribe(
            new Flow.Subscription() {
              @Override
              public void request(long n) {}

              @Override
              public void cancel() {
                cancelled.countDown();
              }
            });
      };
    }

    void send(StreamMessage... messages) {
      for (StreamMessage message : messages) {
        subscribers.get(subscribers.size() - 1).onNext(message);
      }
    }
  }

  private static ContainerStatus status(String name, String state) {
    return new ContainerStatus(
        TIME, null, name, state, state, name + "0123456789ab", "image", TIME, null, null);
  }

  private static ContainerStats stats(String name, int cpu) {
    return new ContainerStats(TIME, name, cpu, 1, 2, 50, 0, 0, 0, 0, 1);
  }

  private static List<StreamMessage> messages(Polling viewer) {
    return viewer.texts().stream().map(WireCodec::decode).toList();
  }

  private static StreamMessage next(Viewer viewer) {
    return WireCodec.decode(viewer.pollText());
  }

  @Test
  void viewersShareAReadingAndOneThatLagsGetsTheNewestOfEach() throws Exception {
    try (StatsTopics topics = StatsTopics.create(source)) {
      Polling quick = new Polling(topics.open(1));
      Viewer slow = topics.open(1);
      source.send(status("a", "running"), status("b", "running"), stats("a", 1), stats("b", 2));
      assertThat(next(slow)).isEqualTo(status("a", "running"));
      source.send(stats("a", 3), stats("b", 4), stats("b", 5));
      assertThat(next(slow)).isEqualTo(status("b", "running"));
      assertThat(next(slow)).isEqualTo(stats("a", 3));
      source.send(stats("a", 6));
      assertThat(next(slow)).isEqualTo(stats("b", 5));
      assertThat(next(slow)).isEqualTo(stats("a", 6));
      assertThat(slow.pollText()).isNull();
      quick.await(4);
      assertThat(messages(quick)).contains(status("a", "running"), status("b", "running"));
      // Who comes later begins with what is known.
      try (Polling late = new Polling(topics.open(1)).await(4)) {
        assertThat(messages(late))
            .containsExactly(
                status("a", "running"), status("b", "running"), stats("b", 5), stats("a", 6));
      }
      assertThat(source.subscribers).hasSize(1);
      assertThat(topics.topics()).isEqualTo(1);
      assertThat(topics.traffic().viewers()).isEqualTo(2);
      slow.close();
      quick.close();
    }
    assertThat(source.cancelled.await(60, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void aContainerThatStopsUsesNothingAndOneThatIsGoneIsNoNewsToNewcomers() throws Exception {
    try (StatsTopics topics = StatsTopics.create(source);
        Polling viewer = new Polling(topics.open(1))) {
      source.send(status("a", "running"), status("b", "running"), stats("a", 1), stats("b", 2));
      viewer.await(4);
      source.send(status("b", "exited"), status("b", "removed"));
      viewer.await("removed"); // whether or not it has seen the one before
      assertThat(messages(viewer)).endsWith(status("b", "removed"));
      try (Polling late = new Polling(topics.open(1)).await(2)) {
        assertThat(messages(late)).containsExactly(status("a", "running"), stats("a", 1));
      }
    }
  }

  @Test
  void theEndIsTheLastWord() throws Exception {
    try (StatsTopics topics = StatsTopics.create(source);
        Polling viewer = new Polling(topics.open(1))) {
      StreamEnd end = new StreamEnd(TIME, null, "over");
      source.send(status("a", "running"), stats("a", 1), status("a", "exited"), end);
      source.subscribers.get(0).onComplete();
      assertThat(viewer.awaitEnd().ended()).isEqualTo(StreamClose.END);
      assertThat(messages(viewer)).endsWith(status("a", "exited"), end);
      assertThat(topics.topics()).isZero();
      try (Polling again = new Polling(topics.open(1))) {
        assertThat(source.subscribers).hasSize(2);
        assertThat(again.texts()).isEmpty();
      }
    }
  }

  @Test
  void anErrorIsToldAndCloses() throws Exception {
    try (StatsTopics topics = StatsTopics.create(source);
        Polling viewer = new Polling(topics.open(1))) {
      source.send(status("a", "exited"));
      source
          .subscribers
          .get(0)
          .onError(new StreamException(ErrorCode.CONTAINER_NOT_RUNNING, "not running"));
      assertThat(viewer.awaitEnd().ended())
          .isEqualTo(StreamClose.of(ErrorCode.CONTAINER_NOT_RUNNING));
      assertThat(messages(viewer).get(0)).isEqualTo(status("a", "exited"));
      assertThat(messages(viewer).get(1))
          .isInstanceOfSatisfying(
              StreamError.class,
              e -> {
                assertThat(e.code()).isEqualTo(ErrorCode.CONTAINER_NOT_RUNNING);
                assertThat(e.message()).isEqualTo("not running");
              });
    }
  }

  @Test
  void whatIsNotExpectedIsNotTold() throws Exception {
    try (StatsTopics topics = StatsTopics.create(source);
        Polling viewer = new Polling(topics.open(1))) {
      source.subscribers.get(0).onError(new IllegalStateException("secret"));
      assertThat(viewer.awaitEnd().ended()).isEqualTo(StreamClose.of(ErrorCode.INTERNAL));
      assertThat(viewer.texts()).hasSize(1);
      assertThat(viewer.texts().get(0)).doesNotContain("secret");
    }
  }

  @Test
  void aReadingGoesOnForAWhileAfterItsLastViewer() {
    try (StatsTopics topics = StatsTopics.create(source, Duration.ofHours(1))) {
      topics.open(1).close();
      topics.open(1).close();
      assertThat(source.subscribers).hasSize(1);
      assertThat(topics.topics()).isEqualTo(1);
    }
  }

  @Test
  void aReadingEndsAWhileAfterItsLastViewer() throws Exception {
    try (StatsTopics topics = StatsTopics.create(source, Duration.ofMillis(20))) {
      topics.open(1).close();
      assertThat(source.cancelled.await(60, TimeUnit.SECONDS)).isTrue();
      assertThat(topics.topics()).isZero();
    }
  }

  @Test
  void closingTellsViewersToComeBack() throws Exception {
    StatsTopics topics = StatsTopics.create(source);
    Polling viewer = new Polling(topics.open(1));
    topics.close();
    assertThat(viewer.awaitEnd().ended()).isEqualTo(StreamClose.SHUTDOWN);
    assertThat(source.cancelled.await(60, TimeUnit.SECONDS)).isTrue();
    assertThat(new Polling(topics.open(1)).awaitEnd().ended()).isEqualTo(StreamClose.SHUTDOWN);
  }
}
