package io.miststream.docker;

import io.miststream.core.Cursor;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.List;

/**
 * The last lines of one container that a request wants.
 *
 * <p>The engine counts chunks, and can begin in the middle of a line. So more is asked for than is
 * wanted, and a line that may have begun before is only evidence. If too few whole lines are left,
 * more is asked for.
 */
final class LogWindow {
  private static final int MARGIN = 64;
  private static final int GROWTH = 8;
  private static final int LARGEST = 2_000_000;

  private final Progress progress;
  private final ContainerInfo container;
  private final int wanted;
  private final int asked;
  private final ArrayDeque<RawLine> lines = new ArrayDeque<>();
  private final long[] laneFirst = {RawLine.NONE, RawLine.NONE};
  private final long[] laneLast = {RawLine.NONE, RawLine.NONE};
  private Position end;
  private long heldBytes;
  private boolean textDropped;
  private boolean older; // whether the log has lines that are not in here

  private LogWindow(Progress progress, ContainerInfo container, int wanted, int asked) {
    this.progress = progress;
    this.container = container;
    this.wanted = wanted;
    this.asked = asked;
    this.end = new Position(container.source());
  }

  /** Finds the last {@code wanted} lines of a container. */
  static LogWindow last(Streams streams, Progress progress, ContainerInfo container, int wanted)
      throws IOException {
    int ask = Math.min(wanted, LARGEST) + MARGIN;
    while (true) {
      LogWindow window = new LogWindow(progress, container, wanted, ask);
      if (window.read(streams)) {
        return window;
      }
      ask = ask > LARGEST / GROWTH ? LogRead.ALL : ask * GROWTH;
    }
  }

  /**
   * Drops the oldest lines, by time, of all windows together until no more than {@code wanted} are
   * left.
   */
  static void keepLast(List<LogWindow> windows, int wanted) {
    long count = 0;
    for (LogWindow window : windows) {
      count += window.lines.size();
    }
    for (; count > wanted; count--) {
      LogWindow oldest = null;
      for (LogWindow window : windows) {
        if (!window.lines.isEmpty()
            && (oldest == null
                || window.lines.getFirst().time() < oldest.lines.getFirst().time())) {
          oldest = window;
        }
      }
      if (oldest != null) {
        oldest.dropFirst();
      }
    }
  }

  /** Just before the first of the lines, or behind everything if there are none. */
  Position start() {
    if (lines.isEmpty()) {
      return end;
    }
    Position start = new Position(container.source());
    if (older) {
      long floor = Long.MAX_VALUE;
      for (RawLine line : lines) {
        floor = Math.min(floor, line.time());
      }
      start.skipTo(lines.getFirst());
      start.startAt(floor);
    }
    return start;
  }

  /** Behind all that was read, lines that are not wanted included. */
  Position end() {
    return end;
  }

  /** Whether the lines are all in memory. */
  boolean isHeld() {
    return !textDropped;
  }

  /** The lines, from memory or, if they were too much for it, read again. */
  History.LineSource lines(Streams streams) throws IOException {
    return textDropped
        ? new History.BehindPosition(streams, container, start(), LogRead.ALL)
        : new History.Held(container, lines);
  }

  /** Returns false if more has to be asked for. */
  private boolean read(Streams streams) throws IOException {
    try (LogRead read =
        LogRead.open(streams, container, false, asked, progress.readFrom(), !container.isUp())) {
      for (RawLine line = read.next(); line != null; line = read.next()) {
        int lane = line.lane();
        if (laneFirst[lane] == RawLine.NONE) {
          laneFirst[lane] = line.time();
        }
        laneLast[lane] = line.time();
        end.advance(line);
        if (progress.accepts(container, line)) {
          hold(line);
        } else {
          older = true;
        }
      }
      read.checkComplete();
      boolean complete = read.count() < asked;
      if (complete) {
        if (progress.readFrom() != RawLine.NONE) {
          older = true;
          end.startAt(progress.readFrom());
        }
        return true;
      }
      return isEnough(read);
    }
  }

  private boolean isEnough(LogRead read) {
    older = true;
    long first = read.firstTime();
    for (int lane = 0; lane < RawLine.LANES; lane++) {
      long openTime = read.openTime(lane);
      boolean onlyOpen = laneFirst[lane] == RawLine.NONE;
      if (onlyOpen && openTime != RawLine.NONE) {
        if (mayHaveBegunBefore(openTime, first)) {
          return false;
        }
        first = Math.min(first, openTime);
      } else if (!onlyOpen && laneFirst[lane] == laneLast[lane] && isSuspect(lane, first)) {
        return false; // where this lane ends is not sure
      }
    }
    end.startAt(first);
    dropSuspects(read.firstTime());
    return lines.size() >= wanted;
  }

  private void dropSuspects(long first) {
    int drop = 0;
    int index = 0;
    for (RawLine line : lines) {
      index++;
      if (line.time() == laneFirst[line.lane()] && isSuspect(line.lane(), first)) {
        drop = index;
      }
    }
    for (int i = 0; i < drop; i++) {
      dropFirst();
    }
  }

  private boolean isSuspect(int lane, long first) {
    return mayHaveBegunBefore(laneFirst[lane], first);
  }

  /** Chunks are logged in order of time, as far as the lanes agree. */
  private static boolean mayHaveBegunBefore(long time, long first) {
    return time <= first + Cursor.SLACK_NANOS;
  }

  private void hold(RawLine line) {
    lines.add(textDropped ? withoutText(line) : line);
    heldBytes += line.bytes();
    if (lines.size() > wanted) {
      dropFirst();
    }
    if (!textDropped && heldBytes > History.MAX_HELD_BYTES) {
      textDropped = true;
      for (int i = lines.size(); i > 0; i--) {
        lines.add(withoutText(lines.remove()));
      }
    }
  }

  private void dropFirst() {
    heldBytes -= lines.remove().bytes();
    older = true;
  }

  private static RawLine withoutText(RawLine line) {
    return new RawLine(
        line.lane(),
        line.time(),
        line.ordinal(),
        "",
        line.bytes(),
        line.partial(),
        RawLine.NONE,
        0);
  }
}
