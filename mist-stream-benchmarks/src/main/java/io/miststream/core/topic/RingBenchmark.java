package io.miststream.core.topic;

import io.miststream.core.Cursor;
import io.miststream.core.LogFilter;
import io.miststream.core.LogRequest;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** What a message costs to keep, and what a viewer costs to catch up. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RingBenchmark {
  private static final int FRAME_BYTES = 204;
  private static final int BEHIND = 1000;
  private static final int WRITE_BYTES = 64 << 10;
  private static final long SOURCE = 0x1234_5678_9abcL;

  private final byte[] frame = new byte[FRAME_BYTES];
  private final List<ByteBuffer> slices = new ArrayList<>();
  private Topic topic;
  private LogViewer viewer;
  private LogTopics topics;
  private long time;

  /** A ring that holds what the viewer is behind. */
  @Setup
  public void fill() {
    frame[0] = (byte) 0x81;
    frame[1] = 126;
    frame[3] = (byte) (FRAME_BYTES - 4);
    topics =
        LogTopics.create(
            request -> {
              throw new IllegalStateException("nothing is read");
            });
    topic = new Topic(new Object(), LogFilter.ALL, 8 << 20, Runnable::run, null);
    viewer = new LogViewer(topics, LogRequest.of(1));
    viewer.place(topic, topic.ring.head(), null, false);
    for (int i = 0; i < BEHIND; i++) {
      append();
    }
  }

  /** One message into the ring. */
  @Benchmark
  public void append() {
    topic.ring.append(frame, 0, FRAME_BYTES, Kind.LINE, Cursor.Mark.of(SOURCE, 0, time++, 0));
  }

  /** One message of a thousand that a viewer is behind, in writes of 64 KiB. */
  @Benchmark
  @OperationsPerInvocation(BEHIND)
  public int drain() {
    int bytes = 0;
    long start = topic.ring.head() - BEHIND;
    viewer.moveTo(start, topic.ring.linesBefore(start));
    do {
      slices.clear();
      viewer.poll(slices, WRITE_BYTES);
      for (ByteBuffer slice : slices) {
        bytes += slice.remaining();
      }
    } while (!slices.isEmpty());
    return bytes;
  }
}
