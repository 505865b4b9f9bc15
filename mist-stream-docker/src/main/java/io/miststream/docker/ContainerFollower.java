package io.miststream.docker;

import io.miststream.core.BlockingPublisher.CancelledException;
import io.miststream.core.ErrorCode;
import io.miststream.core.Follow;
import io.miststream.core.Gap;
import io.miststream.core.StreamException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Reads what one container prints until its run is over, whatever happens to the connection, to the
 * log file or to the engine. Runs on a thread of its own.
 */
final class ContainerFollower implements Runnable {

  /** What a follower needs of the subscription it belongs to. */
  interface Host {
    /** It begins to read anew. */
    void reopened();

    /** It has ended: normally if {@code failure} is null. */
    void ended(ContainerFollower follower, @Nullable Throwable failure);
  }

  // No engine writes this much in the time of the lag, so a follower without a lag has missed none.
  private static final long SMALL_LOG_BYTES = 8 << 20;
  private static final long LAG_NANOS = 100_000_000L;

  private static final int LATE_END_MILLIS = 50;
  private static final int LATE_STATE_MILLIS = 20;
  private static final int LATE_STATE_LOOKS = 50;
  // An engine that answers, but not with that, has a log it cannot read itself.
  private static final int REST_ATTEMPTS = 10;

  private final AppContainers containers;
  private final Streams streams;
  private final Progress progress;
  private final AtomicLong questions;
  private final Host host;
  private final Follow mode;
  private final Outage outage;
  private final Wakeup delay = new Wakeup();

  private volatile ContainerInfo container;
  private volatile boolean stopped;
  private volatile boolean reopening;
  private volatile @Nullable Instant endedRun; // its start
  private volatile boolean gone;
  private volatile boolean waiting;
  private volatile long waitingSince;
  private volatile @Nullable AutoCloseable current;
  private int restFailures;

  ContainerFollower(
      AppContainers containers,
      Streams streams,
      Progress progress,
      AtomicLong questions,
      Host host,
      Follow mode,
      Duration recovery,
      ContainerInfo container) {
    this.containers = containers;
    this.streams = streams;
    this.progress = progress;
    this.questions = questions;
    this.host = host;
    this.mode = mode;
    this.outage = new Outage(recovery);
    this.container = container;
    progress.setContinued(container);
  }

  /** The container as this follower saw it last. */
  ContainerInfo container() {
    return container;
  }

  /** Whether the container was gone when it ended. */
  boolean isGone() {
    return gone;
  }

  /** How long it has been waiting for the engine to send something, 0 if it is not. */
  long silentNanos() {
    return waiting ? System.nanoTime() - waitingSince : 0;
  }

  /** Its silence has been looked into. */
  void noticed() {
    waitingSince = System.nanoTime();
  }

  /** Has it read anew from where it is. From any thread; does not block. */
  void reopen(EngineApi api) {
    reopening = true;
    AutoCloseable reading = current;
    if (reading != null) {
      api.later(() -> closeQuietly(reading));
    }
    delay.signal();
  }

  /**
   * The engine has said that the run is over. It ends the answer then, but not one that was asked
   * for while the container was going down: that one would go on into the next run. From any
   * thread; does not block.
   *
   * @param time when it was, by the engine's clock; the news can come late
   */
  void runEnded(EngineApi api, Instant time) {
    Instant run = container.startedAt();
    if (run == null || time.isBefore(run)) {
      return;
    }
    endedRun = run;
    AutoCloseable reading = current;
    if (reading != null) {
      api.later(
          () -> {
            new Wakeup().await(LATE_END_MILLIS);
            if (current == reading) {
              closeQuietly(reading);
            }
          });
    }
  }

  /** Ends it soon. From any thread; does not block. */
  void stop(EngineApi api) {
    stopped = true;
    reopen(api);
  }

  @Override
  public void run() {
    Throwable failure = null;
    try {
      followRun();
    } catch (CancelledException e) {
      // Nobody listens any more.
    } catch (Throwable e) {
      failure = e;
    }
    host.ended(this, isStopped() ? null : failure);
  }

  private boolean isStopped() {
    return stopped || streams.isStopped();
  }

  /** Whether it was told to stop or to read anew, perhaps before there was anything to close. */
  private boolean isInterrupted() {
    return reopening || isStopped();
  }

