package io.miststream.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.testkit.RawClient;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.function.IntConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class SlowViewerTest {
  private static final int VIEWERS = 50;
  private static final int LINES = 60_000;
  private static final int AHEAD = 500; // lines; the source keeps 1000
  private static final Pattern MISSED = Pattern.compile("\"missed\":([0-9]+)");
  private static final String FILL = "x".repeat(200);

  @Test
  void aStalledViewerSlowsNobodyAndLearnsWhatItMissed() throws Exception {
    MemoryLogSource source = new MemoryLogSource();
    MemoryLogSource.App app = source.app(1).keep(1000);
    ExecutorService readers = Executors.newCachedThreadPool();
    try (MistStreamServer server = MistStreamServer.builder().logs(source).port(0).start();
        RawClient stalled = RawClient.connect(server.port(), 8192)) {
      stalled.open("/ws/container/logs?appId=1&tail=0");
      assertThat(stalled.readText()).contains("status");
      List<Future<Integer>> counts = new ArrayList<>();
      AtomicIntegerArray progress = new AtomicIntegerArray(VIEWERS);
      progress.set(0, LINES); // the stalled one is not waited for
      for (int i = 1; i < VIEWERS; i++) {
        RawClient viewer = RawClient.open(server.port(), "/ws/container/logs?appId=1&tail=0");
        assertThat(viewer.readText()).contains("status");
        int number = i;
        counts.add(readers.submit(counting(viewer, lines -> progress.set(number, lines))));
      }
      assertThat(source.follows()).isEqualTo(1);

      for (int i = 0; i < LINES; i++) {
        app.print("line " + i + " " + FILL);
        if (i % 100 == 99) {
          // As fast as the readers are, so that none but the stalled one has reason to fall behind.
          int wanted = i - AHEAD;
          Awaitility.await()
              .pollDelay(Duration.ZERO)
              .pollInterval(Duration.ofMillis(1))
              .atMost(Duration.ofSeconds(60))
              .until(() -> slowest(progress) >= wanted);
        }
      }
      app.stop();
      for (Future<Integer> count : counts) {
        assertThat(count.get(60, TimeUnit.SECONDS)).isEqualTo(LINES);
      }
      assertThat(server.connections()).isGreaterThanOrEqualTo(1);

      long[] seen = count(stalled, lines -> {});
      assertThat(seen[0] + seen[1]).as("lines + missed").isEqualTo(LINES);
      assertThat(seen[1]).as("missed").isPositive();
      assertThat(source.follows()).isEqualTo(1);
    } finally {
      readers.shutdownNow();
    }
  }

  private static int slowest(AtomicIntegerArray progress) {
    int slowest = Integer.MAX_VALUE;
    for (int i = 0; i < progress.length(); i++) {
      slowest = Math.min(slowest, progress.get(i));
    }
    return slowest;
  }

  private static Callable<Integer> counting(RawClient viewer, IntConsumer progress) {
    return () -> {
      try (viewer) {
        long[] seen = count(viewer, progress);
        return seen[1] == 0 ? Math.toIntExact(seen[0]) : -1;
      }
    };
  }

  /** Lines and missed lines up to the end, checking their order. */
  private static long[] count(RawClient viewer, IntConsumer progress) throws Exception {
    long lines = 0;
    long missed = 0;
    viewer.readTimeout(30_000);
    while (true) {
      String message = viewer.readText();
      if (message.contains("\"type\":\"log\"")) {
        assertThat(message).contains("\"line\":\"line " + (lines + missed) + " ");
        lines++;
        progress.accept((int) lines);
      } else if (message.contains("\"type\":\"gap\"")) {
        Matcher gap = MISSED.matcher(message);
        assertThat(gap.find()).isTrue();
        missed += Long.parseLong(gap.group(1));
      } else if (message.contains("\"type\":\"end\"")) {
        assertThat(viewer.readClose()).isEqualTo(1000);
        return new long[] {lines, missed};
      }
    }
  }
}
