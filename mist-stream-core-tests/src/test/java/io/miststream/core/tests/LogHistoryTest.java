package io.miststream.core.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.ContainerStatus;
import io.miststream.core.Follow;
import io.miststream.core.LogFilter;
import io.miststream.core.LogLine;
import io.miststream.core.LogRequest;
import io.miststream.core.StreamEnd;
import io.miststream.core.topic.LogTopics;
import io.miststream.core.topic.StreamClose;
import io.miststream.core.topic.Viewer;
import io.miststream.core.wire.Frames;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a new viewer gets of what has been logged before. */
class LogHistoryTest extends LogTopicsFixture {

  @Test
  void aNewViewerGetsTheStatusTheLastHundredLinesAndThenLiveOnes() throws Exception {
    print(0, 200);
    ViewerReader viewer = open().untilLine("line 199");
    assertThat(viewer.messages().get(0))
        .isInstanceOfSatisfying(
            ContainerStatus.class, s -> assertThat(s.state()).isEqualTo("running"));
    assertThat(viewer.messages()).hasSize(101);
    assertThat(viewer.lines()).isEqualTo(numbered(100, 200));
    print(200, 203);
    assertThat(viewer.untilLine("line 202").lines()).isEqualTo(numbered(100, 203));
  }

  @Test
  void aViewerOfALogShorterThanItsTailGetsAllOfIt() throws Exception {
    print(0, 3);
    assertThat(open().untilLine("line 2").lines()).isEqualTo(numbered(0, 3));
  }

  @Test
  void anEmptyLogIsNoError() throws Exception {
    ViewerReader viewer = open().until(ContainerStatus.class::isInstance);
    web.print("first");
    assertThat(viewer.untilLine("first").messages()).hasSize(2);
  }

  @Test
  void tailZeroBeginsWithTheNextLine() throws Exception {
    print(0, 50);
    ViewerReader viewer = open(app().withTail(0)).until(ContainerStatus.class::isInstance);
    open().untilLine("line 49"); // the topic is open
    print(50, 51);
    assertThat(viewer.untilLine("line 50").lines()).containsExactly("line 50");
  }

  @Test
  void aTailLongerThanWhatTheTopicKeepsIsReadFromTheSource() throws Exception {
    use(LogTopics.builder(source).historyLines(10));
    print(0, 500);
    ViewerReader viewer = open(app().withTail(300)).untilLine("line 499");
    assertThat(viewer.lines()).isEqualTo(numbered(200, 500));
    print(500, 600);
    assertThat(viewer.untilLine("line 599").lines()).isEqualTo(numbered(200, 600));
    assertThat(open(app().withTail(LogRequest.ALL)).untilLine("line 599").lines())
        .isEqualTo(numbered(0, 600));
  }

  @Test
  void historyIsReadWhileNewLinesCome() throws Exception {
    use(LogTopics.builder(source).historyLines(0));
    print(0, 20_000);
    Thread writer = new Thread(() -> print(20_000, 30_000));
    writer.start();
    ViewerReader viewer = open(app().withTail(LogRequest.ALL));
    assertThat(viewer.untilLine("line 29999").lines()).isEqualTo(numbered(0, 30_000));
    writer.join();
  }

  @Test
  void historyWithoutFollowEnds() throws Exception {
    print(0, 10);
    web.stop(0);
    ViewerReader viewer = open(app().withFollow(Follow.NONE).withTail(4));
    assertThat(viewer.toTheEnd()).isEqualTo(StreamClose.END);
    assertThat(viewer.messages().get(0)).isInstanceOf(ContainerStatus.class);
    assertThat(viewer.lines()).isEqualTo(numbered(6, 10));
    assertThat(viewer.messages().get(5)).isInstanceOf(StreamEnd.class);
    assertThat(topics.topics()).isZero();
  }

  @Test
  void framesAreWholeAndBounded() throws Exception {
    print(0, 100);
    Viewer viewer = keep(topics.open(app()));
    ViewerReader other = open(app()).untilLine("line 99");
    int bytes = 0;
    List<ByteBuffer> slices = new ArrayList<>();
    do {
      slices.clear();
      viewer.poll(slices, 1000);
      int together = slices.stream().mapToInt(ByteBuffer::remaining).sum();
      assertThat(together).isLessThanOrEqualTo(1000);
      for (ByteBuffer slice : slices) {
        int at = slice.position();
        while (at < slice.limit()) {
          at += Frames.length(slice.array(), slice.arrayOffset() + at);
        }
        assertThat(at).isEqualTo(slice.limit());
      }
      bytes += together;
    } while (!slices.isEmpty());
    assertThat(bytes).isGreaterThan(100 * 100);
    assertThat(other.lines()).hasSize(100);
  }

  @Test
  void historyNamesItsContainerWhereLiveLinesDo() throws Exception {
    use(LogTopics.builder(source).historyLines(10));
    source.run(1, "worker");
    print(0, 100);
    LogFilter filter = LogFilter.of(null, "web", null, null);
    ViewerReader viewer = open(app().withFilter(filter).withTail(50)).untilLine("line 99");
    print(100, 101);
    viewer.untilLine("line 100");
    assertThat(viewer.all(LogLine.class))
        .hasSize(51)
        .extracting(LogLine::container)
        .containsOnly("web");
  }

  @Test
  void theStatusComesFirstHoweverEarlyAViewerPolls() throws Exception {
    print(0, 3);
    for (int i = 0; i < 500; i++) {
      use(LogTopics.builder(source).linger(Duration.ZERO));
      Viewer viewer = topics.open(app());
      String first;
      do {
        first = viewer.pollText();
      } while (first == null);
      assertThat(first).contains("\"type\":\"status\"");
      viewer.close();
      topics.close();
    }
  }
}
