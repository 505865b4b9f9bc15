package io.miststream.core.topic;

import io.miststream.core.ContainerStatus;
import io.miststream.core.Cursor;
import io.miststream.core.ErrorCode;
import io.miststream.core.Follow;
import io.miststream.core.Gap;
import io.miststream.core.LogFilter;
import io.miststream.core.LogRequest;
import io.miststream.core.StreamEnd;
import io.miststream.core.StreamError;
import io.miststream.core.StreamMessage;
import io.miststream.core.topic.ContainerStates.Run;
import io.miststream.core.wire.MessageEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * What several viewers watch: one ring, and the viewers as positions in it. A {@link LogTopic} has
 * one for all of an app's lines and one for each filter in use.
 *
 * <p>All methods but {@link #signal} and {@link #awaitNews} are called with {@link #lock} held.
 */
final class Topic {
  final Object lock;
  final LogFilter filter;
  final Ring ring;
  final ContainerStates states = new ContainerStates();

  private final Ring base; // of all lines, also of those that the filter keeps out
  private final Executor pump;
  private final Set<LogViewer> viewers = new LinkedHashSet<>();
  // Not one of the concurrent queues, which make an object for each entry.
  private final ArrayDeque<LogViewer> waiters = new ArrayDeque<>(); // guarded by itself
  private final AtomicBoolean pumping = new AtomicBoolean();

  /** Whether the ring began at the very start of the logs, so that it can hold all of history. */
  private boolean fromTheStart;

  /**
   * @param base the topic of all lines that a filtered one is fed from
   */
  Topic(Object lock, LogFilter filter, int ringBytes, Executor pump, @Nullable Topic base) {
    this.lock = lock;
    this.filter = filter;
    this.ring = new Ring(ringBytes);
    this.base = base == null ? ring : base.ring;
    this.pump = pump;
  }

  void beganAtTheStart() {
    fromTheStart = true;
  }

  /**
   * Appends a message that is encoded already; {@link #signal} afterwards, without the lock. Of a
   * status, {@link #states} has taken note.
   */
  void append(StreamMessage message, byte[] frame, int from, int length) {
    Kind kind = Kind.of(message);
    if (message instanceof ContainerStatus status) {
      endRuns(status);
    }
    ring.append(frame, from, length, kind, mark(kind, message));
  }

  /**
   * Ends the viewers that follow runs of which none is left: behind the status that tells so, which
   * is about to be appended, or before it if it is of another run already.
   */
  private void endRuns(ContainerStatus status) {
    List<LogViewer> over =
        viewers.stream()
            .filter(v -> !v.runs().isEmpty() && Collections.disjoint(v.runs(), states.running()))
            .toList();
    if (over.isEmpty()) {
      return;
    }
    LogViewer.Finish before = finishAtHead(Topic::end);
    LogViewer.Finish behind = end(before.at + 1, before.lines);
    for (LogViewer viewer : over) {
      viewer.finish(viewer.runs().contains(Run.of(status)) ? behind : before);
      viewer.follow(List.of());
    }
  }

  private static Cursor.@Nullable Mark mark(Kind kind, StreamMessage message) {
    if (message instanceof ContainerStatus status && kind == Kind.REMOVED) {
      return Cursor.Mark.of(ContainerStates.source(status), 0, 0, 0);
    }
    Cursor cursor = message.cursor();
    return kind == Kind.LINE && cursor != null ? cursor.own() : null;
  }

  /** How a stream ends at a position of the ring, before which there have been so many lines. */
  interface Ending {
    LogViewer.Finish at(long seq, long lines);
  }

  LogViewer.Finish finishAtHead(Ending ending) {
    long head = ring.head();
    return ending.at(head, ring.linesBefore(head));
  }

  static LogViewer.Finish end(long at, long lines) {
    return new LogViewer.Finish(
        at,
        lines,
        MessageEncoder.frame(new StreamEnd(Instant.now(), null, "Log stream ended"), false),
        StreamClose.END);
  }

  static LogViewer.Finish error(long at, long lines, ErrorCode code, String message) {
    return new LogViewer.Finish(
        at,
        lines,
        MessageEncoder.frame(new StreamError(Instant.now(), message, code), false),
        StreamClose.of(code));
  }

  /** Lets a viewer in: tells it the states and gives it its place. */
  void join(LogViewer viewer) {
    viewers.add(viewer);
    LogRequest request = viewer.request();
    Cursor after = request.after();
    long start = after != null || request.since() != null ? -1 : startOfTail(request.tail());
    sendStates(viewer, after != null || start < 0 ? after : before(start));
    boolean over = request.follow() == Follow.CONTAINER && states.running().isEmpty();
    if (request.follow() == Follow.CONTAINER) {
      viewer.follow(states.running());
    }
    if (over && after == null) {
      String state =
          states.all().stream().findFirst().map(ContainerStatus::state).orElse("removed");
      viewer.finish(
          error(
              LogViewer.Finish.NOW,
              0,
              ErrorCode.CONTAINER_NOT_RUNNING,
              "Container is not running (state: " + state + ")"));
      return;
    }
    if (over) {
      // It saw the run begin and was cut off: it gets the rest, and then the end.
      viewer.finish(finishAtHead(Topic::end));
    }
    viewer.joinedAt(ring.head());
    if (after != null) {
      continueBehind(viewer, after);
    } else if (start < 0) {
      viewer.backfill(request);
    } else {
      viewer.place(this, start, null, false);
    }
  }

  /**
   * Tells a viewer how the containers are.
   *
   * @param here where the viewer stands, so that it can come back even if it gets no line; null if
   *     that is not known
   */
  void sendStates(LogViewer viewer, @Nullable Cursor here) {
    for (ContainerStatus status : states.all()) {
      viewer.send(MessageEncoder.frame(status.withCursor(here), false));
    }
  }

  /** The position just before a message of the ring; null if nothing is known to lie before it. */
  private @Nullable Cursor before(long seq) {
    Positions positions = Positions.copyOf(ring.evicted());
    for (Segment segment : ring.segments()) {
      for (int i = 0; i < segment.count() && segment.firstSeq + i < seq; i++) {
        if (segment.kind(i) == Kind.LINE) {
          positions.advance(segment.mark(i));
        } else if (segment.kind(i) == Kind.REMOVED) {
          positions.remove(segment.source(i));
        }
      }
    }
    return positions.cursor();
  }

  /** Puts a viewer right behind a cursor, or has it read what lies between first. */
  private void continueBehind(LogViewer viewer, Cursor after) {
    if (reaches(after)) {
      place(viewer, after);
    } else {
      viewer.backfill(viewer.request().withAfter(after));
    }
  }

  /** Whether the ring has all that follows a cursor. */
  boolean reaches(Cursor after) {
    return ring.evicted().coveredBy(after) && knows(after);
  }

  /**
   * Whether it is known what became of each source that a cursor names. Of one that is not, lines
   * may be missing without a trace here: only the source of the logs can tell.
   */
  private boolean knows(Cursor cursor) {
    for (Cursor.Mark mark : cursor.marks()) {
      // What is known of all lines and not in here has not had a line for this filter.
      if (!ring.knows(mark.source()) && !base.passed().knows(mark.source())) {
        return false;
      }
    }
    return true;
  }

  /** Whether a cursor reaches beyond what has been seen so far. */
  boolean isAhead(Cursor cursor) {
    for (Cursor.Mark mark : cursor.marks()) {
      if (!base.passed().cover(mark) && !ring.holdsRemovalOf(mark.source())) {
        return true;
      }
    }
    return false;
  }

  /** Puts a viewer right behind a cursor, as far as the ring reaches. */
  void place(LogViewer viewer, Cursor after) {
    long start = ring.oldest();
    long lastCovered = -1;
    boolean found = false;
    for (Segment segment : ring.segments()) {
      for (int i = 0; i < segment.count(); i++) {
        if (segment.kind(i) != Kind.LINE) {
          continue;
        }
        if (segment.coveredBy(after, i)) {
          lastCovered = segment.firstSeq + i;
          if (!found) {
            start = lastCovered + 1;
          }
        } else {
          found = true;
        }
      }
    }
    boolean mixed = lastCovered >= start;
    boolean ahead = isAhead(after);
    viewer.place(this, start, mixed || ahead ? after : null, ahead);
  }

  /** Where the last {@code tail} lines begin, or −1 if the ring does not reach back that far. */
  private long startOfTail(int tail) {
    long lines = ring.linesBefore(ring.head());
    long kept = lines - ring.linesBefore(ring.oldest());
    if (kept <= tail) {
      return kept == tail || (fromTheStart && ring.oldest() == 0) ? ring.oldest() : -1;
    }
    long target = lines - tail; // the number of lines before the first one wanted
    Segment[] segments = ring.segments();
    for (int s = segments.length - 1; s >= 0; s--) {
      Segment segment = segments[s];
      if (segment.linesBefore <= target) {
        int entry = 0;
        while (entry < segment.count() && segment.linesBefore(entry + 1) <= target) {
          entry++;
        }
        return segment.firstSeq + entry;
      }
    }
    throw new IllegalStateException("tail not found");
  }

  /**
   * Moves a viewer that fell off the ring to the oldest message and tells it exactly what it
   * missed.
   *
   * @param end where its stream ends, null if that is not known yet
   * @param checks whether it was not to get all of the lines, so that they cannot be counted
   */
  void jump(
      LogViewer viewer,
      long from,
      long linesBefore,
      byte @Nullable [] lastId,
      LogViewer.@Nullable Finish end,
      boolean checks) {
    long oldest = ring.oldest();
    LogViewer.Finish over = end != null && end.at <= oldest ? end : null; // nothing follows the gap
    long missed = (over == null ? ring.linesBefore(oldest) : over.lines) - linesBefore;
    Cursor here = over == null ? ring.evicted().cursor() : null; // not past its end
    boolean lostGap = ring.newestEvictedGap() >= from;
    if (missed > 0 || lostGap) {
      viewer.tell(
          new Gap(
              Instant.now(),
              here,
              Gap.Reason.SLOW_VIEWER,
              checks || lostGap ? null : missed,
              lastId == null ? null : cursor(lastId),
              firstLine(oldest, end == null ? Long.MAX_VALUE : end.at)));
    }
    if (ring.newestEvictedStatus() >= from) {
      sendStates(viewer, here);
    }
    viewer.moveTo(oldest, ring.linesBefore(oldest));
  }

  private @Nullable Cursor firstLine(long from, long to) {
    for (Segment segment : ring.segments()) {
      for (int i = 0; i < segment.count(); i++) {
        long seq = segment.firstSeq + i;
        if (seq >= from && seq < to && segment.kind(i) == Kind.LINE) {
          byte[] id = MessageEncoder.id(segment.bytes, segment.end(i), null);
          return id == null ? null : cursor(id);
        }
      }
    }
    return null;
  }

  private static Cursor cursor(byte[] id) {
    return Cursor.parse(new String(id, StandardCharsets.ISO_8859_1));
  }

  void leave(LogViewer viewer) {
    viewers.remove(viewer);
    synchronized (waiters) {
      // An app may be silent for days, and have had many viewers by then.
      waiters.remove(viewer);
    }
  }

  boolean isWatched() {
    return !viewers.isEmpty();
  }

  /** Whether there is any reference to a viewer here; for tests. */
  boolean holds(LogViewer viewer) {
    synchronized (waiters) {
      return viewers.contains(viewer) || waiters.contains(viewer);
    }
  }

  Set<LogViewer> viewers() {
    return viewers;
  }

  /** A viewer that found nothing new; it is woken by the next {@link #signal}. */
  void awaitNews(LogViewer viewer) {
    synchronized (waiters) {
      if (!viewer.isClosed()) {
        waiters.add(viewer);
      }
    }
  }

  /**
   * Wakes the waiting viewers, on a thread of the pump: while it goes from viewer to viewer,
   * further messages gather in the ring and are sent together. That is the whole of our flush
   * policy.
   */
  void signal() {
    boolean anybody;
    synchronized (waiters) {
      anybody = !waiters.isEmpty();
    }
    if (anybody && pumping.compareAndSet(false, true)) {
      pump.execute(this::wakeWaiters);
    }
  }

  private void wakeWaiters() {
    pumping.set(false);
    // Those that come back while this runs belong to the next signal, so that none is served twice
    // before another is served once.
    int count;
    synchronized (waiters) {
      count = waiters.size();
    }
    for (int i = 0; i < count; i++) {
      LogViewer viewer;
      synchronized (waiters) {
        viewer = waiters.poll();
      }
      if (viewer == null) {
        return;
      }
      viewer.newsArrived();
    }
  }
}
