package io.miststream.core.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.Follow;
import io.miststream.core.LogRequest;
import io.miststream.core.topic.LogTopics;
import io.miststream.testkit.InMemoryLogSource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;

/** Topics over a source in memory, in which a container {@code web} of the app 1 runs. */
abstract class LogTopicsFixture {
  final InMemoryLogSource source = InMemoryLogSource.create();
  final InMemoryLogSource.Container web = source.run(1, "web");
  LogTopics topics;
  private final List<AutoCloseable> toClose = new ArrayList<>();

  LogTopicsFixture() {
    use(LogTopics.builder(source));
  }

  /** Closes it after the test, before what has been kept earlier. */
  final <T extends AutoCloseable> T keep(T closeable) {
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

  /** Waits as long as a busy machine may need, and not longer than it takes. */
  static ConditionFactory await() {
    return Awaitility.await()
        .atMost(Duration.ofMinutes(1))
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(5));
  }

  /** From now on viewers are opened on topics with these settings. */
  final void use(LogTopics.Builder settings) {
    topics = keep(settings.build());
  }

  final ViewerReader open(LogRequest request) {
    return keep(new ViewerReader(topics.open(request)));
  }

  final ViewerReader open() {
    return open(LogRequest.of(1));
  }

  static LogRequest app() {
    return LogRequest.of(1).withFollow(Follow.APP);
  }

  /** Prints numbered lines, the last number not among them. */
  final void print(int from, int to) {
    IntStream.range(from, to).forEach(i -> web.print("line " + i));
  }

  static List<String> numbered(int from, int to) {
    return IntStream.range(from, to).mapToObj(i -> "line " + i).toList();
  }

  /** Brings the source's clock to a time from now. */
  final void clockTo(Instant time) {
    source.advance(Duration.between(source.now(), time));
  }

  /** Topics that have read history, and follow only when they are let. */
  final CountDownLatch holdBackTheFollow() {
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

  static void awaitQuietly(CountDownLatch latch) {
    try {
      assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** How a cursor names a container. */
  static long source(InMemoryLogSource.Container container) {
    return Long.parseLong(container.id().substring(0, 12), 16);
  }
}
