package io.miststream.core.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.ContainerStatus;
import io.miststream.core.Cursor;
import io.miststream.core.Gap;
import io.miststream.core.LogLine;
import io.miststream.core.LogRequest;
import io.miststream.core.LogStream;
import io.miststream.core.StreamMessage;
import io.miststream.core.topic.LogTopics;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Viewers that continue from a cursor. */
class LogResumeTest extends LogTopicsFixture {

  @ParameterizedTest
  @ValueSource(ints = {0, 100})
  void whoIsCutOffBeforeAnyLineContinuesFromTheFirstStatus(int tail) throws Exception {
    print(0, 500);
    LogRequest request = app().withTail(tail);
    ViewerReader first = open(request).until(ContainerStatus.class::isInstance);
    Cursor cursor = first.lastId();
    first.close();
    print(500, 700); // more than the tail of another connection would bring
    assertThat(open(request.withAfter(cursor)).untilLine("line 699").lines())
        .isEqualTo(numbered(500 - tail, 700));
  }

  @Test
  void theFirstStatusAfterAResumeContinuesFromTheSamePlace() throws Exception {
    print(0, 50);
    Cursor cursor = open(app()).untilLine("line 30").lastId();
    ViewerReader again = open(app().withAfter(cursor)).until(ContainerStatus.class::isInstance);
    assertThat(again.lastId()).isEqualTo(cursor);
  }

  @Test
  void aStatusThatIsToldAgainDoesNotSkipTheHistoryBehindIt() throws Exception {
    print(0, 50);
    ViewerReader live = open(app()).untilLine("line 49");
    web.stop(0);
    web.start();
    print(50, 60);
    live.untilLine("line 59");
    // Its status was told between lines 49 and 50, and its history begins long before.
    ViewerReader late = open(app().withTail(40)).until(ContainerStatus.class::isInstance);
    assertThat(open(app().withAfter(late.lastId())).untilLine("line 59").lines())
        .isEqualTo(numbered(20, 60));
  }

  @Test
  void aCursorContinuesRightBehindItsMessage() throws Exception {
    print(0, 50);
    ViewerReader first = open(app()).untilLine("line 30");
    Cursor cursor = first.lastId();
    first.close();
    print(50, 60);
    ViewerReader again = open(app().withAfter(cursor)).untilLine("line 59");
    assertThat(again.lines()).isEqualTo(numbered(31, 60));
    assertThat(again.messages().get(0)).isInstanceOf(ContainerStatus.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 5})
  void aCursorContinuesOnAnotherServerEvenIfTheRingNeverHadIt(int historyLines) throws Exception {
    print(0, 50);
    Cursor cursor = open(app()).untilLine("line 10").lastId();
    print(50, 3000);
    use(LogTopics.builder(source).historyLines(historyLines));
    assertThat(open(app().withAfter(cursor)).untilLine("line 2999").lines())
        .isEqualTo(numbered(11, 3000));
  }

  @Test
  void reconnectingAtRandomLosesAndRepeatsNothing() throws Exception {
    use(LogTopics.builder(source).ringBytes(96 << 10).historyLines(20));
    Random random = new Random(42);
    int total = 6000;
    // Never so far ahead that the ring, of some 400 lines, would lose any.
    Semaphore room = new Semaphore(300);
    Thread writer =
        new Thread(
            () -> {
              Random streams = new Random(1);
              for (int i = 0; i < total; i++) {
                room.acquireUninterruptibly();
                web.print(
                    streams.nextInt(4) == 0 ? LogStream.STDERR : LogStream.STDOUT, "line " + i);
              }
            });
    List<String> lines = new ArrayList<>();
    Cursor cursor = null;
    LogRequest from = app().withTail(LogRequest.ALL);
    writer.setDaemon(true);
    writer.start();
    while (lines.size() < total) {
      ViewerReader viewer = open(cursor == null ? from : from.withAfter(cursor));
      int wanted = Math.min(total - lines.size(), 1 + random.nextInt(400));
      while (viewer.lines().size() < wanted) {
        StreamMessage message = viewer.next();
        assertThat(message).isNotInstanceOf(Gap.class);
        if (message instanceof LogLine) {
          room.release();
        }
      }
      lines.addAll(viewer.lines());
      cursor = viewer.lastId();
      viewer.close();
      if (random.nextInt(5) == 0) {
        use(LogTopics.builder(source).ringBytes(96 << 10).historyLines(random.nextInt(50)));
      }
    }
    writer.join();
    assertThat(lines).isEqualTo(numbered(0, total));
  }
}
