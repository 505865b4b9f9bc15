package io.miststream.core.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.miststream.core.DockerCounts;
import io.miststream.core.HostMetrics;
import io.miststream.core.MetricsSource;
import io.miststream.core.topic.StreamClose;
import io.miststream.core.topic.Viewer;
import io.miststream.core.wire.Frames;
import io.miststream.core.wire.WireCodec;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class MetricsTopicTest {
  private final Numbering source = new Numbering();

  /** Its samples are numbered, in the place of the processes. */
  private static final class Numbering implements MetricsSource {
    final AtomicInteger opened = new AtomicInteger();
    final AtomicInteger closed = new AtomicInteger();
    final AtomicInteger samples = new AtomicInteger();
    final List<Long> times = new CopyOnWriteArrayList<>();
    volatile boolean fails;
    volatile long takesMillis;

    @Override
    public Sampling open() {
      opened.incrementAndGet();
      return new Sampling() {
        @Override
        public HostMetrics sample() {
          times.add(System.nanoTime());
          int number = samples.incrementAndGet();
          if (fails) {
            throw new IllegalStateException("meant to fail");
          }
          try {
            Thread.sleep(takesMillis); // as long as a reading is to take
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          return numbered(number);
        }

        @Override
        public void close() {
          closed.incrementAndGet();
        }
      };
    }

    void awaitSamples(int number) throws InterruptedException {
      MetricsTopicTest.await(() -> samples.get() >= number);
    }
  }

  private interface Condition {
    boolean holds();
  }

  private static void await(Condition condition) throws InterruptedException {
    long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!condition.holds()) {
      assertThat(System.nanoTime()).as("in time").isLessThan(end);
      Thread.sleep(5);
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
    try (MetricsTopic topic = MetricsTopic.create(source)) {
      List<Polling> viewers = new ArrayList<>();
      Viewer stalled = topic.open(0);
      for (int i = 1; i < 1000; i++) {
        viewers.add(new Polling(topic.open(0)));
      }
      source.awaitSamples(4);
      for (Polling viewer : viewers) {
        viewer.await(3);
      }
      for (Polling viewer : viewers) {
        List<Integer> got = numbers(viewer);
        assertThat(got.subList(got.size() - 3, got.size()))
            .isEqualTo(
                List.of(
                    got.get(got.size() - 1) - 2,
                    got.get(got.size() - 1) - 1,
                    got.get(got.size() - 1)));
      }
      int before = source.samples.get();
      String text = stalled.pollText();
      assertThat(number(text)).isBetween(before - 1, source.samples.get());
      assertThat(source.opened).hasValue(1);
      assertThat(topic.traffic().viewers()).isEqualTo(1000);
      long begin = source.times.get(0);
      for (int i = 1; i < source.times.size(); i++) {
        // The first comes 200 ms after the beginning, all others a whole number of seconds.
        double beats = (source.times.get(i) - begin) / 1e9 + 0.2;
        assertThat(beats).isBetween(i - 0.01, i + 0.6);
      }
      viewers.forEach(Polling::close);
      stalled.close();
    }
    await(() -> source.closed.get() == 1);
  }

  @Test
  void aSampleThatTakesLongDelaysNoLaterBeat() throws Exception {
    source.takesMillis = 700;
    try (MetricsTopic topic = MetricsTopic.create(source);
        Polling viewer = new Polling(topic.open(0))) {
      viewer.await(3);
      source.takesMillis = 1300; // a beat is left out
      source.awaitSamples(6);
      long begin = source.times.get(0) - 200_000_000;
      for (long time : source.times.subList(1, source.times.size())) {
        double off = (time - begin) / 1e9 % 1;
        assertThat(Math.min(off, 1 - off)).isLessThan(0.4);
      }
    }
  }

  @Test
  void withoutViewersItStopsAfterTheLingerTimeAndForgets() throws Exception {
    try (MetricsTopic topic = MetricsTopic.builder(source).linger(Duration.ofMillis(300)).build()) {
      assertThat(topic.isSampling()).isFalse();
      Polling first = new Polling(topic.open(0)).await(1);
      first.close();
      first.close();
      Polling second = new Polling(topic.open(300)).await(2); // before the linger time is over
      assertThat(source.opened).hasValue(1);
      assertThat(numbers(second)).startsWith(1, 2);
      second.close();
      await(() -> source.closed.get() == 1);
      assertThat(topic.isSampling()).isFalse();
      int samples = source.samples.get();
      try (Polling third = new Polling(topic.open(300)).await(1)) {
        assertThat(numbers(third)).startsWith(samples + 1);
        assertThat(source.opened).hasValue(2);
      }
    }
  }

  @Test
  void aKeptHistoryIsThereForTheFirstToCome() throws Exception {
    try (MetricsTopic topic =
        MetricsTopic.builder(source).linger(Duration.ZERO).keepHistory(true).build()) {
      source.awaitSamples(4); // the third has been shown
      try (Polling all = new Polling(topic.open(MetricsTopic.MAX_HISTORY)).await(3);
          Polling one = new Polling(topic.open(1)).await(2);
          Polling none = new Polling(topic.open(0)).await(1)) {
        assertThat(numbers(all)).startsWith(1, 2, 3);
        assertThat(numbers(one).get(0)).isBetween(2, 3);
        assertThat(numbers(none).get(0)).isEqualTo(numbers(one).get(1));
      }
      assertThat(topic.isSampling()).isTrue();
    }
    await(() -> source.closed.get() == 1);
    assertThat(source.opened).hasValue(1);
  }

  @Test
  void whatDidNotGoOutIsTakenBack() throws Exception {
    try (MetricsTopic topic = MetricsTopic.builder(source).keepHistory(true).build()) {
      source.awaitSamples(4);
      Viewer viewer = topic.open(2);
      List<ByteBuffer> polled = new ArrayList<>();
      viewer.poll(polled, 1 << 20);
      assertThat(polled.size()).isGreaterThanOrEqualTo(3);
      assertThat(topic.traffic().messages()).isEqualTo(polled.size());
      int cut = polled.get(0).remaining() + 10; // within the second
      ByteBuffer rest = viewer.takeBack(polled, cut);
      assertThat(rest.remaining()).isEqualTo(polled.get(1).remaining() - 10);
      assertThat(topic.traffic().messages()).isEqualTo(2);
      assertThat(topic.traffic().bytes())
          .isEqualTo(polled.get(0).remaining() + polled.get(1).remaining());
      // What is left of the history by then is sent, or the newest instead.
      ByteBuffer third = polled.get(2);
      int number = number(Frames.text(third.array(), third.arrayOffset(), third.remaining()));
      assertThat(number(viewer.pollText())).isGreaterThanOrEqualTo(number);
      viewer.close();
    }
  }

  @Test
  void aFailureCostsItsSampleAlone() throws Exception {
    try (MetricsTopic topic = MetricsTopic.create(source);
        Polling viewer = new Polling(topic.open(0)).await(1)) {
      source.fails = true;
      int before = source.samples.get();
      source.awaitSamples(before + 2);
      source.fails = false;
      viewer.await(2);
      assertThat(numbers(viewer).get(1)).isGreaterThan(before + 1);
      assertThat(source.opened).hasValue(1);
    }
  }

  @Test
  void closingTellsViewersToComeBack() throws Exception {
    MetricsTopic topic = MetricsTopic.create(source);
    Polling viewer = new Polling(topic.open(0)).await(1);
    topic.close();
    assertThat(viewer.awaitEnd().ended()).isEqualTo(StreamClose.SHUTDOWN);
    assertThat(new Polling(topic.open(0)).awaitEnd().ended()).isEqualTo(StreamClose.SHUTDOWN);
    await(() -> source.closed.get() == 1);
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
