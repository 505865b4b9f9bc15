package io.miststream.benchmarks;

import io.miststream.core.Follow;
import io.miststream.core.LogRequest;
import io.miststream.core.StreamMessage;
import io.miststream.core.topic.LogTopics;
import io.miststream.core.topic.Viewer;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What a message costs to keep, encoded, and what a viewer costs to catch up. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@NullUnmarked // what fill() sets
public class RingBenchmark {
  private static final int BEHIND = 1000;
  private static final int WRITE_BYTES = 64 << 10;
  private static final LogRequest NEWEST = LogRequest.of(1).withFollow(Follow.APP).withTail(BEHIND);

  private final LoadMessages messages = new LoadMessages(200);
  private final List<ByteBuffer> slices = new ArrayList<>();
  private Flow.Subscriber<? super StreamMessage> follower;
  private LogTopics topics;
  private long seq;

  /** A ring that holds what the viewer is behind. */
  @Setup
  public void fill() {
    topics =
        LogTopics.builder(request -> subscriber -> subscribe(request, subscriber))
            .ringBytes(256 << 10) // little more: a viewer's place is looked for in all of it
            .build();
    topics.open(NEWEST); // and stays
    for (int i = 0; i < BEHIND; i++) {
      append();
    }
  }

  private void subscribe(LogRequest request, Flow.Subscriber<? super StreamMessage> subscriber) {
    subscriber.onSubscribe(
        new Flow.Subscription() {
          @Override
          public void request(long n) {}

          @Override
          public void cancel() {}
        });
    subscriber.onNext(LoadMessages.running(1));
    if (request.follow() == Follow.NONE) {
      subscriber.onComplete();
    } else {
      follower = subscriber;
    }
  }

  /** One message, made, encoded and kept. */
  @Benchmark
  public void append() {
    follower.onNext(messages.line(seq++));
  }

  /**
   * One message of a thousand that a new viewer gets, its opening included, in writes of 64 KiB.
   */
  @Benchmark
  @OperationsPerInvocation(BEHIND)
  public int drain() {
    int bytes = 0;
    try (Viewer viewer = topics.open(NEWEST)) {
      do {
        slices.clear();
        viewer.poll(slices, WRITE_BYTES);
        for (ByteBuffer slice : slices) {
          bytes += slice.remaining();
        }
      } while (!slices.isEmpty());
    }
    return bytes;
  }

  /** Ends the threads of the topics. */
  @TearDown
  public void close() {
    topics.close();
  }
}
