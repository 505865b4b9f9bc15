package io.miststream.docker;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/**
 * The log of a container without a TTY: each chunk in a frame, a header of eight bytes (stream,
 * three zeros, length) before it.
 */
final class LogFrames extends LogChunks {
  private static final int HEADER_BYTES = 8;
  // An entry is 16 KiB, at most tripled where the json-file driver replaced invalid bytes. Engines
  // that do not split lines send whole ones; but what is longer than this is no log at all.
  private static final int MAX_FRAME_BYTES = 64 << 20;

  private final InputStream in;
  private final LogTime parser = new LogTime();
  private int start; // of the bytes not yet handed out
  private int end; // of the bytes read

  LogFrames(InputStream in) {
    this.in = in;
  }

  @Override
  boolean next() throws IOException {
    if (!fill(HEADER_BYTES)) {
      if (start == end) {
        return false;
      }
      throw new EOFException("cut within a frame");
    }
    stream = buffer[start];
    int size =
        ((buffer[start + 4] & 0xFF) << 24)
            | ((buffer[start + 5] & 0xFF) << 16)
            | ((buffer[start + 6] & 0xFF) << 8)
            | (buffer[start + 7] & 0xFF);
    if (stream < 0 || stream > ENGINE_ERROR || size < 0 || size > MAX_FRAME_BYTES) {
      throw new IOException("not a log frame");
    }
    if (!fill(HEADER_BYTES + size)) {
      throw new EOFException("cut within a frame");
    }
    offset = start + HEADER_BYTES;
    length = size;
    start += HEADER_BYTES + size;
    if (stream != ENGINE_ERROR) {
      takeTime(parser);
    }
    return true;
  }

  /** Has at least {@code wanted} bytes from {@code start} on, or returns false at the end. */
  private boolean fill(int wanted) throws IOException {
    if (end - start >= wanted) {
      return true;
    }
    if (buffer.length - start < wanted) {
      byte[] target = wanted > buffer.length ? new byte[wanted + CHUNK_BYTES] : buffer;
      System.arraycopy(buffer, start, target, 0, end - start);
      buffer = target;
      end -= start;
      start = 0;
    } else if (start == end) {
      start = 0;
      end = 0;
    }
    while (end - start < wanted) {
      int n = in.read(buffer, end, buffer.length - end);
      if (n < 0) {
        return false;
      }
      end += n;
    }
    return true;
  }
}
