package io.miststream.docker;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.function.LongSupplier;

/**
 * The log of a container with a TTY: no frames, one stream, the timestamp in front of each chunk.
 *
 * <p>A chunk ends with a line feed. If it has none, nothing but the timestamp of the next one tells
 * where it ends: after 16 KiB the same timestamp again, as all chunks of a line have the line's;
 * or, where a run ended within a line, the later one of the next run. A program that prints such
 * timestamps itself is no danger: it prints them before the engine sees the line, so they are
 * earlier than the engine's.
 */
final class TtyChunks extends LogChunks {
  private static final int TIME_BYTES = 36;

  private final InputStream in;
  private final LongSupplier engineNow;
  private final LogTime parser = new LogTime();
  private final LogTime nextTime = new LogTime();
  private int start;
  private int end;

  /**
   * @param engineNow the engine's time in nanoseconds since the epoch
   */
  TtyChunks(InputStream in, LongSupplier engineNow) {
    this.in = in;
    this.engineNow = engineNow;
  }

  @Override
  boolean next() throws IOException {
    if (start == end && !more()) {
      return false;
    }
    int header = parser.parse(buffer, start, end);
    while (header < 0 && end - start < TIME_BYTES && more()) {
      header = parser.parse(buffer, start, end);
    }
    if (header < 0) {
      throw new IOException("a log entry without a timestamp");
    }
    time = parser.nanos();
    int body = header; // relative to start, which moves when the buffer is filled
    int at = body;
    while (true) {
      for (; start + at < end; at++) {
        byte b = buffer[start + at];
        if (b == '\n') {
          return chunk(body, at + 1);
        }
        if (b == 'T' && isNextTimestamp(body, at - 10)) {
          return chunk(body, at - 10);
        }
      }
      if (!more()) {
        return chunk(body, at);
      }
    }
  }

  private boolean chunk(int from, int to) {
    offset = start + from;
    length = to - from;
    start += to;
    return true;
  }

  private boolean isNextTimestamp(int body, int at) throws IOException {
    if (at < body || buffer[start + at + 4] != '-' || buffer[start + at + 7] != '-') {
      return false;
    }
    while (end - start - at < TIME_BYTES && more()) {
      // more() keeps what was not handed out
    }
    int size = nextTime.parse(buffer, start + at, end);
    // Docker always writes nine digits, which few programs do.
    if (size < 31) {
      return false;
    }
    long next = nextTime.nanos();
    return next == time
        ? at - body >= CHUNK_BYTES
        : next > time && next <= engineNow.getAsLong() + 1_000_000_000L;
  }

  private boolean more() throws IOException {
    if (start > 0) {
      System.arraycopy(buffer, start, buffer, 0, end - start);
      end -= start;
      start = 0;
    }
    if (end == buffer.length) {
      buffer = Arrays.copyOf(buffer, buffer.length * 2);
    }
    int n = in.read(buffer, end, buffer.length - end);
    if (n < 0) {
      return false;
    }
    end += n;
    return true;
  }
}
