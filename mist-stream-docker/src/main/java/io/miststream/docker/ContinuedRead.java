package io.miststream.docker;

import io.miststream.core.Cursor;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * What a container's log has behind a position, without a hole, or with the hole known.
 *
 * <p>Asking for everything since a time makes the engine search its whole log from the start.
 * Asking for the last thousand chunks is cheap, and as good if they reach back to the position.
 * Whether they do is proven by the line at the position itself; only if even the whole log does not
 * have it, it was rotated away.
 */
final class ContinuedRead implements AutoCloseable {

  static final int FIRST_WINDOW = 1000;

  private static final int GROWTH = 10;
  private static final int LARGEST_WINDOW = 100_000;
  private static final long MARGIN_NANOS = 1_000_000_000L;
  private static final long SLACK_NANOS = Cursor.SLACK_NANOS;

  /** About what an entry takes in a log file besides its text. */
  static final int ENTRY_OVERHEAD_BYTES = 80;

  private final Streams streams;
  private final ContainerInfo container;
  private final Position from; // what is behind it is new; not moved
  private final boolean follow;
  private final boolean endsOpenLines;
  private final boolean[] seen = new boolean[RawLine.LANES];
  private final ArrayDeque<RawLine> held = new ArrayDeque<>();
  private int window;
  private boolean proven;
  private boolean decided; // whether there was a new line, and with it whether lines are lost
  private boolean lossAhead;
  private volatile LogRead read;

  /**
   * @param from where to continue; copied
   * @param window how many chunks to ask for first
   */
  ContinuedRead(
      Streams streams,
      ContainerInfo container,
      Position from,
      boolean follow,
      boolean endsOpenLines,
      int window)
      throws IOException {
    this.streams = streams;
    this.container = container;
    this.from = from.copy();
    this.follow = follow;
    this.endsOpenLines = endsOpenLines;
    this.window = from.isKnown() ? window : LogRead.ALL;
    this.read = open();
  }

  /** The next line that has not been read; null at the clean end of the answer. */
  @Nullable RawLine next() throws IOException {
    lossAhead = false;
    while (true) {
      if (proven || window == LogRead.ALL) {
        RawLine line = held.isEmpty() ? read.next() : held.poll();
        if (line == null) {
          checkEnd();
          return null;
        }
        if (!isOld(line)) {
          lossAhead = !decided && isLost(line);
          decided = true;
          return line;
        }
      } else {
        prove();
      }
    }
  }

  /** Whether lines are missing just before the one that was returned last. */
  boolean isLossAhead() {
    return lossAhead;
  }

  /** How many chunks it had to ask for to find the position. */
  int window() {
    return window;
  }

  @Override
  public void close() {
    read.close();
  }

  private LogRead open() throws IOException {
    // With all of the log the engine finds the beginning; with a window there must be a margin in
    // front of the position, to see whether the window or the time cut it. A follower is not given
    // a time at all, for it would never know.
    long since = from.readFrom();
    if (window != LogRead.ALL) {
      since = follow ? RawLine.NONE : since - MARGIN_NANOS;
    }
    return LogRead.open(streams, container, follow, window, since, endsOpenLines);
  }

  /** Reads until it is clear whether the window reaches back to the position. */
  private void prove() throws IOException {
    RawLine line = read.next();
    if (line == null) {
      checkEnd();
      if (read.count() < window) {
        proven = true; // it has everything the engine has
      } else if (held.isEmpty() && !isSuspect()) {
        proven = true;
      } else {
        widen();
      }
      return;
    }
    if (isOld(line)) {
      return;
    }
    held.add(line);
    if (reachesBack()) {
      proven = true;
    } else if (follow || window > FIRST_WINDOW) {
      widen();
    }
    // Else it may yet turn out that the engine has no more than the window.
  }

  /** A follow may be broken off, for it is continued; another answer is taken for all there is. */
  private void checkEnd() throws IOException {
    if (!follow) {
      read.checkComplete();
    }
  }

  private void widen() throws IOException {
    read.close();
    held.clear();
    Arrays.fill(seen, false);
    window = window >= LARGEST_WINDOW ? LogRead.ALL : window * GROWTH;
    read = open();
  }

  private boolean isOld(RawLine line) {
    if (!from.covers(line)) {
      return false;
    }
    seen[line.lane()] |= from.isAt(line);
    return true;
  }

  private boolean reachesBack() {
    if (isSuspect()) {
      return false;
    }
    if (read.firstTime() <= from.readFrom() - SLACK_NANOS) {
      return true;
    }
    boolean any = false;
    for (int lane = 0; lane < RawLine.LANES; lane++) {
      if (from.hasLine(lane) && !seen[lane]) {
        return false;
      }
      if (from.openTime(lane) != RawLine.NONE && !seen[lane]) {
        return false;
      }
      any |= seen[lane];
    }
    return any;
  }

  /** Whether the window may have cut off lines with the very time of the position. */
  private boolean isSuspect() {
    long first = read.firstTime();
    return read.count() > 0 && (from.isTimeOf(0, first) || from.isTimeOf(1, first));
  }

  /** Whether lines are missing between the position and the first new line, of any lane. */
  private boolean isLost(RawLine first) throws IOException {
    if (seen[0] || seen[1] || from.isJustBefore(first)) {
      return false;
    }
    return from.hasLine(0) || from.hasLine(1) || (from.isContinued() && isFull());
  }

  /**
   * Without a line to look for, what tells that lines may be gone is that the engine has about as
   * much as it ever keeps, and nothing from before the position.
   */
  private boolean isFull() throws IOException {
    long kept = container.maxLogBytes() * Math.max(1, container.maxLogFiles() - 1);
    if (kept == 0) {
      return false;
    }
    try (LogRead all =
        LogRead.open(streams, container, false, LogRead.ALL, RawLine.NONE, endsOpenLines)) {
      long bytes = 0;
      // Half of it, for in the file some characters take more room than here.
      for (RawLine line = all.next(); line != null && bytes < kept / 2; line = all.next()) {
        if (from.covers(line)) {
          return false;
        }
        bytes += line.bytes() + ENTRY_OVERHEAD_BYTES;
      }
      return bytes >= kept / 2;
    }
  }
}
