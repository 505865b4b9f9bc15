package io.miststream.core.deployment;

import io.miststream.core.wire.Frames;
import org.jspecify.annotations.Nullable;

/** Frames in a row. */
final class Chunk {
  private final byte[] frames;
  private final int from;
  private final int to;
  private final long first;
  private final long end;

  /**
   * A stretch of an array, which is not written to any more.
   *
   * @param from index of the first frame
   * @param to index behind the last
   * @param first position of the first message in the journal
   * @param end position behind the last
   */
  Chunk(byte[] frames, int from, int to, long first, long end) {
    this.frames = frames;
    this.from = from;
    this.to = to;
    this.first = first;
    this.end = end;
  }

  byte[] frames() {
    return frames;
  }

  /** Index behind the last frame. */
  int to() {
    return to;
  }

  /** Position of the first message. */
  long first() {
    return first;
  }

  /** Position behind the last message. */
  long end() {
    return end;
  }

  /** The index of the frame whose message is at a position, or −1 if none is. */
  int find(long position) {
    long here = first;
    int at = from;
    while (here < position && at < to) {
      here += size(at);
      at += Frames.length(frames, at);
    }
    return here == position && at < to ? at : -1;
  }

  /** How much room the message of the frame at an index takes in the journal. */
  int size(int at) {
    return Frames.length(frames, at) - Frames.headerLengthAt(frames, at) + 1;
  }

  /** Frames whole lines, so many at most; null if there is none. */
  static @Nullable Chunk ofLines(byte[] lines, int length, long position, int most) {
    int count = 0;
    int end = 0;
    for (int i = 0; i < length && count < most; i++) {
      if (lines[i] == '\n') {
        count++;
        end = i + 1;
      }
    }
    if (count == 0) {
      return null;
    }
    byte[] frames = new byte[end + count * Frames.MAX_HEADER];
    int at = 0;
    int line = 0;
    for (int i = 0; i < end; i++) {
      if (lines[i] == '\n') {
        at = Frames.putHeader(frames, at, i - line);
        System.arraycopy(lines, line, frames, at, i - line);
        at += i - line;
        line = i + 1;
      }
    }
    return new Chunk(frames, 0, at, position, position + end);
  }
}
