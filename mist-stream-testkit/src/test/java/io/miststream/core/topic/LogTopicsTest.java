package io.miststream.core.topic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.miststream.core.ContainerStatus;
import io.miststream.core.Cursor;
import io.miststream.core.ErrorCode;
import io.miststream.core.Follow;
import io.miststream.core.Gap;
import io.miststream.core.LogFilter;
import io.miststream.core.LogLine;
import io.miststream.core.LogRequest;
import io.miststream.core.LogStream;
import io.miststream.core.StreamEnd;
import io.miststream.core.StreamError;
import io.miststream.testkit.InMemoryLogSource;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Topics and viewers over a source in memory. */
class LogTopicsTest {
  private final InMemoryLogSource source = InMemoryLogSource.create();
  private final InMemoryLogSource.Container web = source.run(1, "web");
  private final List<AutoCloseable> toClose = new ArrayList<>();
  private LogTopics topics = keep(LogTopics.create(source));

  private <T extends AutoCloseable> T keep(T closeable) {
    toClose.add(0, closeable);
    return closeable;
  }

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable closeable : toClose) {
      closeable.close();
    }
    await().untilAsserted(() -> assertThat(source.activeSubscriptions()).isZero());
    assertThat(topics.figures().readsOpen()).isZero();
    assertThat(topics.traffic().viewers()).isZero();
  }

  private void use(LogTopics.Builder settings) {
    topics = keep(settings.build());
  }

  private ViewerReader open(LogRequest request) {
    return keep(new ViewerReader(topics.open(request)));
  }

  private ViewerReader open() {
    return open(LogRequest.of(1));
  }

  private static LogRequest app() {
    return LogRequest.of(1).withFollow(Follow.APP);
  }

  private void print(int from, int to) {
    IntStream.range(from, to).forEach(i -> web.print("line " + i));
  }

  private static List<String> numbered(int from, int to) {
    return IntStream.range(from, to).mapToObj(i -> "line " + i).toList();
  }

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
  void whoeverLeavesAnAppThatIsSilentThenIsForgotten() throws Exception {
    open().until(ContainerStatus.class::isInstance); // and stays, so the topic does as well
    List<WeakReference<Viewer>> gone = comeAndGo(20);
    await()
        .untilAsserted(
            () -> {
              System.gc();
              assertThat(gone).allMatch(viewer -> viewer.refersTo(null));
            });
  }

  private List<WeakReference<Viewer>> comeAndGo(int times) throws Exception {
    List<Viewer> viewers = new ArrayList<>();
    for (int i = 0; i < times; i++) {
      viewers.add(topics.open(app()));
      new ViewerReader(viewers.get(i)).until(ContainerStatus.class::isInstance);
    }
    web.print("last words");
    for (Viewer viewer : viewers) {
      new ViewerReader(viewer).untilLine("last words");
      assertThat(viewer.pollText()).isNull(); // it waits for more
    }
    viewers.forEach(Viewer::close);
    return viewers.stream().map(WeakReference::new).toList();
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
  void fiftyViewersCostOneFollow() throws Exception {
    print(0, 200);
    List<ViewerReader> viewers = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      viewers.add(open());
    }
    print(200, 210);
    for (ViewerReader viewer : viewers) {
      assertThat(viewer.untilLine("line 209").lines()).endsWith("line 208", "line 209");
    }
    assertThat(source.activeSubscriptions()).isEqualTo(1);
    assertThat(source.subscriptions()).as("the history, and the follow").isEqualTo(2);
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
    AtomicInteger received = new AtomicInteger();
    Thread writer =
        new Thread(
            () -> {
              Random streams = new Random(1);
              for (int i = 0; i < total; i++) {
                web.print(
                    streams.nextInt(4) == 0 ? LogStream.STDERR : LogStream.STDOUT, "line " + i);
                // Never so far ahead that the ring, of some 400 lines, would lose any.
                while (i - received.get() > 300) {
                  LockSupport.parkNanos(100_000);
                }
              }
            });
    List<String> lines = new ArrayList<>();
    Cursor cursor = null;
    LogRequest from = app().withTail(LogRequest.ALL);
    writer.start();
    while (lines.size() < total) {
      ViewerReader viewer = open(cursor == null ? from : from.withAfter(cursor));
      int wanted = Math.min(total - lines.size(), 1 + random.nextInt(400));
      while (viewer.lines().size() < wanted) {
        assertThat(viewer.next()).isNotInstanceOf(Gap.class);
        received.set(lines.size() + viewer.lines().size());
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

  @Test
  void filtersShareAStreamOfTheirOwn() throws Exception {
    for (int i = 0; i < 300; i++) {
      web.print(i % 3 == 0 ? LogStream.STDERR : LogStream.STDOUT, "line " + i);
    }
    LogFilter errors = LogFilter.of(LogStream.STDERR, null, null, null);
    ViewerReader all = open(app()).untilLine("line 299");
    ViewerReader one = open(app().withFilter(errors).withTail(20)).untilLine("line 297");
    assertThat(one.lines()).hasSize(20).startsWith("line 240");
    ViewerReader grep = open(app().withFilter(LogFilter.of(null, null, "7$", null)).withTail(5));
    grep.untilLine("line 297");
    assertThat(grep.lines())
        .containsExactly("line 257", "line 267", "line 277", "line 287", "line 297");
    int before = source.subscriptions();
    web.print(LogStream.STDERR, "line 1007");
    web.print("line 1008");
    assertThat(one.untilLine("line 1007").lines()).hasSize(21);
    assertThat(grep.untilLine("line 1007").lines()).hasSize(6);
    all.untilLine("line 1008");
    assertThat(source.subscriptions()).isEqualTo(before);
    assertThat(source.activeSubscriptions()).isEqualTo(1);
  }

  @Test
  void aFilteredViewerResumes() throws Exception {
    LogFilter grep = LogFilter.of(null, null, "0$", null);
    print(0, 100);
    ViewerReader first = open(app().withFilter(grep)).untilLine("line 50");
    Cursor cursor = first.lastId();
    first.close();
    print(100, 200);
    assertThat(open(app().withFilter(grep).withAfter(cursor)).untilLine("line 190").lines())
        .hasSize(14)
        .startsWith("line 60");
  }

  @Test
  void tooManyFiltersAreRefused() throws Exception {
    use(LogTopics.builder(source).maxFilters(1));
    open(app().withFilter(LogFilter.of(null, null, "a", null)))
        .until(ContainerStatus.class::isInstance);
    ViewerReader refused = open(app().withFilter(LogFilter.of(null, null, "b", null)));
    assertThat(refused.toTheEnd().code()).isEqualTo(1013);
    open(app().withFilter(LogFilter.of(null, null, "a", null)))
        .until(ContainerStatus.class::isInstance);
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
  void anUnknownAppIsAnError() throws Exception {
    ViewerReader viewer = open(LogRequest.of(99));
    assertThat(viewer.toTheEnd()).isEqualTo(StreamClose.of(ErrorCode.CONTAINER_NOT_FOUND));
    assertThat(viewer.messages())
        .singleElement()
        .isInstanceOfSatisfying(
            StreamError.class, e -> assertThat(e.message()).isEqualTo("Container not found"));
  }

  @Test
  void anUnknownContainerOfAnAppIsAnError() throws Exception {
    open().until(ContainerStatus.class::isInstance);
    ViewerReader viewer = open(app().withFilter(LogFilter.of(null, "nobody", null, null)));
    assertThat(viewer.toTheEnd().code()).isEqualTo(1008);
    assertThat(viewer.all(StreamError.class)).hasSize(1);
  }

  @Test
  void linesNameTheirContainerWhereThereAreSeveral() throws Exception {
    InMemoryLogSource.Container worker = source.run(1, "worker");
    web.print("from web");
    worker.print("from worker");
    ViewerReader viewer = open(app()).untilLine("from worker");
    assertThat(viewer.all(LogLine.class))
        .extracting(LogLine::container)
        .containsExactly("web", "worker");
    ViewerReader one =
        open(app().withFilter(LogFilter.of(null, "worker", null, null))).untilLine("from worker");
    assertThat(one.messages()).hasSize(2);
  }

  @Test
  void aLostSourceEndsEveryViewerWithTheReason() throws Exception {
    ViewerReader viewer = open(app());
    print(0, 3);
    viewer.untilLine("line 2");
    source.fail(ErrorCode.SOURCE_UNAVAILABLE, "Docker is unreachable: no such file");
    assertThat(viewer.toTheEnd()).isEqualTo(new StreamClose(1013, "source_unavailable"));
    assertThat(viewer.all(StreamError.class).get(0).message())
        .isEqualTo("Docker is unreachable: no such file");
    assertThat(open(app()).toTheEnd().code()).isEqualTo(1013);
    source.recover();
    assertThat(open(app()).untilLine("line 2").lines()).isEqualTo(numbered(0, 3));
  }

  @Test
  void theReadIsClosedAWhileAfterTheLastViewerLeft() throws Exception {
    use(LogTopics.builder(source).linger(Duration.ofMillis(50)));
    ViewerReader viewer = open(app());
    print(0, 1);
    viewer.untilLine("line 0").close();
    await().untilAsserted(() -> assertThat(source.activeSubscriptions()).isZero());
    assertThat(topics.topics()).isZero();
    print(1, 2);
    assertThat(open(app()).untilLine("line 1").lines()).isEqualTo(numbered(0, 2));
  }

  @Test
  void closingTellsEveryViewerToComeBack() throws Exception {
    ViewerReader live = open(app());
    print(0, 3);
    live.untilLine("line 2");
    topics.close();
    assertThat(live.toTheEnd()).isEqualTo(StreamClose.SHUTDOWN);
    assertThat(open(app()).toTheEnd()).isEqualTo(StreamClose.SHUTDOWN);
  }

  @Test
  void aStalledReaderOfHistoryHoldsLittleMemory() throws Exception {
    String kilobyte = "x".repeat(1000);
    for (int i = 0; i < 4000; i++) {
      web.print(kilobyte + i);
    }
    ViewerReader viewer =
        open(app().withFollow(Follow.NONE).withTail(LogRequest.ALL)); // nobody polls
    await().untilAsserted(() -> assertThat(source.activeSubscriptions()).isEqualTo(1));
    // After five seconds it lets go of its read, and goes on from its cursor when it is polled
    // again.
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(() -> assertThat(source.activeSubscriptions()).isZero());
    viewer.toTheEnd();
    assertThat(viewer.lines())
        .hasSize(4000)
        .doesNotHaveDuplicates()
        .startsWith(kilobyte + 0)
        .endsWith(kilobyte + 3999);
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
          at += io.miststream.core.wire.Frames.length(slice.array(), slice.arrayOffset() + at);
        }
        assertThat(at).isEqualTo(slice.limit());
      }
      bytes += together;
    } while (!slices.isEmpty());
    assertThat(bytes).isGreaterThan(100 * 100);
    assertThat(other.lines()).hasSize(100);
  }

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

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aReaderThatIsOnlySlowCostsTwoTimers() throws Exception {
    for (int i = 0; i < 4000; i++) {
      web.print("x".repeat(1000));
    }
    Viewer viewer = keep(topics.open(app().withFollow(Follow.NONE).withTail(LogRequest.ALL)));
    int most = 0;
    while (viewer.ended() == null) {
      viewer.poll(new ArrayList<>(), 64 << 10);
      most = Math.max(most, topics.timers());
    }
    assertThat(most).isLessThanOrEqualTo(2); // one that looks for a stall, one that gathers
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

  /** Brings the source's clock to a time from now. */
  private void clockTo(Instant time) {
    source.advance(Duration.between(source.now(), time));
  }

  @Test
  void untilIsTheTimeOfTheLastLineWhateverComesFirst() throws Exception {
    clockTo(Instant.now());
    Instant until = Instant.now().plusSeconds(2);
    ViewerReader viewer = open(app().withTimes(null, until));
    web.print("in time");
    viewer.untilLine("in time");
    clockTo(until.plusSeconds(1));
    web.print("too late");
    source.advance(Duration.ofSeconds(-2)); // the other output was stamped before
    web.print(LogStream.STDERR, "in time, but later");
    assertThat(viewer.toTheEnd()).isEqualTo(StreamClose.END);
    assertThat(viewer.lines()).containsExactly("in time", "in time, but later");
    assertThat(Instant.now()).isAfter(until);
    assertThat(viewer.all(StreamEnd.class)).hasSize(1);
  }

  @Test
  void nothingBeyondUntilIsSentWhenTheRunEndsFirst() throws Exception {
    clockTo(Instant.now());
    Instant until = Instant.now().plusSeconds(60);
    ViewerReader viewer = open(LogRequest.of(1).withTimes(null, until));
    ViewerReader other = open(app());
    web.print("in time");
    viewer.untilLine("in time");
    clockTo(until.plusSeconds(1));
    web.print("too late");
    web.stop(0);
    other.until(m -> m instanceof ContainerStatus s && s.state().equals("exited"));
    assertThat(viewer.toTheEnd()).isEqualTo(StreamClose.END);
    assertThat(viewer.lines()).containsExactly("in time");
  }

  @Test
  void untilFarAwayEndsNothingAndKeepsNobody() throws Exception {
    for (String time : List.of("9999-12-31T23:59:59Z", "+1000000000-12-31T23:59:59Z")) {
      ViewerReader viewer = open(app().withTimes(null, Instant.parse(time)));
      web.print(time);
      viewer.untilLine(time);
      assertThat(topics.timers()).isEqualTo(1);
      viewer.close();
      await().untilAsserted(() -> assertThat(topics.timers()).as("the linger").isEqualTo(1));
    }
  }

  @Test
  void sinceInTheFutureHoldsForLiveLines() throws Exception {
    clockTo(Instant.now());
    Instant since = Instant.now().plusSeconds(60);
    ViewerReader viewer = open(app().withTimes(since, null));
    viewer.until(ContainerStatus.class::isInstance);
    ViewerReader other = open(app());
    web.print("too early");
    other.untilLine("too early");
    clockTo(since);
    web.print("in time");
    assertThat(viewer.untilLine("in time").lines()).containsExactly("in time");
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

  private static long source(InMemoryLogSource.Container container) {
    return Long.parseLong(container.id().substring(0, 12), 16);
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

  @Test
  void aFilterNobodyUsesAnyMoreLeavesRoomForAnother() throws Exception {
    use(LogTopics.builder(source).maxFilters(1));
    open(app()).until(ContainerStatus.class::isInstance);
    assertThat(open(app().withFilter(LogFilter.of(null, "nobody", null, null))).toTheEnd().code())
        .isEqualTo(1008);
    for (String grep : List.of("a", "b", "a")) {
      print(0, 3);
      ViewerReader viewer = open(app().withFilter(LogFilter.of(null, null, grep, null)));
      viewer.until(ContainerStatus.class::isInstance);
      web.print(grep);
      viewer.untilLine(grep).close();
    }
  }

  /** Topics that have read history, and follow only when they are let. */
  private CountDownLatch holdBackTheFollow() {
    CountDownLatch follow = new CountDownLatch(1);
    use(
        LogTopics.builder(
            request ->
                subscriber -> {
                  if (request.follow() == Follow.APP) {
                    awaitQuietly(follow);
                  }
                  source.logs(request).subscribe(subscriber);
                }));
    return follow;
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
