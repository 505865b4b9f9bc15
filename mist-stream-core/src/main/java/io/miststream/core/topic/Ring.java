package io.miststream.core.topic;

import io.miststream.core.Cursor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The newest messages of a topic, as ready-made frames in segments, with a bound in bytes; the
 * oldest segment goes when a new one would pass it.
 *
 * <p>Messages are numbered from 0. There is one appender at a time, which holds the topic's lock;
 * {@link #head} and {@link #segments} may be read without it, head first.
 */
final class Ring {
  /** Smallest ring, in bytes. */
  static final int MIN_CAPACITY = 64 << 10;

  private static final int MAX_SEGMENT_BYTES = 64 << 10; // what one write takes
  private static final int FIRST_SEGMENT_BYTES = 4 << 10;
  private static final int MIN_SEGMENTS = 8; // so that at most an eighth goes at a time
  private static final Segment[] NONE = {};

  private final int capacity;
  private final int segmentBytes;
  private Positions passed = new Positions();
  private Positions evicted = new Positions();
  private long size;
  private long newestEvictedGap = -1;
  private long newestEvictedStatus = -1;
  private volatile Segment[] segments = NONE;
  private long appended;
  private volatile long head;

  /**
   * @param capacity bytes of frames to keep; the newest segment is kept whatever its size
   */
  Ring(int capacity) {
    this.capacity = capacity;
    this.segmentBytes = Math.min(MAX_SEGMENT_BYTES, capacity / MIN_SEGMENTS);
  }

  /** Says what lies before the ring's first message. */
  void begin(Positions start) {
    evicted = Positions.copyOf(start);
    passed = Positions.copyOf(start);
  }

  /**
   * Adds a message.
   *
   * @param mark of a line; of a removed container, any mark of its source; else null
   */
  void append(byte[] frame, int from, int length, Kind kind, Cursor.@Nullable Mark mark) {
    Segment[] now = segments;
    Segment last = now.length == 0 ? null : now[now.length - 1];
    if (last == null || !last.hasRoomFor(length)) {
      // A quiet topic should not cost a whole segment.
      int usual = last == null ? FIRST_SEGMENT_BYTES : segmentBytes;
      Segment fresh =
          last == null
              ? new Segment(Math.max(usual, length), 0, head, 0)
              : new Segment(
                  Math.max(usual, length), last.count(), head, last.linesBefore + last.lines());
      segments = withRoomFor(now, fresh);
      last = fresh;
    }
    last.append(frame, from, length, kind, mark);
    if (mark != null && kind == Kind.LINE) {
      passed.advance(mark);
    } else if (mark != null && kind == Kind.REMOVED) {
      passed.remove(mark.source());
    }
    appended++;
    head = appended; // publishes the entry
  }

  private Segment[] withRoomFor(Segment[] now, Segment fresh) {
    int drop = 0;
    size += fresh.bytes.length;
    while (drop < now.length && size > capacity) {
      size -= now[drop].bytes.length;
      evict(now[drop]);
      drop++;
    }
    Segment[] next = Arrays.copyOfRange(now, drop, now.length + 1);
    next[next.length - 1] = fresh;
    return next;
  }

  private void evict(Segment segment) {
    for (int i = 0; i < segment.count(); i++) {
      switch (segment.kind(i)) {
        case LINE -> evicted.advance(segment.mark(i));
        case GAP -> newestEvictedGap = segment.firstSeq + i;
        case STATUS -> newestEvictedStatus = segment.firstSeq + i;
        case REMOVED -> {
          newestEvictedStatus = segment.firstSeq + i;
          evicted.remove(segment.source(i));
        }
      }
    }
  }

  /** The number of the next message. */
  long head() {
    return head;
  }

  Segment[] segments() {
    return segments;
  }

  /** No line of a source has been or will be in here. */
  void forget(long source) {
    passed.remove(source);
    evicted.remove(source);
  }

  /**
   * Whether it is known what a source printed: it lies behind {@link #evicted}, or in the ring.
   * Nothing is known any more of a container whose removal has been evicted.
   */
  boolean knows(long source) {
    return passed.knows(source) || evicted.knows(source) || holdsRemovalOf(source);
  }

  /** Whether it says that a container has been removed. */
  boolean holdsRemovalOf(long source) {
    for (Segment segment : segments) {
      for (int i = 0; i < segment.count(); i++) {
        if (segment.kind(i) == Kind.REMOVED && segment.source(i) == source) {
          return true;
        }
      }
    }
    return false;
  }

  /** Everything before the oldest message, but for containers removed before it. */
  Positions evicted() {
    return evicted;
  }

  /** Everything before the head, but for containers removed before it. */
  Positions passed() {
    return passed;
  }

  long newestEvictedGap() {
    return newestEvictedGap;
  }

  long newestEvictedStatus() {
    return newestEvictedStatus;
  }

  /** The number of the oldest message kept. */
  long oldest() {
    Segment[] now = segments;
    return now.length == 0 ? head : now[0].firstSeq;
  }

  /** Lines in the ring's whole life before message {@code seq}, which must not be evicted. */
  long linesBefore(long seq) {
    Segment[] now = segments;
    if (now.length == 0) {
      return 0;
    }
    Segment segment = now[find(now, seq)];
    return segment.linesBefore((int) (seq - segment.firstSeq));
  }

  /** Index of the segment that holds {@code seq}, or of the last one if it is the head. */
  static int find(Segment[] segments, long seq) {
    int low = 0;
    int high = segments.length - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (segments[middle].firstSeq <= seq) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }
}
