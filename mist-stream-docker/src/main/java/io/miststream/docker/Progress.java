package io.miststream.docker;

import io.miststream.core.BlockingPublisher.CancelledException;
import io.miststream.core.BlockingPublisher.Emitter;
import io.miststream.core.ContainerStatus;
import io.miststream.core.Cursor;
import io.miststream.core.Cursor.Mark;
import io.miststream.core.Gap;
import io.miststream.core.LogLine;
import io.miststream.core.LogRequest;
import io.miststream.core.LogStream;
import io.miststream.core.StreamEnd;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What one subscription has been sent, and the only way to send it more.
 *
 * <p>A cursor says how far every container has been read, so making it and sending its message must
 * be one step for all threads of a subscription. That is what the lock is for, although a
 * subscriber can hold it up for as long as it likes; cancelling never takes it.
 */
final class Progress {
  private static final LogStream[] STREAMS = LogStream.values();
  private static final long SECOND = 1_000_000_000L;

  private final LogRequest request;
  private final Emitter out;
  private final long since;
  private final long until;
  private final ReentrantLock order = new ReentrantLock();
  private final Map<Long, Position> positions = new LinkedHashMap<>(); // guarded by order
  private final Map<String, Long> lastAsked = new LinkedHashMap<>(); // guarded by order
  private final Map<String, ContainerInfo> known = new LinkedHashMap<>(); // guarded by order

  Progress(LogRequest request, Emitter out) {
    this.request = request;
    this.out = out;
    this.since = request.since() == null ? Long.MIN_VALUE : nanos(request.since());
    this.until = request.until() == null ? Long.MAX_VALUE : nanos(request.until());
  }

  static long nanos(Instant time) {
    // Times further away than a long of nanoseconds reaches are as good as none.
    long seconds = Math.max(Math.min(time.getEpochSecond(), 9_000_000_000L), -9_000_000_000L);
    return seconds * SECOND + time.getNano();
  }

  static Instant instant(long nanos) {
    return Instant.ofEpochSecond(Math.floorDiv(nanos, SECOND), Math.floorMod(nanos, SECOND));
  }

  /** The time before which the engine need not send anything, or {@link RawLine#NONE}. */
  long readFrom() {
    return request.since() == null ? RawLine.NONE : since - Cursor.SLACK_NANOS;
  }

  long until() {
    return until;
  }

  /** Where a container has been read to. */
  Position position(ContainerInfo container) {
    order.lock();
    try {
      return positionOf(container.source()).copy();
    } finally {
      order.unlock();
    }
  }

  /** Sets where a container has been read to. */
  void position(Position position) {
    order.lock();
    try {
      positions.put(position.source(), position.copy());
    } finally {
      order.unlock();
    }
  }

  /** From here on nothing of a container may be missing. */
  void setContinued(ContainerInfo container) {
    order.lock();
    try {
      positionOf(container.source()).setContinued();
    } finally {
      order.unlock();
    }
  }

  /** Whether a line has been read already. */
  boolean covers(ContainerInfo container, RawLine line) {
    order.lock();
    try {
      return positionOf(container.source()).covers(line);
    } finally {
      order.unlock();
    }
  }

  /** Whether a line is younger than all that has been read of its container. */
  boolean isNewer(ContainerInfo container, RawLine line) {
    order.lock();
    try {
      return line.time() > positionOf(container.source()).newest();
    } finally {
      order.unlock();
    }
  }

  /** How many lines of a container have been read; for telling whether there were any since. */
  long count(ContainerInfo container) {
    order.lock();
    try {
      return positionOf(container.source()).count();
    } finally {
      order.unlock();
    }
  }

  /** Sends a line if it is wanted, and counts it as read either way. */
  void line(ContainerInfo container, RawLine line) throws CancelledException {
    order.lock();
    try {
      Position position = positionOf(container.source());
      position.advance(line);
      if (line.time() < since || line.time() > until) {
        return;
      }
      LogLine message = message(container, line, cursor(position, line.lane()));
      if (request.filter().accepts(message)) {
        out.emit(message);
      }
    } finally {
      order.unlock();
    }
  }

  /** Whether a line is one of those the request is for. */
  boolean accepts(ContainerInfo container, RawLine line) {
    return line.time() >= since
        && line.time() <= until
        && request
            .filter()
            .accepts(message(container, line, Cursor.of(Mark.of(container.source(), 0, 0, 0))));
  }

  private static LogLine message(ContainerInfo container, RawLine line, Cursor cursor) {
    return new LogLine(
        instant(line.time()),
        cursor,
        line.text(),
        STREAMS[line.lane()],
        container.name(),
        line.partial());
  }

