package io.miststream.core.topic;

import io.miststream.core.Cursor;
import io.miststream.core.Follow;
import io.miststream.core.Gap;
import io.miststream.core.LogRequest;
import io.miststream.core.wire.Frames;
import io.miststream.core.wire.MessageEncoder;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A position in the logs of an app. It holds no messages of its own but a few made for it alone
 * (the first status, a gap, the end) and, while it reads older history than its topic keeps, a
 * small buffer of that.
 */
final class LogViewer extends Viewer {

  /** How a stream ends: what is still to be sent when {@code at} is reached, and the close. */
  static final class Finish {
    /** Whatever has not been sent is dropped. */
    static final long NOW = -1;

    final long at;

    /** Lines in the ring's whole life before {@code at}. */
    final long lines;

    final byte @Nullable [] frame;
    final StreamClose close;

    Finish(long at, long lines, byte @Nullable [] frame, StreamClose close) {
      this.at = at;
      this.lines = lines;
      this.frame = frame;
      this.close = close;
    }
  }

  private final LogTopics topics;
  private final LogRequest request;
  private final long since;
  private final long until;
  private final boolean timed; // live lines may lie outside of the two

  // Written by others, at any time.
  private final Queue<byte[]> ownFrames = new ConcurrentLinkedQueue<>();
  private final AtomicReference<@Nullable Finish> finish = new AtomicReference<>();
  private final AtomicBoolean enqueued = new AtomicBoolean();
  private volatile @Nullable Backfill backfill;
  private volatile @Nullable LogTopic home;
  private LogTopics.@Nullable Later untilTimer; // guarded by the topic's lock
  private List<ContainerStates.Run> runs = List.of(); // guarded by the topic's lock

  // The position. Written before `topic`, by whoever lets the viewer in; then by poll alone.
  private volatile @Nullable Topic topic;
  private long seq;
  private long linesBefore;
  private byte @Nullable [] lastId; // of the last line taken, for a gap that may follow
  private @Nullable Cursor skip;
  private boolean skipIsAhead;
  private long checkUntil;
  private long statusesFrom;

  private boolean finishSent;
  private boolean canTakeBack; // whether the last poll took all there is, in order
  private int idleReads;

  LogViewer(LogTopics topics, LogRequest request) {
    super(topics.pump(), topics.traffic());
    this.topics = topics;
    this.request = request;
    Instant from = request.since();
    Instant to = request.until();
    since = from == null ? Long.MIN_VALUE : Cursor.nanos(from);
    until = to == null ? Long.MAX_VALUE : Cursor.nanos(to);
    timed = to != null || since > Cursor.nanos(Instant.now()) - Cursor.SLACK_NANOS;
  }

  @Override
  protected void awaitNews() {
    Topic now = topic;
    if (now != null && backfill == null && enqueued.compareAndSet(false, true)) {
      now.awaitNews(this);
    }
  }

  @Override
  protected ByteBuffer putBack(List<ByteBuffer> polled, int sent) {
    ByteArrayOutputStream rest = new ByteArrayOutputStream();
    int before = 0; // bytes of the frames so far
    for (ByteBuffer slice : polled) {
      byte[] frames = slice.array();
      int next = slice.arrayOffset() + slice.position();
      int end = next + slice.remaining();
      for (int frame = next; frame < end; frame = next) {
        next = frame + Frames.length(frames, frame);
        if (rest.size() == 0 || !canTakeBack) {
          int gone = Math.min(Math.max(sent - before, 0), next - frame);
          rest.write(frames, frame + gone, next - frame - gone);
          lastId = MessageEncoder.id(frames, next, lastId);
        } else {
          seq--;
          took(-1);
          if (MessageEncoder.isLine(frames, frame)) {
            linesBefore--;
          }
        }
        before += next - frame;
      }
    }
    return ByteBuffer.wrap(rest.toByteArray());
  }

  @Override
  protected void leave() {
    Backfill reading = backfill;
    if (reading != null) {
      reading.cancel();
    }
    topics.leave(this);
  }

  // -- called by poll alone

