package io.miststream.core.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.miststream.core.DockerCounts;
import io.miststream.core.HostMetrics;
import io.miststream.core.MetricsSource;
import io.miststream.core.topic.StreamClose;
import io.miststream.core.topic.Viewer;
import io.miststream.core.wire.WireCodec;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class MetricsTopicTest {
  private final ManualTime time = new ManualTime();
  private final Numbering source = new Numbering();

  /** Its samples are numbered, in the place of the processes. */
  private final class Numbering implements MetricsSource {
    final AtomicInteger opened = new AtomicInteger();
    final Semaphore closed = new Semaphore(0);
    final AtomicInteger samples = new AtomicInteger();
    final List<Duration> times = new CopyOnWriteArrayList<>();
    volatile boolean fails;
    volatile Duration takes = Duration.ZERO;

    @Override
    public Sampling open() {
      opened.incrementAndGet();
      return new Sampling() {
        @Override
        public HostMetrics sample() {
          times.add(Duration.ofNanos(time.nanos()));
          int number = samples.incrementAndGet();
          if (fails) {
            throw new IllegalStateException("meant to fail");
          }
          time.advance(takes);
          return numbered(number);
        }

        @Override
        public void close() {
          closed.release();
        }
      };
    }

    void awaitClose() throws InterruptedException {
      assertThat(closed.tryAcquire(60, TimeUnit.SECONDS)).isTrue();
    }
  }

  private MetricsTopic.Builder builder() {
    return MetricsTopic.builder(source).time(time);
  }

  /** Lets the time of so many samples come, and waits for each. */
  private void beats(int count) throws InterruptedException {
    for (int i = 0; i < count; i++) {
      time.advance(time.awaitSleeper());
      time.awaitSleeper();
    }
  }

  private static HostMetrics numbered(int number) {
    return new HostMetrics(
        Instant.now(),
        new HostMetrics.Cpu(null, 1, null),
        new HostMetrics.Memory(null, null, null, null),
        HostMetrics.Space.UNKNOWN,
        DockerCounts.unknown("none"),
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        number,
        null,
        Map.of());
  }

  private static int number(String text) {
    return ((HostMetrics) WireCodec.decode(text)).processes();
  }

  private static List<Integer> numbers(Polling viewer) {
    return viewer.texts().stream().map(MetricsTopicTest::number).toList();
  }

  @Test
  void aThousandViewersShareOneSampleASecondAndOneThatLagsGetsTheNewest() throws Exception {
    try (MetricsTopic topic = builder().build()) {
      List<Polling> viewers = new ArrayList<>();
      Viewer stalled = topic.open(0);
      for (int i = 1; i < 1000; i++) {
        viewers.add(new Polling(topic.open(0)));
      }
      for (int i = 1; i <= 4; i++) {
        beats(1);
        for (Polling viewer : viewers) {
          viewer.await(i);
        }
      }
      assertThat(viewers)
          .allSatisfy(viewer -> assertThat(numbers(viewer)).containsExactly(1, 2, 3, 4));
      assertThat(number(stalled.pollText())).isEqualTo(4);
      assertThat(stalled.pollText()).isNull();
      assertThat(source.opened).hasValue(1);
      assertThat(source.samples).hasValue(4);
      assertThat(topic.traffic().viewers()).isEqualTo(1000);
      viewers.forEach(Polling::close);
      stalled.close();
    }
    source.awaitClose();
  }

  @Test
  void theFirstSampleComesSoonAndTheOthersOnWholeSeconds() throws Exception {
    try (MetricsTopic topic = builder().build();
        Polling viewer = new Polling(topic.open(0))) {
      beats(2);
      source.takes = Duration.ofMillis(700);
      beats(2);
      source.takes = Duration.ofMillis(1300); // the fifth second passes meanwhile
      beats(2);
      viewer.await("\"processes\":6");
      assertThat(source.times)
          .extracting(Duration::toMillis)
          .containsExactly(200L, 1000L, 2000L, 3000L, 4000L, 6000L);
    }
  }

  @Test
  void theSystemsTimeGoesByItself() throws Exception {
    try (MetricsTopic topic = MetricsTopic.create(source);
        Polling viewer = new Polling(topic.open(0))) {
      long begun = System.nanoTime();
      assertThat(numbers(viewer.await(2))).startsWith(1, 2);
      assertThat(Duration.ofNanos(System.nanoTime() - begun))
          .as("from the first sample to the second")
          .isGreaterThan(Duration.ofMillis(500));
    }
    source.awaitClose();
  }

  @Test
  void withoutViewersItStopsAfterTheLingerTimeAndForgets() throws Exception {
    try (MetricsTopic topic = builder().linger(Duration.ofMillis(2500)).build()) {
      assertThat(topic.isSampling()).isFalse();
      Polling first = new Polling(topic.open(0));
      beats(1);
      first.await(1).close();
      first.close();
      beats(2); // the linger time is not over
      Polling second = new Polling(topic.open(300));
      assertThat(numbers(second.await(3))).containsExactly(1, 2, 3);
      assertThat(source.opened).hasValue(1);
      second.close();
      beats(2);
      assertThat(topic.isSampling()).isTrue();
      time.advance(time.awaitSleeper());
      source.awaitClose();
      assertThat(topic.isSampling()).isFalse();
      try (Polling third = new Polling(topic.open(300))) {
        beats(1);
        assertThat(numbers(third.await(1))).containsExactly(6);
        assertThat(source.opened).hasValue(2);
      }
    }
  }

  @Test
  void aKeptHistoryIsThereForTheFirstToCome() throws Exception {
    try (MetricsTopic topic = builder().linger(Duration.ZERO).keepHistory(true).build()) {
      assertThat(time.awaitSleeper()).as("no hurry").isEqualTo(Duration.ofSeconds(2));
      beats(4);
      try (Polling all = new Polling(topic.open(MetricsTopic.MAX_HISTORY)).await(3);
          Polling one = new Polling(topic.open(1)).await(2);
          Polling none = new Polling(topic.open(0)).await(1)) {
        assertThat(numbers(all)).containsExactly(1, 2, 3);
        assertThat(numbers(one)).containsExactly(2, 3);
        assertThat(numbers(none)).containsExactly(3);
      }
      beats(1);
      assertThat(topic.isSampling()).isTrue();
    }
    source.awaitClose();
    assertThat(source.opened).hasValue(1);
  }

  @Test
  void whatDidNotGoOutIsTakenBack() throws Exception {
    try (MetricsTopic topic = builder().keepHistory(true).build()) {
      beats(4);
      Viewer viewer = topic.open(2);
      List<ByteBuffer> polled = new ArrayList<>();
      viewer.poll(polled, 1 << 20);
      assertThat(polled).hasSize(3);
      assertThat(topic.traffic().messages()).isEqualTo(3);
      int cut = polled.get(0).remaining() + 10; // within the second
      ByteBuffer rest = viewer.takeBack(polled, cut);
      assertThat(rest.remaining()).isEqualTo(polled.get(1).remaining() - 10);
      assertThat(topic.traffic().messages()).isEqualTo(2);
      assertThat(topic.traffic().bytes())
          .isEqualTo(polled.get(0).remaining() + polled.get(1).remaining());
      assertThat(number(viewer.pollText())).isEqualTo(3);
      viewer.close();
    }
  }

  @Test
  void aFailureCostsItsSampleAlone() throws Exception {
    try (MetricsTopic topic = builder().build();
        Polling viewer = new Polling(topic.open(0))) {
      beats(1);
      viewer.await(1);
      source.fails = true;
      beats(2);
      source.fails = false;
      beats(1);
      assertThat(numbers(viewer.await(2))).containsExactly(1, 4);
      assertThat(source.opened).hasValue(1);
    }
  }

  @Test
  void closingTellsViewersToComeBack() throws Exception {
    MetricsTopic topic = builder().build();
    Polling viewer = new Polling(topic.open(0));
    beats(1);
    viewer.await(1);
    topic.close();
    assertThat(viewer.awaitEnd().ended()).isEqualTo(StreamClose.SHUTDOWN);
    assertThat(new Polling(topic.open(0)).awaitEnd().ended()).isEqualTo(StreamClose.SHUTDOWN);
    source.awaitClose();
  }

  @Test
  void limits() {
    try (MetricsTopic topic = MetricsTopic.create(source)) {
      assertThatThrownBy(() -> topic.open(-1)).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> topic.open(301)).isInstanceOf(IllegalArgumentException.class);
    }
    assertThat(source.opened).hasValue(0);
  }
}
