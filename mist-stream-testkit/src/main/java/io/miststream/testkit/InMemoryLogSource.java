package io.miststream.testkit;

import io.miststream.core.BlockingPublisher;
import io.miststream.core.BlockingPublisher.CancelledException;
import io.miststream.core.BlockingPublisher.Emitter;
import io.miststream.core.ContainerStatus;
import io.miststream.core.Cursor;
import io.miststream.core.Cursor.Mark;
import io.miststream.core.ErrorCode;
import io.miststream.core.Follow;
import io.miststream.core.Gap;
import io.miststream.core.LogLine;
import io.miststream.core.LogRequest;
import io.miststream.core.LogSource;
import io.miststream.core.LogStream;
import io.miststream.core.StreamEnd;
import io.miststream.core.StreamException;
import io.miststream.core.StreamMessage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A {@link LogSource} whose containers do what a test tells them: print, stop, start, pause, go
 * away, lose old lines. It keeps the whole contract of a log source, so a server on top of it
 * cannot tell it from a real engine, but has a clock of its own: each line is a millisecond later
 * than the one before.
 *
 * <p>Each subscription has a thread {@code in-memory-log-n}. Thread-safe.
 */
public final class InMemoryLogSource implements LogSource {

  /** What the clock of a new source says. */
  public static final Instant START = Instant.parse("2025-01-15T10:30:00Z");

  private static final Duration STEP = Duration.ofMillis(1);
  private static final AtomicInteger THREADS = new AtomicInteger();

  private final List<Event> events = new ArrayList<>(); // guarded by this
  private final List<Container> containers = new ArrayList<>(); // guarded by this
  private final AtomicInteger subscriptions = new AtomicInteger();
  private final AtomicInteger active = new AtomicInteger();
  private Instant now = START; // guarded by this
  private @Nullable StreamException failure; // guarded by this

  /** One thing that happened to a container: it printed a line, or its state changed. */
  private record Event(
      Container container, @Nullable Line line, @Nullable ContainerStatus status) {}

  private record Line(long number, Instant time, LogStream stream, String text) {}

  private InMemoryLogSource() {}

  /** A source without containers. */
  public static InMemoryLogSource create() {
    return new InMemoryLogSource();
  }

  /** Adds a running container to an app. */
  public synchronized Container run(long appId, String name) {
    Container container = new Container(appId, name, containers.size() + 1);
    containers.add(container);
    container.changeTo("running", "Up Less than a second", null);
    return container;
  }

  /** Lets the clock go on; it stands still otherwise, but for a millisecond with each line. */
  public synchronized void advance(Duration time) {
    now = now.plus(time);
    notifyAll();
  }

  /** What the clock says. */
  public synchronized Instant now() {
    return now;
  }

  /** Has every subscription fail, those there are and those to come, until {@link #recover()}. */
  public synchronized void fail(ErrorCode code, String message) {
    failure = new StreamException(code, message);
    notifyAll();
  }

  /** Takes back {@link #fail}. */
  public synchronized void recover() {
    failure = null;
  }

  /** How many subscriptions there have been. */
  public int subscriptions() {
    return subscriptions.get();
  }

  /** How many subscriptions are reading now. */
  public int activeSubscriptions() {
    return active.get();
  }

  @Override
  public Flow.Publisher<StreamMessage> logs(LogRequest request) {
    return new BlockingPublisher(
        task -> {
          Thread thread = new Thread(task, "in-memory-log-" + THREADS.incrementAndGet());
          thread.setDaemon(true);
          return thread;
        },
        out -> {
          subscriptions.incrementAndGet();
          active.incrementAndGet();
          try {
            out.onCancel(this::wake);
            new Reading(request, out).run();
          } finally {
            active.decrementAndGet();
          }
        });
  }

  private synchronized void wake() {
    notifyAll();
  }

  /** A container that does what it is told. Thread-safe. */
  public final class Container {
    private final long appId;
    private final String name;
    private final String id;
    private final List<Line> lines = new ArrayList<>(); // guarded by the source
    private int kept; // guarded by the source: index of the oldest line that can be read
    private String state = "created"; // guarded by the source
    private @Nullable Instant startedAt; // guarded by the source
    private @Nullable ContainerStatus status; // guarded by the source

    private Container(long appId, String name, int number) {
      this.appId = appId;
      this.name = name;
      this.id = String.format("%012x%052x", number, appId);
    }

    /** Its name. */
    public String name() {
      return name;
    }

    /** Its id, 64 hexadecimal digits. */
    public String id() {
      return id;
    }

    /** Prints a line to its standard output. */
    public void print(String line) {
      print(LogStream.STDOUT, line);
    }

    /** Prints a line. */
    public void print(LogStream stream, String text) {
      synchronized (InMemoryLogSource.this) {
        now = now.plus(STEP);
        Line line = new Line(lines.size(), now, stream, text);
        lines.add(line);
        happened(new Event(this, line, null));
      }
    }

    /** Ends its run. */
    public void stop(int exitCode) {
      changeTo("exited", "Exited (" + exitCode + ") Less than a second ago", exitCode);
    }

