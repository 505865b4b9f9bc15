package io.miststream.core.topic;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.BlockingPublisher;
import io.miststream.core.ContainerStatus;
import io.miststream.core.Cursor;
import io.miststream.core.Follow;
import io.miststream.core.LogLine;
import io.miststream.core.LogRequest;
import io.miststream.core.LogSource;
import io.miststream.core.LogStream;
import io.miststream.core.StreamEnd;
import io.miststream.core.StreamMessage;
import io.miststream.core.wire.WireCodec;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Flow;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What topics hold for their viewers, and when they let go of it. */
class LogTopicsResourcesTest {
  private static final LogRequest APP = LogRequest.of(1).withFollow(Follow.APP);
  private static final LogRequest ALL = APP.withFollow(Follow.NONE).withTail(LogRequest.ALL);

  private final PrintedLog log = new PrintedLog();
  private LogTopics topics = LogTopics.create(log);

  @AfterEach
  void close() {
    topics.close();
  }

  /** The log of one container that never stops. */
  private static final class PrintedLog implements LogSource {
    private static final ContainerStatus STATUS =
        new ContainerStatus(
            Instant.EPOCH,
            null,
            "web",
            "running",
            "Up",
            "0".repeat(11) + "1" + "0".repeat(52),
            "image",
            Instant.EPOCH,
            null,
            null);

    // All guarded by this.
    private final List<String> lines = new ArrayList<>();
    private int reads;
    private int open;

    synchronized void print(String line) {
      lines.add(line);
      notifyAll();
    }

    synchronized int reads() {
      return reads;
    }

    synchronized int open() {
      return open;
    }

    private static Cursor cursor(int line) {
      return Cursor.of(Cursor.Mark.of(1, 0, line, 0));
    }

    @Override
    public Flow.Publisher<StreamMessage> logs(LogRequest request) {
      return new BlockingPublisher(Thread::new, out -> read(request, out));
    }

    private void read(LogRequest request, BlockingPublisher.Emitter out) throws Exception {
      synchronized (this) {
        reads++;
        open++;
      }
      try {
        out.onCancel(this::wake);
        out.emit(STATUS);
        Cursor after = request.after();
        int next = after == null ? 0 : (int) after.own().time() + 1;
        for (String line = line(next, request, out);
            line != null;
            line = line(next, request, out)) {
          out.emit(new LogLine(Instant.EPOCH, cursor(next), line, LogStream.STDOUT, "web", false));
          next++;
        }
        out.emit(new StreamEnd(Instant.EPOCH, next == 0 ? null : cursor(next - 1), "over"));
      } finally {
        synchronized (this) {
          open--;
        }
      }
    }

    private synchronized void wake() {
      notifyAll();
    }

    /** The line of that number, waiting for it if the request follows. */
    private synchronized String line(int number, LogRequest request, BlockingPublisher.Emitter out)
        throws InterruptedException {
      while (number >= lines.size() && request.follow() != Follow.NONE && !out.isCancelled()) {
        wait();
      }
      return number < lines.size() ? lines.get(number) : null;
    }
  }

  /** Reads to a line. */
  private static void readTo(Viewer viewer, String line) throws InterruptedException {
    List<String> lines = new ArrayList<>();
    Semaphore ready = new Semaphore(0);
    viewer.onReady(ready::release);
    while (!lines.contains(line)) {
      lines.addAll(poll(viewer));
      if (!lines.contains(line)) {
        assertThat(ready.tryAcquire(60, TimeUnit.SECONDS)).as("after " + lines).isTrue();
      }
    }
  }

  /** The lines there are at the moment. */
  private static List<String> poll(Viewer viewer) {
    List<String> lines = new ArrayList<>();
    for (String text = viewer.pollText(); text != null; text = viewer.pollText()) {
      if (WireCodec.decode(text) instanceof LogLine line) {
        lines.add(line.line());
      }
    }
    return lines;
  }

  private static ConditionFactory await() {
    return Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(5));
  }

  private void printKilobytes(int count) {
    for (int i = 0; i < count; i++) {
      log.print("x".repeat(1000) + i);
    }
  }

  @Test
  void viewersThatLeaveAnAppAreForgottenWhileItIsSilent() throws Exception {
    log.print("first");
    readTo(topics.open(APP), "first"); // and stays, so the topic does as well
    List<LogViewer> viewers =
        IntStream.range(0, 20).mapToObj(i -> (LogViewer) topics.open(APP)).toList();
    log.print("last words");
    for (LogViewer viewer : viewers) {
      readTo(viewer, "last words");
      assertThat(viewer.pollText()).isNull(); // it waits for more
    }
    assertThat(viewers).allMatch(viewer -> viewer.home().holds(viewer));
    viewers.forEach(Viewer::close);
    assertThat(viewers).noneMatch(viewer -> viewer.home().holds(viewer));
    assertThat(topics.timers()).isZero();
  }

  @Test
  void aStalledReaderOfHistoryLetsGoOfItsReadAndGoesOnLater() throws Exception {
    topics = LogTopics.builder(log).stalledAfter(Duration.ofMillis(50)).build();
    printKilobytes(4000);
    Viewer viewer = topics.open(ALL); // nobody polls
    // There is more than fits its buffer, so the read cannot have come to its end.
    await().until(() -> log.reads() == 1 && log.open() == 0);
    List<String> lines = new ArrayList<>();
    await()
        .until(
            () -> {
              lines.addAll(poll(viewer));
              return viewer.ended() != null;
            });
    assertThat(log.reads()).isGreaterThan(1);
    assertThat(lines)
        .isEqualTo(IntStream.range(0, 4000).mapToObj(i -> "x".repeat(1000) + i).toList());
  }

  @Test
  void aReaderThatIsOnlySlowCostsTwoTimers() {
    printKilobytes(4000);
    Viewer viewer = topics.open(ALL);
    int most = 0;
    while (viewer.ended() == null) {
      viewer.poll(new ArrayList<>(), 64 << 10);
      most = Math.max(most, topics.timers());
    }
    assertThat(most).isLessThanOrEqualTo(2); // one that looks for a stall, one that gathers
  }

  @Test
  void untilFarAwayEndsNothingAndKeepsNobody() throws Exception {
    for (String time : List.of("9999-12-31T23:59:59Z", "+1000000000-12-31T23:59:59Z")) {
      Viewer viewer = topics.open(APP.withTimes(null, Instant.parse(time)));
      log.print(time);
      readTo(viewer, time);
      await().until(() -> topics.timers() == 1); // set while the viewer is let in
      viewer.close();
      await().until(() -> topics.timers() == 1); // the linger
    }
  }
}
