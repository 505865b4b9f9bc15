package io.miststream.docker;

import io.miststream.core.Cursor;
import io.miststream.core.Cursor.Mark;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** How far a container's log has been read. Not thread-safe. */
final class Position {
  private static final int BEFORE_FIRST = -1;

  private final long source;
  private final boolean[] marked = new boolean[RawLine.LANES];
  private final long[] time = new long[RawLine.LANES];
  private final int[] ordinal = new int[RawLine.LANES];
  private final long[] openTime = new long[RawLine.LANES];
  private final int[] openOrdinal = new int[RawLine.LANES];
  // What counts as read in a lane without a mark.
  private long readUntil = RawLine.NONE;
  private boolean continued;
  private long count;

  /** At the start of the log. */
  Position(long source) {
    this.source = source;
    Arrays.fill(openTime, RawLine.NONE);
  }

  /** Where a client continues that has this cursor. */
  static Position after(Cursor cursor, long source) {
    Position position = new Position(source);
    long newest = RawLine.NONE;
    for (int lane = 0; lane < RawLine.LANES; lane++) {
      Mark mark = cursor.mark(source, lane);
      if (mark != null) {
        position.set(lane, mark.time(), mark.ordinal());
        if (mark.open()) {
          position.openTime[lane] = mark.time();
          position.openOrdinal[lane] = mark.ordinal() + 1;
        }
        newest = Math.max(newest, mark.time());
      }
    }
    long base = newest == RawLine.NONE ? cursor.own().time() : newest;
    position.readUntil = base - Cursor.SLACK_NANOS;
    position.continued = true;
    return position;
  }

  Position copy() {
    Position copy = new Position(source);
    for (int lane = 0; lane < RawLine.LANES; lane++) {
      copy.marked[lane] = marked[lane];
      copy.time[lane] = time[lane];
      copy.ordinal[lane] = ordinal[lane];
      copy.openTime[lane] = openTime[lane];
      copy.openOrdinal[lane] = openOrdinal[lane];
    }
    copy.readUntil = readUntil;
    copy.continued = continued;
    copy.count = count;
    return copy;
  }

  long source() {
    return source;
  }

  /** How many lines were read to get here. */
  long count() {
    return count;
  }

  /** Whether there is anything to say about it: not at the start of the log. */
  boolean isKnown() {
    return marked[0] || marked[1] || readUntil != RawLine.NONE;
  }

  /** Everything behind it is wanted from here on, even if nothing has been read yet. */
  void setContinued() {
    continued = true;
  }

  /** Whether what the log does not have any more behind this is a loss. */
  boolean isContinued() {
    return continued;
  }

  /** Whether a lane has a mark of a line that must be found when reading goes on from here. */
  boolean hasLine(int lane) {
    return marked[lane] && ordinal[lane] > BEFORE_FIRST && time[lane] >= readFrom();
  }

  /** Whether that line is this one. */
  boolean isAt(RawLine line) {
    return marked[line.lane()]
        && time[line.lane()] == line.time()
        && ordinal[line.lane()] == line.ordinal();
  }

  /** Whether this is the very line behind a lane's mark, as behind a gap. */
  boolean isJustBefore(RawLine line) {
    return marked[line.lane()]
        && time[line.lane()] == line.time()
        && ordinal[line.lane()] + 1 == line.ordinal();
  }

  /** Whether a lane's mark has this time. */
  boolean isTimeOf(int lane, long other) {
    return marked[lane] && ordinal[lane] > BEFORE_FIRST && time[lane] == other;
  }

  /** Time of the line of a lane that was not complete, or {@link RawLine#NONE}. */
  long openTime(int lane) {
    return openTime[lane];
  }

  /** Whether a line has been read. */
  boolean covers(RawLine line) {
    int lane = line.lane();
    if (!marked[lane]) {
      return line.time() <= readUntil;
    }
    return line.time() < time[lane]
        || (line.time() == time[lane] && line.ordinal() <= ordinal[lane]);
  }

  /** A line has been read. */
  void advance(RawLine line) {
    int lane = line.lane();
    set(lane, line.time(), line.ordinal());
    openTime[lane] = line.partial() ? line.time() : RawLine.NONE;
    openOrdinal[lane] = line.ordinal() + 1;
    openTime[1 - lane] = line.otherOpenTime();
    openOrdinal[1 - lane] = line.otherOpenOrdinal();
    count++;
  }

  /** Whatever is older than {@code floor} counts as read where nothing has been read yet. */
  void startAt(long floor) {
    for (int lane = 0; lane < RawLine.LANES; lane++) {
      if (!marked[lane]) {
        set(lane, floor, BEFORE_FIRST);
      }
    }
  }

  /** Puts a lane just before a line. */
  void skipTo(RawLine line) {
    set(line.lane(), line.time(), line.ordinal() - 1);
    openTime[line.lane()] = RawLine.NONE;
  }

  /** The earliest time of what has not been read, or {@link RawLine#NONE} for the whole log. */
  long readFrom() {
    if (!marked[0] && !marked[1]) {
      return readUntil;
    }
    return Cursor.of(marks(marked[0] ? 0 : 1)).readFrom(source, RawLine.LANES);
  }

  /** The time of the newest mark, or {@link RawLine#NONE}. */
  long newest() {
    return Math.max(marked[0] ? time[0] : RawLine.NONE, marked[1] ? time[1] : RawLine.NONE);
  }

  /** What a cursor says about this container, the given lane first; empty if it has no marks. */
  List<Mark> marks(int first) {
    List<Mark> marks = new ArrayList<>(RawLine.LANES);
    long slack = newest() - Cursor.SLACK_NANOS;
    for (int i = 0; i < RawLine.LANES; i++) {
      int lane = first ^ i;
      if (openTime[lane] != RawLine.NONE && openTime[lane] <= slack) {
        marks.add(new Mark(source, lane, openTime[lane], openOrdinal[lane] - 1, true));
      } else if (marked[lane] && (i == 0 || time[lane] >= slack)) {
        marks.add(Mark.of(source, lane, time[lane], ordinal[lane]));
      }
    }
    return marks;
  }

  /** The lane that was read last, as far as the times tell. */
  int newestLane() {
    return marked[1] && (!marked[0] || time[1] > time[0]) ? 1 : 0;
  }

  private void set(int lane, long newTime, int newOrdinal) {
    marked[lane] = true;
    time[lane] = newTime;
    ordinal[lane] = newOrdinal;
  }
}