  private void followRun() throws IOException, CancelledException {
    boolean begun = false;
    while (!isStopped()) {
      if (begun) {
        host.reopened();
      }
      begun = true;
      long sent = progress.count(container);
      boolean ended = false;
      reopening = false;
      try {
        if (isPolled()) {
          poll();
        } else if (follow()) {
          catchUp();
          continue;
        }
        ended = !reopening;
      } catch (EngineRefusedException e) {
        if (!e.isGone()) {
          throw e;
        }
      } catch (IOException e) {
        // Whatever it was, what matters is how the container is now.
      }
      if (isStopped()) {
        return;
      }
      try {
        if (isOver(ended)) {
          return;
        }
        outage.over();
        if (sent == progress.count(container)) {
          delay.await(100); // it is about to stop, or the engine is confused: do not hurry it
        }
      } catch (EngineRefusedException e) {
        if (!e.isGone()) {
          throw e;
        }
        delay.await(100); // it will be gone in a moment
      } catch (IOException e) {
        delay.await(outage.failed(e));
      }
    }
  }

  static StreamException refused(EngineRefusedException e) {
    if (e.isGone()) {
      return new StreamException(ErrorCode.CONTAINER_NOT_FOUND, "Container not found", e);
    }
    return new StreamException(
        e.isNotReadable() ? ErrorCode.LOGS_NOT_READABLE : ErrorCode.INTERNAL,
        String.valueOf(e.getMessage()),
        e);
  }

  /**
   * Asks how the container is after an end or a cut, and whether this follower has done its work.
   *
   * @param ended whether the engine itself ended the answer. Then the run is over, but that can
   *     show a little later; who reads again before it does reads on into the next run.
   */
  private boolean isOver(boolean ended) throws IOException, CancelledException {
    long asked = questions.incrementAndGet();
    ContainerInfo now = containers.inspect(container.id());
    for (int i = 0; ended && i < LATE_STATE_LOOKS && isUnchanged(now) && !isStopped(); i++) {
      delay.await(LATE_STATE_MILLIS);
      asked = questions.incrementAndGet();
      now = containers.inspect(container.id());
    }
    if (now == null || now.state().equals("dead")) {
      // The rest cannot be read any more, and the end of an answer does not prove that there was
      // none: before a removal the engine refuses to be read, and it drops what it has not sent.
      progress.lostContainer(container.source(), progress.cursor());
      if (now == null) {
        gone = true;
        progress.removed(container);
      } else {
        progress.status(now, asked);
        container = now;
      }
      return true;
    }
    if (isUnchanged(now)) {
      progress.status(now, asked);
      container = now;
      return false;
    }
    try {
      readRest(now);
    } catch (EngineRefusedException e) {
      throw e;
    } catch (IOException e) {
      if (++restFailures < REST_ATTEMPTS || isStopped()) {
        throw e;
      }
      progress.lostRest(container, endOfRun(now));
    }
    restFailures = 0;
    if (now.isUp() && mode != Follow.APP) {
      // It is up again already, but the run that was asked for has ended.
      progress.status(container.withState("exited", "Exited", null), asked);
      return true;
    }
    progress.status(now, asked);
    container = now;
    return !now.isUp();
  }

  private boolean isUnchanged(@Nullable ContainerInfo now) {
    return now != null && now.isUp() && !now.isAnotherRun(container);
  }

  /** Sends what is left of a run that is over; the end of a follow does not wait for all of it. */
  private void readRest(ContainerInfo now) throws IOException, CancelledException {
    long nextRun = now.isUp() ? beginOfRun(now) : Long.MAX_VALUE;
    try (ContinuedRead read = open(false, true, ContinuedRead.FIRST_WINDOW)) {
      current = read;
      for (RawLine line = read.next(); line != null; line = read.next()) {
        if (line.time() >= nextRun) {
          return;
        }
        send(read, line);
      }
    } finally {
      current = null;
    }
  }

  private static long endOfRun(ContainerInfo now) {
    Instant end = now.finishedAt();
    return now.isUp() || end == null ? beginOfRun(now) : Progress.nanos(end);
  }

  /**
   * A time between a run's last line and the next one's first. The engine notes a start a little
   * after the container can print, and an end a little before its last line is logged.
   */
  private static long beginOfRun(ContainerInfo now) {
    Instant start = now.startedAt();
    if (start == null) {
      return Long.MAX_VALUE;
    }
    Instant end = now.finishedAt();
    long started = Progress.nanos(start);
    return end == null || end.isAfter(start) ? started : (started + Progress.nanos(end)) / 2;
  }