    /** Ends its run; its restart policy is about to start another. */
    public void crash(int exitCode) {
      changeTo("restarting", "Restarting (" + exitCode + ") Less than a second ago", exitCode);
    }

    /** Starts another run; if it is running, the end of that run is not seen. */
    public void start() {
      changeTo("running", "Up Less than a second", null);
    }

    /** Freezes it. */
    public void pause() {
      changeTo("paused", "Up Less than a second (Paused)", null);
    }

    /** Lets it go on. */
    public void unpause() {
      changeTo("running", "Up Less than a second", null);
    }

    /** Takes it away, with its log. */
    public void remove() {
      synchronized (InMemoryLogSource.this) {
        containers.remove(this);
        changeTo(ContainerStatus.REMOVED, "Removed", null);
      }
    }

    /** Throws away all but the last lines of its log, as rotation does. */
    public void rotate(int linesKept) {
      synchronized (InMemoryLogSource.this) {
        kept = Math.max(kept, lines.size() - linesKept);
      }
    }

    private void changeTo(String newState, String sentence, @Nullable Integer exitCode) {
      synchronized (InMemoryLogSource.this) {
        now = now.plus(STEP);
        if (newState.equals("running") && !state.equals("paused")) {
          startedAt = now;
        }
        state = newState;
        status =
            new ContainerStatus(
                now, null, name, state, sentence, id, "in-memory", startedAt, exitCode, null);
        happened(new Event(this, null, status));
      }
    }

    private long source() {
      return Long.parseLong(id.substring(0, 12), 16);
    }

    private Instant started() {
      return Objects.requireNonNull(startedAt);
    }

    private boolean isRunning() {
      return status != null && status.isRunning();
    }
  }

  private synchronized void happened(Event event) {
    events.add(event);
    notifyAll();
  }

  private static int lane(LogStream stream) {
    return stream == LogStream.STDOUT ? 0 : 1;
  }

  /** One subscription. */
  private final class Reading {
    private final LogRequest request;
    private final Emitter out;
    private final Map<Long, Mark[]> marks = new LinkedHashMap<>();
    private final Map<Container, Instant> runs = new HashMap<>(); // on at the beginning, and since
    private int next; // index of the next event

    Reading(LogRequest request, Emitter out) {
      this.request = request;
      this.out = out;
    }

    void run() throws CancelledException {
      List<Container> own;
      List<StreamMessage> begin = new ArrayList<>();
      List<Event> history;
      synchronized (InMemoryLogSource.this) {
        throwIfFailed();
        own = ownContainers();
        if (own.isEmpty()) {
          throw new StreamException(ErrorCode.CONTAINER_NOT_FOUND, "Container not found");
        }
        own.stream().filter(Container::isRunning).forEach(c -> runs.put(c, c.started()));
        own.forEach(c -> begin.add(status(c)));
        next = events.size();
        history = history(own);
      }
      Cursor after = request.after();
      for (StreamMessage message : begin) {
        out.emit(message);
      }
      if (request.follow() == Follow.CONTAINER && runs.isEmpty()) {
        throw new StreamException(
            ErrorCode.CONTAINER_NOT_RUNNING,
            "Container is not running (state: " + own.get(0).state + ")");
      }
      if (after != null) {
        reportLost(after, own);
      }
      for (Event event : history) {
        emit(event);
      }
      if (request.follow() != Follow.NONE) {
        follow();
      }
      out.emit(new StreamEnd(now(), newestCursor(null), "Log stream ended"));
    }

    private void throwIfFailed() {
      StreamException cause = failure;
      if (cause != null) {
        throw cause;
      }
    }

    private List<Container> ownContainers() {
      return containers.stream()
          .filter(c -> c.appId == request.appId() && request.filter().acceptsContainer(c.name))
          .toList();
    }

    private ContainerStatus status(Container container) {
      ContainerStatus status = Objects.requireNonNull(container.status);
      Cursor after = request.after();
      return status.withCursor(after != null && marks.isEmpty() ? after : newestCursor(container));
    }

    private List<Event> history(List<Container> own) {
      List<Event> wanted = new ArrayList<>();
      Cursor after = request.after();
      for (Container container : own) {
        for (Line line : container.lines.subList(container.kept, container.lines.size())) {
          Event event = new Event(container, line, null);
          boolean old =
              after != null
                  && after.covers(
                      container.source(), lane(line.stream()), Cursor.nanos(line.time()), 0);
          if (!old) {
            wanted.add(event);
          }
        }
        if (after != null) {
          for (LogStream lane : LogStream.values()) {
            Mark mark = after.mark(container.source(), lane(lane));
            if (mark != null) {
              mark(container, lane(lane), mark);
            }
          }
        }
      }
      wanted.sort(Comparator.comparing(e -> Objects.requireNonNull(e.line()).time()));
      if (after != null || request.tail() == LogRequest.ALL) {
        return wanted;
      }
      int from = wanted.size();
      for (int count = 0; from > 0 && count < request.tail(); from--) {
        if (isWanted(wanted.get(from - 1))) {
          count++;
        }
      }
      // All before counts as read.
      for (Event event : wanted.subList(0, from)) {
        pass(event);
      }
      return wanted.subList(from, wanted.size());
    }

