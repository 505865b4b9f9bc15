package io.miststream.core.topic;

import io.miststream.core.ContainerStatus;
import io.miststream.core.Cursor;
import io.miststream.core.ErrorCode;
import io.miststream.core.Gap;
import io.miststream.core.LogLine;
import io.miststream.core.LogRequest;
import io.miststream.core.StreamEnd;
import io.miststream.core.StreamException;
import io.miststream.core.StreamMessage;
import io.miststream.core.wire.Frames;
import io.miststream.core.wire.MessageEncoder;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * One viewer's own read of history that its topic does not keep, at the viewer's pace: the source
 * is asked for more only while the buffer is small. A viewer that stops reading does not keep the
 * read open; it goes on from its cursor later, which comes to the same.
 */
final class Backfill {
  /** Most bytes waiting for the viewer, give or take one message. */
  static final int BUFFER_BYTES = 256 << 10;

  static final int CHUNK_BYTES = 64 << 10;

  // History comes in bulk. A write for every line of it would cost the machine more than reading
  // it, so lines are gathered for as long as nobody could notice.
  private static final int GATHER_BYTES = 32 << 10;
  private static final Duration GATHER_TIME = Duration.ofMillis(2);

  private static final class Chunk {
    final byte[] bytes;
    int start;
    int end;
    int count; // messages between the two

    Chunk(int size) {
      bytes = new byte[size];
    }
  }

  private final LogTopics topics;
  private final LogViewer viewer;
  private final LogRequest request;
  private final @Nullable LogTopic topic; // null if nobody else tells the viewer the states
  private final MessageEncoder encoder = new MessageEncoder(); // source's thread only

  // All below is guarded by this.
  private final ContainerStates states = new ContainerStates();
  private final ArrayDeque<Chunk> chunks = new ArrayDeque<>();
  private int buffered;
  private Flow.@Nullable Subscription subscription;
  private boolean requested;
  private boolean suspended;
  private boolean done;
  private boolean cancelled;
  private boolean gathering; // whether the timer below runs
  private boolean gathered; // whether what there is has waited long enough
  private int polls;
  private LogTopics.@Nullable Later stallCheck;
  private @Nullable Cursor last;
  private @Nullable Cursor end;
  private @Nullable StreamException failure;

  Backfill(LogTopics topics, LogViewer viewer, LogRequest request) {
    this.topics = topics;
    this.viewer = viewer;
    this.request = request;
    this.topic = viewer.home();
  }

  void start() {
    topics.readSlots().acquire(this);
  }

  /** Begins, or goes on. Called when there is a slot for it, on the pump. */
  void read() {
    LogRequest now;
    synchronized (this) {
      if (cancelled) {
        return;
      }
      requested = false;
      now = last == null ? request : request.withAfter(last);
    }
    Read read = new Read();
    try {
      topics.source().logs(now).subscribe(read);
    } catch (RuntimeException e) {
      read.onError(e);
    }
  }

  /** One read; a read that was suspended may still say a last word, which must not count. */
  private final class Read implements Flow.Subscriber<StreamMessage> {
    private Flow.@Nullable Subscription mine;

    @Override
    public void onSubscribe(Flow.Subscription subscribed) {
      mine = subscribed;
      boolean unwanted;
      synchronized (Backfill.this) {
        subscription = subscribed;
        unwanted = cancelled;
      }
      if (unwanted) {
        subscribed.cancel();
      } else {
        requestMore();
      }
    }

    @Override
    public void onNext(StreamMessage message) {
      boolean enough;
      synchronized (Backfill.this) {
        if (mine != subscription) {
          return;
        }
        requested = false;
        take(message);
        enough = hasNews();
        if (!enough && !gathering) {
          gathering = true;
          topics.later(GATHER_TIME, Backfill.this::gathered);
        }
        if (buffered >= BUFFER_BYTES) {
          checkForStall();
        }
      }
      if (enough) {
        viewer.wakeSoon();
      }
      requestMore();
    }

    @Override
    public void onError(Throwable problem) {
      if (problem instanceof StreamException known) {
        over(known);
      } else {
        topics.report(problem);
        over(new StreamException(ErrorCode.INTERNAL, "The logs cannot be read", problem));
      }
    }

    @Override
    public void onComplete() {
      over(null);
    }

    private void over(@Nullable StreamException problem) {
      synchronized (Backfill.this) {
        if (mine != subscription) {
          return;
        }
        failure = problem;
        done = true;
        subscription = null;
      }
      topics.readSlots().release(Backfill.this);
      viewer.wakeSoon();
    }
  }

