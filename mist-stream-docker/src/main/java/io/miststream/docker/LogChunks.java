package io.miststream.docker;

import java.io.IOException;

/**
 * The engine's answer to a log request, chunk by chunk: a chunk is one entry of the log, that is a
 * line, or at most 16 KiB of one. It stays valid until the next one is read.
 */
abstract class LogChunks {

  /**
   * A line longer than this is logged in chunks of this size, all but the last without line end.
   */
  static final int CHUNK_BYTES = 16 * 1024;

  /** The engine's own complaint instead of a container's output. */
  static final int ENGINE_ERROR = 3;

  static final int STDOUT = 1;

  byte[] buffer = new byte[4 * CHUNK_BYTES];
  int offset;
  int length;
  int stream = STDOUT;
  long time;

  /**
   * Reads the next chunk.
   *
   * @return false at the clean end of the answer
   */
  abstract boolean next() throws IOException;

  /** Takes the timestamp off the front of the chunk. */
  final void takeTime(LogTime parser) throws IOException {
    int taken = parser.parse(buffer, offset, offset + length);
    if (taken < 0) {
      throw new IOException("a log entry without a timestamp");
    }
    time = parser.nanos();
    offset += taken;
    length -= taken;
  }
}
