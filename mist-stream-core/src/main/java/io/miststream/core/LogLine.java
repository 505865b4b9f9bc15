package io.miststream.core;

import java.time.Instant;

/**
 * One line a container printed, without its line end.
 *
 * @param timestamp the log driver's own time, to the nanosecond
 * @param cursor where to continue behind this line
 * @param line the text; ANSI codes kept, invalid UTF-8 as U+FFFD; at most {@link #MAX_BYTES} bytes
 *     were read for it
 * @param stream the output it was written to
 * @param container name of the container that printed it
 * @param partial whether more of the same line follows in the next message of this stream
 */
public record LogLine(
    Instant timestamp,
    Cursor cursor,
    String line,
    LogStream stream,
    String container,
    boolean partial)
    implements StreamMessage {

  /** Longest line in one message, in bytes: 1 MiB. A longer one arrives in pieces. */
  public static final int MAX_BYTES = 1 << 20;
}
