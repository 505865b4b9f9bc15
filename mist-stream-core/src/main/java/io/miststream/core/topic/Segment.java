package io.miststream.core.topic;

import io.miststream.core.Cursor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A stretch of a {@link Ring}: whole frames in one array, and an index of them. Written by the
 * ring's one appender; readers may look at entries below the head they have read from the ring,
 * whose volatile write publishes them.
 */
final class Segment {
  private static final int FIRST_INDEX = 64;

  final byte[] bytes;
  final long firstSeq;

  /** Lines in the ring's whole life before this segment. */
  final long linesBefore;

  private int count;
  private int[] ends;
  private int[] lines; // in this segment, up to and with the entry
  private Kind[] kinds;
  private long[] lanes; // source << 2 | lane
  private long[] times;
  private int[] ordinals;

  /**
   * @param size in bytes
   * @param entries how many there will be, as far as one can tell
   */
  Segment(int size, int entries, long firstSeq, long linesBefore) {
    this.bytes = new byte[size];
    this.firstSeq = firstSeq;
    this.linesBefore = linesBefore;
    int index = Math.max(FIRST_INDEX, entries);
    ends = new int[index];
    lines = new int[index];
    kinds = new Kind[index];
    lanes = new long[index];
    times = new long[index];
    ordinals = new int[index];
  }

  boolean hasRoomFor(int length) {
    return bytes.length - used() >= length;
  }

  void append(byte[] frame, int from, int length, Kind kind, Cursor.@Nullable Mark mark) {
    int at = used();
    System.arraycopy(frame, from, bytes, at, length);
    if (count == ends.length) {
      grow();
    }
    ends[count] = at + length;
    kinds[count] = kind;
    lines[count] = (count == 0 ? 0 : lines[count - 1]) + (kind == Kind.LINE ? 1 : 0);
    if (mark != null) {
      lanes[count] = mark.source() << 2 | mark.lane();
      times[count] = mark.time();
      ordinals[count] = mark.ordinal();
    }
    count++;
  }

  private void grow() {
    int size = ends.length * 2;
    // Readers may still hold the old arrays, which stay right for the entries they may look at.
    ends = Arrays.copyOf(ends, size);
    lines = Arrays.copyOf(lines, size);
    kinds = Arrays.copyOf(kinds, size);
    lanes = Arrays.copyOf(lanes, size);
    times = Arrays.copyOf(times, size);
    ordinals = Arrays.copyOf(ordinals, size);
  }

  private int used() {
    return count == 0 ? 0 : ends[count - 1];
  }

  /** Appender only. */
  int count() {
    return count;
  }

  /** Appender only. */
  int lines() {
    return count == 0 ? 0 : lines[count - 1];
  }

  int start(int entry) {
    return entry == 0 ? 0 : ends[entry - 1];
  }

  int end(int entry) {
    return ends[entry];
  }

  Kind kind(int entry) {
    return kinds[entry];
  }

  /** Lines in the ring's whole life before an entry of this segment. */
  long linesBefore(int entry) {
    return linesBefore + (entry == 0 ? 0 : lines[entry - 1]);
  }

  long time(int entry) {
    return times[entry];
  }

  long source(int entry) {
    return lanes[entry] >>> 2;
  }

  Cursor.Mark mark(int entry) {
    return Cursor.Mark.of(source(entry), (int) (lanes[entry] & 3), times[entry], ordinals[entry]);
  }

  boolean coveredBy(Cursor cursor, int entry) {
    return cursor.covers(source(entry), (int) (lanes[entry] & 3), times[entry], ordinals[entry]);
  }

  /**
   * The entry behind the last one that, counted from {@code entry}, still fits into {@code
   * maxBytes}; never past {@code limit}, and at least one entry on if {@code entry < limit}.
   */
  int fit(int entry, int limit, int maxBytes) {
    long most = (long) start(entry) + maxBytes;
    int low = entry + 1;
    int high = limit;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (ends[middle - 1] <= most) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return Math.min(low, limit);
  }
}
