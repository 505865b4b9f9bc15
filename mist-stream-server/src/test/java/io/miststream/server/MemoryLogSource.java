package io.miststream.server;

import io.miststream.core.BlockingPublisher;
import io.miststream.core.BlockingPublisher.CancelledException;
import io.miststream.core.BlockingPublisher.Emitter;
import io.miststream.core.ContainerStatus;
import io.miststream.core.Cursor;
import io.miststream.core.ErrorCode;
import io.miststream.core.Follow;
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
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;

/** Apps that print when a test says so, one container each. */
public final class MemoryLogSource implements LogSource {
  static {
    Awaitility.setDefaultTimeout(Duration.ofMinutes(1)); // a busy machine fails no test
  }

  private static final Instant START = Instant.parse("2025-01-15T10:30:00Z");

  private final Map<Long, App> apps = new ConcurrentHashMap<>();
  private final AtomicInteger follows = new AtomicInteger();

  /** An app with a running container, made when first asked for. */
  public App app(long id) {
    return apps.computeIfAbsent(id, App::new);
  }

  /** Reads so far that went on to live lines. */
  public int follows() {
    return follows.get();
  }

  @Override
  public Flow.Publisher<StreamMessage> logs(LogRequest request) {
    return new BlockingPublisher(
        task -> {
          Thread thread = new Thread(task, "memory-log-source");
          thread.setDaemon(true);
          return thread;
        },
        out -> read(request, out));
  }

  private void read(LogRequest request, Emitter out)
      throws CancelledException, InterruptedException {
    if (request.follow() != Follow.NONE) {
      follows.incrementAndGet();
    }
    App app = apps.get(request.appId());
    if (app == null) {
      throw new StreamException(ErrorCode.CONTAINER_NOT_FOUND, "Container not found");
    }
    if (app.failure != null) {
      throw app.failure;
    }
    app.read(request, out);
  }

  /** One app. */
  public static final class App {
    private final long id;
    private final List<LogLine> lines = new ArrayList<>(); // guarded by this
    private boolean running = true; // guarded by this
    private long dropped; // guarded by this
    private int keep = Integer.MAX_VALUE; // guarded by this
    volatile @Nullable StreamException failure;

    App(long id) {
      this.id = id;
    }

    /** Prints lines to standard output. */
    public synchronized App print(String... text) {
      for (String line : text) {
        add(line, LogStream.STDOUT);
      }
      return this;
    }

    /** Prints one to standard error. */
    public synchronized App printError(String line) {
      add(line, LogStream.STDERR);
      return this;
    }

    /** Keeps only the newest lines, as a rotating log does. */
    public synchronized App keep(int newest) {
      keep = newest;
      return this;
    }

    private void add(String text, LogStream stream) {
      long number = dropped + lines.size();
      Instant time = START.plusNanos(number * 1000);
      long nanos = time.getEpochSecond() * 1_000_000_000L + time.getNano();
      Cursor cursor = Cursor.of(Cursor.Mark.of(id, stream == LogStream.STDOUT ? 0 : 1, nanos, 0));
      lines.add(new LogLine(time, cursor, text, stream, "mist-app-" + id, false));
      if (lines.size() > 2L * keep) {
        lines.subList(0, lines.size() - keep).clear();
        dropped = number + 1 - keep;
      }
      notifyAll();
    }

    /** Ends the container's run. */
    public synchronized App stop() {
      running = false;
      notifyAll();
      return this;
    }

    /** Lets every further read fail. */
    public App fail(ErrorCode code, String message) {
      failure = new StreamException(code, message);
      return this;
    }

    private ContainerStatus status(@Nullable Cursor cursor) {
      return new ContainerStatus(
          START,
          cursor,
          "mist-app-" + id,
          running ? "running" : "exited",
          running ? "Up 2 hours" : "Exited (0) 1 second ago",
          "c0ffee" + id,
          "sample",
          START,
          running ? null : 0,
          null);
    }

    private void read(LogRequest request, Emitter out)
        throws CancelledException, InterruptedException {
      out.onCancel(
          () -> {
            synchronized (this) {
              notifyAll();
            }
          });
      List<StreamMessage> batch = new ArrayList<>();
      long next;
      boolean live;
      synchronized (this) {
        live = running;
        batch.add(status(null));
        if (live || request.follow() != Follow.CONTAINER) {
          batch.addAll(history(request));
        }
        next = dropped + lines.size();
      }
      emit(batch, out);
      if (!live && request.follow() == Follow.CONTAINER) {
        throw new StreamException(
            ErrorCode.CONTAINER_NOT_RUNNING, "Container is not running (state: exited)");
      }
      while (live && request.follow() != Follow.NONE) {
        synchronized (this) {
          while (dropped + lines.size() <= next && running && !out.isCancelled()) {
            wait();
          }
          if (out.isCancelled()) {
            return;
          }
          for (int i = (int) Math.max(0, next - dropped); i < lines.size(); i++) {
            if (request.filter().accepts(lines.get(i))) {
              batch.add(lines.get(i));
            }
          }
          next = dropped + lines.size();
          live = running;
          if (!live) {
            batch.add(status(null));
          }
        }
        emit(batch, out);
      }
      Cursor last;
      synchronized (this) {
        last = lines.isEmpty() ? null : lines.get(lines.size() - 1).cursor();
      }
      out.emit(new StreamEnd(START, last, "Log stream ended"));
    }

    private List<LogLine> history(LogRequest request) {
      List<LogLine> wanted = new ArrayList<>();
      Cursor after = request.after();
      for (LogLine line : lines) {
        Cursor.Mark own = line.cursor().own();
        boolean old =
            after != null && after.covers(own.source(), own.lane(), own.time(), own.ordinal());
        boolean early = request.since() != null && line.timestamp().isBefore(request.since());
        boolean late = request.until() != null && line.timestamp().isAfter(request.until());
        if (!old && !early && !late && request.filter().accepts(line)) {
          wanted.add(line);
        }
      }
      int from = after != null ? 0 : Math.max(0, wanted.size() - request.tail());
      return wanted.subList(from, wanted.size());
    }

    private static void emit(List<StreamMessage> batch, Emitter out) throws CancelledException {
      for (StreamMessage message : batch) {
        out.emit(message);
      }
      batch.clear();
    }
  }
}