  private void take(StreamMessage message) {
    if (message instanceof StreamEnd ending) {
      end = ending.cursor();
    } else if (message instanceof ContainerStatus status) {
      states.update(status);
      if (topic == null && last == null) {
        add(message, false);
      }
    } else {
      if (message instanceof LogLine) {
        last = message.cursor();
      } else if (message instanceof Gap gap) {
        topics.figures().gap(gap);
      }
      add(message, topic == null ? states.several() : topic.hasSeveral());
    }
  }

  private void add(StreamMessage message, boolean named) {
    encoder.encode(message, named);
    int length = encoder.length();
    Chunk chunk = chunks.peekLast();
    if (chunk == null || chunk.bytes.length - chunk.end < length) {
      chunk = new Chunk(Math.max(length, chunk == null ? 4 << 10 : CHUNK_BYTES));
      chunks.add(chunk);
    }
    System.arraycopy(encoder.buffer(), encoder.start(), chunk.bytes, chunk.end, length);
    chunk.end += length;
    chunk.count++;
    buffered += length;
  }

  private void gathered() {
    synchronized (this) {
      gathering = false;
      gathered = buffered > 0;
    }
    viewer.wakeSoon();
  }

  private void requestMore() {
    Flow.Subscription now;
    synchronized (this) {
      now = subscription;
      if (now == null || requested || done || buffered >= BUFFER_BYTES) {
        return;
      }
      requested = true;
    }
    now.request(1);
  }

  private void checkForStall() {
    if (stallCheck == null) {
      int pollsNow = polls;
      stallCheck = topics.later(topics.stalledAfter(), () -> suspendIfStalledSince(pollsNow));
    }
  }

  private void suspendIfStalledSince(int pollsThen) {
    Flow.Subscription stalled;
    synchronized (this) {
      stallCheck = null;
      stalled = subscription;
      if (stalled == null || done || buffered < BUFFER_BYTES) {
        return;
      }
      if (polls != pollsThen) {
        checkForStall(); // slow, but alive
        return;
      }
      subscription = null;
      suspended = true;
    }
    topics.readSlots().release(this);
    stalled.cancel();
  }

  /** The server goes away: the viewer is told to come back, and continues from its cursor then. */
  void shutDown() {
    viewer.finishNow(new LogViewer.Finish(LogViewer.Finish.NOW, 0, null, StreamClose.SHUTDOWN));
    cancel();
    viewer.wakeSoon();
  }

  void cancel() {
    Flow.Subscription now;
    synchronized (this) {
      cancelled = true;
      now = subscription;
      subscription = null;
      if (stallCheck != null) {
        stallCheck.cancel();
      }
    }
    topics.readSlots().release(this);
    if (now != null) {
      now.cancel();
    }
  }

  /**
   * Moves what is buffered to {@code out}: whole frames, at most {@code maxBytes} but at least one.
   *
   * @return how many
   */
  int drain(List<ByteBuffer> out, int maxBytes) {
    boolean resume;
    int frames = 0;
    synchronized (this) {
      polls++;
      int bytes = 0;
      if (!hasNews()) {
        return 0;
      }
      for (Chunk chunk = chunks.peek(); chunk != null; chunk = chunks.peek()) {
        int from = chunk.start;
        int to = chunk.end;
        int count = chunk.count;
        if (to - from > maxBytes - bytes) {
          to = from;
          count = 0;
          while (to < chunk.end) {
            int length = Frames.length(chunk.bytes, to);
            if (to - from + length > maxBytes - bytes && !(out.isEmpty() && to == from)) {
              break;
            }
            to += length;
            count++;
          }
        }
        if (to > from) {
          out.add(ByteBuffer.wrap(chunk.bytes, from, to - from));
          bytes += to - from;
          frames += count;
          chunk.start = to;
          chunk.count -= count;
        }
        if (chunk.start < chunk.end) {
          break;
        }
        chunks.remove(); // never reused: the connection may still be sending from it
      }
      buffered -= bytes;
      gathered &= buffered > 0;
      resume = suspended && buffered < BUFFER_BYTES / 2 && !cancelled;
      if (resume) {
        suspended = false;
      }
    }
    if (resume) {
      start();
    } else {
      requestMore();
    }
    return frames;
  }

  synchronized boolean hasNews() {
    return buffered >= GATHER_BYTES || gathered || done;
  }

  synchronized boolean isDrained() {
    return done && buffered == 0;
  }

  synchronized @Nullable StreamException failure() {
    return failure;
  }

  synchronized String message() {
    return failure == null || failure.getMessage() == null ? "" : failure.getMessage();
  }

  /** The position at the end of the read, null if there is nothing to be behind of. */
  synchronized @Nullable Cursor end() {
    return end;
  }

  /** Whether the read brought the viewer any line. */
  synchronized boolean broughtLines() {
    return last != null;
  }

  /** The cursor of the last line it brought. */
  synchronized @Nullable Cursor last() {
    return last;
  }
}
