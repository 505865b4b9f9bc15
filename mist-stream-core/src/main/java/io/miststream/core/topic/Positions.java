package io.miststream.core.topic;

import io.miststream.core.Cursor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The newest mark of each lane, kept up to date message by message. Not thread-safe. */
final class Positions {
  private final List<Cursor.Mark> marks = new ArrayList<>(); // lanes of one source are neighbours

  static Positions copyOf(Positions other) {
    Positions copy = new Positions();
    copy.marks.addAll(other.marks);
    return copy;
  }

  /** Just before the message that a cursor stands behind. */
  static Positions before(Cursor cursor) {
    Positions positions = new Positions();
    Cursor.Mark own = cursor.own();
    positions.advance(
        new Cursor.Mark(
            own.source(), own.lane(), own.time(), Math.max(-1, own.ordinal() - 1), false));
    cursor.marks().stream().skip(1).forEach(positions::advance);
    return positions;
  }

  /** Behind all that a cursor stands behind. */
  static Positions behind(Cursor cursor) {
    Positions positions = new Positions();
    cursor.marks().forEach(positions::advance);
    return positions;
  }

  void advance(Cursor.Mark to) {
    int at = marks.size();
    for (int i = 0; i < marks.size(); i++) {
      Cursor.Mark mark = marks.get(i);
      if (mark.source() == to.source()) {
        if (mark.lane() == to.lane()) {
          marks.set(i, to);
          return;
        }
        at = i + 1;
      }
    }
    marks.add(at, to);
  }

  void remove(long source) {
    marks.removeIf(mark -> mark.source() == source);
  }

  boolean isEmpty() {
    return marks.isEmpty();
  }

  /** Whether a client that continues from {@code cursor} has everything up to here. */
  boolean coveredBy(Cursor cursor) {
    for (Cursor.Mark mark : marks) {
      if (!cursor.covers(mark.source(), mark.lane(), mark.time(), mark.ordinal())) {
        return false;
      }
    }
    return true;
  }

  /** Whether anything of a source has been passed. */
  boolean knows(long source) {
    return newestTime(source) != Long.MIN_VALUE;
  }

  /** Whether a message has been passed, by the rules of {@link Cursor}. */
  boolean cover(Cursor.Mark message) {
    for (Cursor.Mark mark : marks) {
      if (mark.source() == message.source() && mark.lane() == message.lane()) {
        return message.time() < mark.time()
            || (message.time() == mark.time() && message.ordinal() <= mark.ordinal());
      }
    }
    long newest = newestTime(message.source());
    return newest != Long.MIN_VALUE && message.time() <= newest - Cursor.SLACK_NANOS;
  }

  private long newestTime(long source) {
    long newest = Long.MIN_VALUE;
    for (Cursor.Mark mark : marks) {
      if (mark.source() == source) {
        newest = Math.max(newest, mark.time());
      }
    }
    return newest;
  }

  /** A cursor here, its own mark the newest; null if nothing has been passed yet. */
  @Nullable Cursor cursor() {
    if (marks.isEmpty()) {
      return null;
    }
    // The sources that printed last come first, so that what finds no room is the oldest.
    List<Cursor.Mark> ordered = new ArrayList<>(marks);
    ordered.sort(
        Comparator.comparingLong((Cursor.Mark mark) -> newestTime(mark.source()))
            .thenComparingLong(Cursor.Mark::source)
            .thenComparingLong(Cursor.Mark::time)
            .reversed());
    return Cursor.of(ordered.subList(0, Math.min(ordered.size(), Cursor.MAX_MARKS)));
  }
}
