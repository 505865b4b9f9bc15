package io.miststream.docker;

import io.miststream.core.LogLine;
import java.util.Arrays;

/**
 * Makes whole lines of the chunks of one output of one container.
 *
 * <p>The chunks of a line have the same timestamp. A chunk that ends with a line feed ends its
 * line, and so does one shorter than 16 KiB, as the last of a line is with the {@code local} driver
 * and at the end of a file. Bytes are only decoded when a line, or a piece of 1 MiB, is whole, so
 * no character is ever cut.
 */
final class LineAssembler {

  /** Takes the lines, in order. */
  @FunctionalInterface
  interface Sink {
    /** One line, or a piece of one. The bytes are only valid during the call. */
    void line(long time, int ordinal, byte[] bytes, int offset, int length, boolean partial);
  }

  // Pieces are cut only when so much more is there that, after taking off a line end, something is
  // left for the next piece. So where the cuts are depends on the line alone.
  private static final int CUT_AT = LogLine.MAX_BYTES + 2;
  private static final byte[] NOTHING = {};

  private final Sink sink;
  private byte[] pending = NOTHING;
  private int pendingLength;
  private boolean open;
  private long time = RawLine.NONE;
  private int ordinal; // of the next line or piece at this time

  LineAssembler(Sink sink) {
    this.sink = sink;
  }

  /** Time of the line that has begun and is not complete, or {@link RawLine#NONE}. */
  long openTime() {
    return open ? time : RawLine.NONE;
  }

  /** What the ordinal of the next piece of the open line will be. */
  int openOrdinal() {
    return ordinal;
  }

  /** The next chunk of this output. */
  void chunk(long chunkTime, byte[] bytes, int offset, int length) {
    if (chunkTime != time) {
      end();
      time = chunkTime;
      ordinal = 0;
    }
    boolean last = length < LogChunks.CHUNK_BYTES || bytes[offset + length - 1] == '\n';
    if (last && !open && length <= LogLine.MAX_BYTES) {
      emit(bytes, offset, withoutLineEnd(bytes, offset, length), false); // nearly every line
      return;
    }
    append(bytes, offset, length);
    open = true;
    if (last) {
      end();
    } else {
      cut(CUT_AT);
    }
  }

  /** Nothing more will come of the open line, if there is one. */
  void end() {
    if (!open) {
      return;
    }
    pendingLength = withoutLineEnd(pending, 0, pendingLength);
    cut(LogLine.MAX_BYTES + 1);
    open = false;
    emit(pending, 0, pendingLength, false);
    pendingLength = 0;
    if (pending.length > 4 * LogChunks.CHUNK_BYTES) {
      pending = NOTHING; // long lines are rare; many containers are watched
    }
  }

  private void append(byte[] bytes, int offset, int length) {
    if (pending.length - pendingLength < length) {
      int wanted = Math.max(pendingLength + length, 2 * LogChunks.CHUNK_BYTES);
      pending = Arrays.copyOf(pending, Math.max(wanted, pending.length * 2));
    }
    System.arraycopy(bytes, offset, pending, pendingLength, length);
    pendingLength += length;
  }

  /** Hands on pieces for as long as there are at least so many bytes. */
  private void cut(int atLeast) {
    int from = 0;
    while (pendingLength - from >= atLeast) {
      int size = characterBoundary(from + LogLine.MAX_BYTES) - from;
      emit(pending, from, size, true);
      from += size;
    }
    if (from > 0) {
      System.arraycopy(pending, from, pending, 0, pendingLength - from);
      pendingLength -= from;
    }
  }

  /**
   * The last place at or before {@code at} where a character begins; {@code at} in invalid text.
   */
  private int characterBoundary(int at) {
    for (int back = 0; back < 4; back++) {
      if ((pending[at - back] & 0xC0) != 0x80) {
        return at - back;
      }
    }
    return at;
  }

  private void emit(byte[] bytes, int offset, int length, boolean partial) {
    sink.line(time, ordinal++, bytes, offset, length, partial);
  }

  private static int withoutLineEnd(byte[] bytes, int offset, int length) {
    int end = length;
    if (end > 0 && bytes[offset + end - 1] == '\n') {
      end--;
    }
    // The local driver's last chunk of a long line has lost its line feed, but not what was before.
    return end > 0 && bytes[offset + end - 1] == '\r' ? end - 1 : end;
  }
}