  /**
   * Sends what comes as it comes.
   *
   * @return true if it cannot be trusted any more to be all there is
   */
  private boolean follow() throws IOException, CancelledException {
    boolean rotates = container.maxLogBytes() > 0;
    try (ContinuedRead read = open(true, false, ContinuedRead.FIRST_WINDOW)) {
      current = read;
      if (isInterrupted() || isRunOver()) {
        return false;
      }
      while (true) {
        RawLine line = await(read);
        if (line == null || isStopped()) {
          return false;
        }
        if (rotates) {
          if (progress.covers(container, line)) {
            continue; // delivered again when the log file was rotated
          }
          if (isDoubtful(line)) {
            return true;
          }
        }
        send(read, line);
      }
    } finally {
      current = null;
    }
  }

  /**
   * Whether the run ended before this read began: then the read may go on over the border, and the
   * status that stands there has to be told first.
   */
  private boolean isRunOver() throws IOException {
    if (isEndTold()) {
      return true;
    }
    ContainerInfo now = containers.inspect(container.id());
    return now != null && now.isUp() && now.isAnotherRun(container);
  }

  private boolean isEndTold() {
    Instant ended = endedRun;
    return ended != null && ended.equals(container.startedAt());
  }

  private @Nullable RawLine await(ContinuedRead read) throws IOException {
    waitingSince = System.nanoTime();
    waiting = true;
    try {
      return read.next();
    } finally {
      waiting = false;
    }
  }

  /**
   * Whether a follower of a log that rotates may have missed something before this line. It misses
   * whole files when it is slower than the writer, and repeats the last entry of a file, which
   * could be a chunk of a long line, or look like another line with the same time.
   */
  private boolean isDoubtful(RawLine line) {
    return line.partial()
        || line.ordinal() > 0
        || line.bytes() >= LogChunks.CHUNK_BYTES
        || Math.abs(streams.engineNow() - line.time()) > LAG_NANOS;
  }

  /** Reads what the engine has until nothing is new. */
  private void catchUp() throws IOException, CancelledException {
    while (!isInterrupted() && readNew(ContinuedRead.FIRST_WINDOW).any) {
      // once more
    }
  }

  /**
   * Whether to read again and again instead of following. The local driver's follower loses nearly
   * everything after a rotation, and any follower loses whole files when those are written in no
   * time; a plain read does not.
   */
  private boolean isPolled() {
    return container.isLocalDriver()
        || (container.maxLogBytes() > 0 && container.maxLogBytes() < SMALL_LOG_BYTES);
  }

  private void poll() throws IOException, CancelledException {
    try (LogPoller poller = new LogPoller(streams, container)) {
      current = poller;
      if (isInterrupted() || isRunOver()) {
        return;
      }
      int window = ContinuedRead.FIRST_WINDOW;
      while (!isStopped()) {
        Batch batch = readNew(window);
        window = batch.window;
        waitingSince = System.nanoTime();
        waiting = true;
        boolean more = poller.awaitNews(batch.bytes);
        waiting = false;
        if (!more) {
          return;
        }
      }
    } finally {
      waiting = false;
      current = null;
    }
  }

  private record Batch(boolean any, long bytes, int window) {}

  private Batch readNew(int window) throws IOException, CancelledException {
    try (ContinuedRead read = open(false, false, window)) {
      long bytes = 0;
      boolean any = false;
      // While somebody was slow to take the last batch the next run may have begun. A poller hears
      // of the end in other ways as well, and reads too often to ask.
      if (isPolled() ? isEndTold() : isRunOver()) {
        return new Batch(false, 0, window);
      }
      for (RawLine line = read.next(); line != null && !isStopped(); line = read.next()) {
        any = true;
        bytes += line.bytes() + ContinuedRead.ENTRY_OVERHEAD_BYTES;
        send(read, line);
      }
      int next = Math.min(read.window(), 10 * ContinuedRead.FIRST_WINDOW);
      return new Batch(any, bytes, any ? next : ContinuedRead.FIRST_WINDOW);
    }
  }

  private ContinuedRead open(boolean follow, boolean endsOpenLines, int window) throws IOException {
    ContinuedRead read =
        new ContinuedRead(
            streams, container, progress.position(container), follow, endsOpenLines, window);
    outage.over();
    return read;
  }

  private void send(ContinuedRead read, RawLine line) throws CancelledException {
    if (read.isLossAhead()) {
      progress.lost(container, Gap.Reason.LOG_ROTATED, null, line);
    }
    progress.line(container, line);
  }

  private static void closeQuietly(AutoCloseable closeable) {
    try {
      closeable.close();
    } catch (Exception e) {
      // It is of no use any more either way.
    }
  }
}