  @Override
  protected boolean fill(List<ByteBuffer> out, int maxBytes) {
    while (true) {
      // The order of these reads matters. Who lets a viewer in, or ends it, queues the frames that
      // stand before what follows first, and sets `topic`, `backfill` or `finish` then: so these
      // are read first, and whoever sees them sees those frames too. An end is set under the
      // topic's lock and never before the head of that moment: so the head is read before it, and
      // where no end is seen, none to come stands before that head.
      Topic now = topic;
      long head = now == null ? 0 : now.ring.head();
      Backfill reading = backfill;
      Finish last = finish.get();
      int bytes = takeOwnFrames(out, maxBytes);
      canTakeBack = out.isEmpty();
      if (last != null && last.at == Finish.NOW) {
        return !out.isEmpty() || takeFinish(last, out);
      }
      if (reading != null) {
        canTakeBack = false;
        if (bytes < maxBytes || out.isEmpty()) {
          took(reading.drain(out, maxBytes - bytes));
        }
        if (!out.isEmpty()) {
          return true;
        }
        if (!reading.isDrained()) {
          return false;
        }
        goOnFrom(reading);
        continue;
      }
      if (now == null) {
        return !out.isEmpty();
      }
      Segment[] segments = now.ring.segments();
      long limit = last == null ? head : Math.min(head, last.at);
      if (seq < limit && seq < segments[0].firstSeq) {
        if (out.isEmpty()) {
          synchronized (now.lock) {
            boolean checks = seq < checkUntil && isSelective();
            now.jump(this, seq, linesBefore, lastId, finish.get(), checks);
          }
          continue; // with the gap, which it has put among our own frames
        }
        return true;
      }
      takeFromRing(segments, limit, out, bytes, maxBytes);
      if (!out.isEmpty()) {
        return true;
      }
      if (seq < limit) {
        continue; // everything so far was skipped
      }
      last = finish.get();
      if (last != null && seq >= last.at) {
        return takeFinish(last, out);
      }
      if (skipIsAhead) {
        stopSkippingIfPassed(now);
      }
      if (seq >= now.ring.head()) {
        return false;
      }
    }
  }

  private int takeOwnFrames(List<ByteBuffer> out, int maxBytes) {
    int bytes = 0;
    byte[] frame = ownFrames.peek();
    while (frame != null && (out.isEmpty() || bytes + frame.length <= maxBytes)) {
      ownFrames.remove();
      out.add(ByteBuffer.wrap(frame));
      took(1);
      bytes += frame.length;
      if (bytes >= maxBytes) {
        break;
      }
      frame = ownFrames.peek();
    }
    return frame != null && !ownFrames.isEmpty() ? Math.max(bytes, maxBytes) : bytes;
  }

  private void takeFromRing(
      Segment[] segments, long limit, List<ByteBuffer> out, int taken, int maxBytes) {
    int bytes = taken;
    while (seq < limit && (bytes < maxBytes || out.isEmpty())) {
      int at = Ring.find(segments, seq);
      Segment segment = segments[at];
      int entry = (int) (seq - segment.firstSeq);
      long next = at + 1 < segments.length ? segments[at + 1].firstSeq : Long.MAX_VALUE;
      int end = (int) (Math.min(next, limit) - segment.firstSeq);
      if (seq < checkUntil) {
        if (!wants(segment, entry)) {
          canTakeBack = false; // positions do not tell which were left out
          seq++;
          linesBefore = segment.linesBefore(entry + 1);
          continue;
        }
        end = entry + 1;
      }
      int length = segment.end(entry) - segment.start(entry);
      if (!out.isEmpty() && bytes + length > maxBytes) {
        return;
      }
      int to = segment.fit(entry, end, Math.max(length, maxBytes - bytes));
      int from = segment.start(entry);
      length = segment.end(to - 1) - from;
      out.add(ByteBuffer.wrap(segment.bytes, from, length));
      took(to - entry);
      bytes += length;
      seq = segment.firstSeq + to;
      linesBefore = segment.linesBefore(to);
      lastId = MessageEncoder.id(segment.bytes, segment.end(to - 1), lastId);
    }
  }

  private boolean wants(Segment segment, int entry) {
    Kind kind = segment.kind(entry);
    if (kind != Kind.LINE) {
      return kind == Kind.GAP || seq >= statusesFrom;
    }
    // A line that is too late ends nothing: one in time, of another output, may still follow.
    long time = segment.time(entry);
    if (time < since || time > until) {
      return false;
    }
    Cursor covered = skip;
    return covered == null || !segment.coveredBy(covered, entry);
  }