    private void reportLost(Cursor after, List<Container> own) throws CancelledException {
      Set<Long> known = new HashSet<>();
      for (Container container : own) {
        known.add(container.source());
        long missed = 0;
        synchronized (InMemoryLogSource.this) {
          for (Line line : container.lines.subList(0, container.kept)) {
            if (!after.covers(
                container.source(), lane(line.stream()), Cursor.nanos(line.time()), 0)) {
              missed++;
            }
          }
        }
        if (missed > 0) {
          out.emit(new Gap(now(), after, Gap.Reason.LOG_ROTATED, missed, after, null));
        }
      }
      synchronized (InMemoryLogSource.this) {
        containers.forEach(c -> known.add(c.source()));
      }
      for (Mark mark : after.marks()) {
        if (known.add(mark.source())) {
          out.emit(
              new Gap(now(), newestCursor(null), Gap.Reason.SOURCE_RESTARTED, null, after, null));
        }
      }
    }

    private void follow() throws CancelledException {
      while (request.follow() == Follow.APP || !runs.isEmpty()) {
        Event event = awaitEvent();
        if (event == null) {
          return;
        }
        Container container = event.container();
        if (container.appId != request.appId()
            || !request.filter().acceptsContainer(container.name)) {
          continue;
        }
        ContainerStatus status = event.status();
        Instant run = runs.get(container);
        if (status != null && run != null) {
          boolean another = !run.equals(status.startedAt());
          if (another || !status.isRunning()) {
            runs.remove(container);
          }
          if (another && request.follow() == Follow.CONTAINER && runs.isEmpty()) {
            return; // the end stands before what is of another run
          }
        }
        emit(event);
      }
    }

    /** The next event, or null if the time is up or nobody listens any more. */
    private @Nullable Event awaitEvent() {
      synchronized (InMemoryLogSource.this) {
        while (true) {
          throwIfFailed();
          if (next < events.size()) {
            return events.get(next++);
          }
          Instant until = request.until();
          if (out.isCancelled() || (until != null && now.isAfter(until))) {
            return null;
          }
          try {
            InMemoryLogSource.this.wait();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return null;
          }
        }
      }
    }

    private void emit(Event event) throws CancelledException {
      Container container = event.container();
      ContainerStatus status = event.status();
      if (status != null) {
        if (status.state().equals(ContainerStatus.REMOVED)) {
          marks.remove(container.source());
        }
        out.emit(status.withCursor(newestCursor(container)));
        return;
      }
      pass(event);
      if (isWanted(event)) {
        out.emit(message(event));
      }
    }

    private void pass(Event event) {
      Line line = event.line();
      if (line != null) {
        int lane = lane(line.stream());
        long source = event.container().source();
        mark(event.container(), lane, Mark.of(source, lane, Cursor.nanos(line.time()), 0));
      }
    }

    private void mark(Container container, int lane, Mark mark) {
      marks.computeIfAbsent(container.source(), s -> new Mark[LogStream.values().length])[lane] =
          mark;
    }

    private boolean isWanted(Event event) {
      Line line = event.line();
      return line != null
          && (request.since() == null || !line.time().isBefore(request.since()))
          && (request.until() == null || !line.time().isAfter(request.until()))
          && request.filter().accepts(message(event));
    }

    private LogLine message(Event event) {
      Line line = Objects.requireNonNull(event.line());
      Container container = event.container();
      int lane = lane(line.stream());
      Cursor cursor = cursor(container, lane);
      if (cursor == null) {
        cursor = Cursor.of(Mark.of(container.source(), lane, Cursor.nanos(line.time()), 0));
      }
      return new LogLine(line.time(), cursor, line.text(), line.stream(), container.name, false);
    }

    private @Nullable Cursor newestCursor(@Nullable Container own) {
      Mark newest = null;
      for (Mark[] lanes : marks.values()) {
        for (Mark mark : lanes) {
          boolean candidate = mark != null && (own == null || mark.source() == own.source());
          if (candidate && (newest == null || mark.time() > newest.time())) {
            newest = mark;
          }
        }
      }
      if (newest == null) {
        return own == null ? null : newestCursor(null);
      }
      return cursorBehind(newest);
    }

    private @Nullable Cursor cursor(Container own, int lane) {
      Mark[] lanes = marks.get(own.source());
      Mark mark = lanes == null ? null : lanes[lane];
      return mark == null ? null : cursorBehind(mark);
    }

    private Cursor cursorBehind(Mark own) {
      List<Mark> all = new ArrayList<>();
      all.add(own);
      addOthers(all, own.source(), own);
      for (long source : marks.keySet()) {
        if (source != own.source()) {
          addOthers(all, source, own);
        }
      }
      return Cursor.of(all.subList(0, Math.min(all.size(), Cursor.MAX_MARKS)));
    }

    private void addOthers(List<Mark> all, long source, Mark own) {
      Mark[] lanes = marks.get(source);
      if (lanes != null) {
        for (Mark mark : lanes) {
          if (mark != null && !mark.equals(own)) {
            all.add(mark);
          }
        }
      }
    }
  }
}
