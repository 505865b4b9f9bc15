package io.miststream.docker;

import io.miststream.core.LogStream;

/**
 * A line of a container's log, or a piece of a long one, with its place in the log.
 *
 * @param lane ordinal of its {@link LogStream}
 * @param time the engine's, in nanoseconds since the epoch
 * @param ordinal among the lines and pieces of its lane with the same time, from 0
 * @param bytes how many it was decoded from
 * @param partial whether more of the same line follows in its lane
 * @param otherOpenTime time of the line of the other lane that had begun and was not complete when
 *     this one was, or {@link #NONE}
 * @param otherOpenOrdinal what the ordinal of the next piece of that line will be
 */
record RawLine(
    int lane,
    long time,
    int ordinal,
    String text,
    int bytes,
    boolean partial,
    long otherOpenTime,
    int otherOpenOrdinal) {

  /** No time. */
  static final long NONE = Long.MIN_VALUE;

  /** Outputs a container has. */
  static final int LANES = LogStream.values().length;
}