  /** Says that lines are missing just before this one, which is sent next. */
  void lost(ContainerInfo container, Gap.Reason reason, @Nullable Long missed, RawLine before)
      throws CancelledException {
    order.lock();
    try {
      Position position = positionOf(container.source());
      Cursor last = cursorAt(position);
      Position behind = position.copy();
      behind.advance(before);
      Cursor next = cursor(behind, before.lane());
      position.skipTo(before);
      Cursor here = cursor(position, before.lane());
      out.emit(new Gap(Instant.now(), here, reason, missed, last, next));
    } finally {
      order.unlock();
    }
  }

  /** Says that what a container printed behind {@code after} cannot be had any more. */
  void lostContainer(long source, @Nullable Cursor after) throws CancelledException {
    order.lock();
    try {
      positions.remove(source);
      out.emit(new Gap(Instant.now(), cursor(), Gap.Reason.SOURCE_RESTARTED, null, after, null));
    } finally {
      order.unlock();
    }
  }

  /** Says that what a container printed up to {@code end} and was not read cannot be had. */
  void lostRest(ContainerInfo container, long end) throws CancelledException {
    order.lock();
    try {
      Position position = positionOf(container.source());
      Cursor last = cursorAt(position);
      Position behind = new Position(container.source());
      behind.startAt(Math.max(end, position.newest() + 1));
      behind.setContinued();
      positions.put(container.source(), behind);
      out.emit(
          new Gap(Instant.now(), cursorAt(behind), Gap.Reason.SOURCE_RESTARTED, null, last, null));
    } finally {
      order.unlock();
    }
  }

  /** A container is read no further, which is a loss if it has been read before. */
  void leftOut(ContainerInfo container) throws CancelledException {
    order.lock();
    try {
      if (!positionOf(container.source()).marks(0).isEmpty()) {
        lostContainer(container.source(), cursor());
      }
    } finally {
      order.unlock();
    }
  }

  /** Where a client continues that has received everything sent so far; null before any line. */
  @Nullable Cursor cursor() {
    order.lock();
    try {
      Position newest = null;
      for (Position position : positions.values()) {
        if (!position.marks(0).isEmpty()
            && (newest == null || position.newest() > newest.newest())) {
          newest = position;
        }
      }
      return newest == null ? null : cursor(newest, newest.newestLane());
    } finally {
      order.unlock();
    }
  }

  /**
   * Sends the state of a container, unless a newer one was sent or it would say nothing new.
   *
   * @param asked order in which the states were asked for
   */
  void status(ContainerInfo container, long asked) throws CancelledException {
    order.lock();
    try {
      Long newest = lastAsked.get(container.id());
      ContainerInfo last = known.get(container.id());
      if (newest != null && asked < newest) {
        return;
      }
      lastAsked.put(container.id(), asked);
      known.put(container.id(), container);
      if (last == null || !last.toStatus(null).sameState(container.toStatus(null))) {
        out.emit(statusMessage(container));
      }
    } finally {
      order.unlock();
    }
  }

  private ContainerStatus statusMessage(ContainerInfo container) {
    return container.toStatus(cursorAt(positionOf(container.source())));
  }

  /** Where a client continues that has received everything sent so far, that container's first. */
  private @Nullable Cursor cursorAt(Position own) {
    return own.marks(0).isEmpty() ? cursor() : cursor(own, own.newestLane());
  }

  /** Sends that a container is gone and forgets it: a cursor that names it would be a loss. */
  void removed(ContainerInfo container) throws CancelledException {
    order.lock();
    try {
      ContainerInfo last = known.remove(container.id());
      lastAsked.remove(container.id());
      positions.remove(container.source());
      ContainerInfo gone = last == null ? container : last;
      out.emit(
          gone.withState(ContainerStatus.REMOVED, "Removed", gone.exitCode()).toStatus(cursor()));
    } finally {
      order.unlock();
    }
  }

  /** Sends that the stream is complete. */
  void end() throws CancelledException {
    out.emit(new StreamEnd(Instant.now(), cursor(), "Log stream ended"));
  }

  private Position positionOf(long source) {
    return positions.computeIfAbsent(source, Position::new);
  }

  private Cursor cursor(Position own, int lane) {
    List<Mark> marks = own.marks(lane);
    if (positions.size() > 1) {
      marks = new ArrayList<>(marks);
      for (Position other : positions.values()) {
        if (other.source() == own.source()) {
          continue;
        }
        List<Mark> others = other.marks(other.newestLane());
        if (marks.size() + others.size() > Cursor.MAX_MARKS) {
          break;
        }
        marks.addAll(others);
      }
    }
    return Cursor.of(marks);
  }
}
