package io.miststream.core.topic;

import io.miststream.core.Cursor;
import java.util.ArrayList;
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

  /** Whether everything that {@code cursor} stands behind has been passed here. */
  boolean cover(Cursor cursor) {
    Cursor here = cursor();
    if (here == null) {
      return false;
    }
    for (Cursor.Mark mark : cursor.marks()) {
      if (here.knows(mark.source())
          && !here.covers(mark.source(), mark.lane(), mark.time(), mark.ordinal())) {
        return false;
      }
    }
    return true;
  }

  /** A cursor here, its own mark the newest; null if nothing has been passed yet. */
  @Nullable Cursor cursor() {
    if (marks.isEmpty()) {
      return null;
    }
    int newest = 0;
    for (int i = 1; i < marks.size(); i++) {
      if (marks.get(i).time() > marks.get(newest).time()) {
        newest = i;
      }
    }
    // The newest first, then its source's other lanes, then the rest.
    List<Cursor.Mark> ordered = new ArrayList<>(marks.size());
    Cursor.Mark own = marks.get(newest);
    ordered.add(own);
    for (int i = 0; i < marks.size(); i++) {
      if (i != newest && marks.get(i).source() == own.source()) {
        ordered.add(marks.get(i));
      }
    }
    for (Cursor.Mark mark : marks) {
      if (mark.source() != own.source()) {
        ordered.add(mark);
      }
    }
    return Cursor.of(ordered.subList(0, Math.min(ordered.size(), Cursor.MAX_MARKS)));
  }
}