  /** Whether it does not get every line of the ring from its place on. */
  private boolean isSelective() {
    return skip != null || request.since() != null || request.until() != null;
  }

  private void stopSkippingIfPassed(Topic now) {
    synchronized (now.lock) {
      Cursor covered = skip;
      if (covered != null && !now.isAhead(covered)) {
        skipIsAhead = false;
        if (!timed) {
          checkUntil = now.ring.head(); // what has come meanwhile may still be covered
        }
      }
    }
  }

  private boolean takeFinish(Finish last, List<ByteBuffer> out) {
    byte[] frame = last.frame;
    if (frame != null && !finishSent) {
      finishSent = true;
      canTakeBack = false;
      out.add(ByteBuffer.wrap(frame));
      took(1);
      return true;
    }
    end(last.close);
    return true;
  }

  private void goOnFrom(Backfill done) {
    backfill = null;
    LogTopic to = home;
    if (done.failure() != null) {
      finishNow(Topic.error(Finish.NOW, 0, done.failure().code(), done.message()));
    } else if (to == null) {
      finishNow(Topic.end(Finish.NOW, 0));
    } else {
      idleReads = done.broughtLines() ? 0 : idleReads + 1;
      to.continueBehind(this, done, idleReads);
    }
    Cursor last = done.last();
    if (last != null) {
      lastId = last.toString().getBytes(StandardCharsets.ISO_8859_1);
    }
  }

  @Override
  protected boolean hasNews() {
    if (!ownFrames.isEmpty()) {
      return true;
    }
    Finish last = finish.get();
    if (last != null && last.at == Finish.NOW) {
      return true;
    }
    Backfill reading = backfill;
    if (reading != null) {
      return reading.hasNews();
    }
    Topic now = topic;
    return now != null && (seq < now.ring.head() || (last != null && seq >= last.at));
  }

  // -- called by topics

  LogRequest request() {
    return request;
  }

  @Nullable LogTopic home() {
    return home;
  }

  void home(LogTopic topic) {
    home = topic;
  }

  /** With the topic's lock held: the runs that it follows to their end; none if it has no end. */
  void follow(List<ContainerStates.Run> joined) {
    runs = joined;
  }

  /** With the topic's lock held: see {@link #follow}. */
  List<ContainerStates.Run> runs() {
    return runs;
  }

  /** With the topic's lock held: what ends the stream when its time is up. */
  void untilTimer(LogTopics.Later timer) {
    untilTimer = timer;
  }

  /** With the topic's lock held: a time far off must not keep a viewer that has left. */
  void cancelTimer() {
    if (untilTimer != null) {
      untilTimer.cancel();
    }
  }

  /** Queues a frame for this viewer alone. */
  void send(byte[] frame) {
    ownFrames.add(frame);
  }

  /** Tells it what it misses. */
  void tell(Gap gap) {
    topics.figures().gap(gap);
    send(MessageEncoder.frame(gap, false));
  }

  /** Ends the stream at a position; the first end stands. */
  void finish(Finish end) {
    finish.compareAndSet(null, end);
  }

  /** Ends the stream at once, whatever end was set before. */
  void finishNow(Finish end) {
    finish.set(end);
  }

  /** Statuses from before this are history: they are not told again. */
  void joinedAt(long head) {
    statusesFrom = head;
  }

  /** Reads older history than the topic keeps, before taking a place. */
  void backfill(LogRequest history) {
    Backfill reading = new Backfill(topics, this, history.withFollow(Follow.NONE));
    backfill = reading;
    reading.start();
    if (isClosed()) {
      reading.cancel();
    }
  }

  /**
   * Gives the viewer its place in a topic.
   *
   * @param start the first message it gets
   * @param covered messages among those from {@code start} on that it has already, or null
   * @param ahead whether {@code covered} reaches beyond what the topic has seen so far
   */
  void place(Topic in, long start, @Nullable Cursor covered, boolean ahead) {
    seq = start;
    linesBefore = in.ring.linesBefore(start);
    skip = covered;
    skipIsAhead = ahead;
    checkUntil = ahead || timed ? Long.MAX_VALUE : in.ring.head();
    topic = in;
  }

  void moveTo(long start, long lines) {
    seq = start;
    linesBefore = lines;
  }

  void newsArrived() {
    enqueued.set(false);
    wake();
  }
}
