package io.miststream.core.topic;

import io.miststream.core.Follow;
import io.miststream.core.LogRequest;
import io.miststream.core.LogSource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Lets any number of viewers watch the logs of apps at the cost of one read per app: a topic is
 * opened when its first viewer comes and closed a while after its last has left.
 *
 * <p>Thread-safe. Owns a small pool of daemon threads; the source stays the caller's.
 */
public final class LogTopics implements AutoCloseable {

  /** Reads that bring nothing, after which a viewer stops trying to close the distance. */
  static final int IDLE_READS = 3;

  private static final Duration FAR = Duration.ofDays(36_500); // what a timer can do
  private static final System.Logger LOG = System.getLogger(LogTopics.class.getName());

  private final LogFigures figures = new LogFigures();
  private final Traffic traffic = new Traffic();
  private final LogSource source;
  private final int ringBytes;
  private final int historyLines;
  private final int maxFilters;
  private final Duration linger;
  private final Duration stalledAfter;
  private final ReadSlots readSlots;
  private final Pump pump;
  private final ScheduledThreadPoolExecutor timer;

  private final Map<Long, LogTopic> topics = new HashMap<>(); // guarded by itself
  private boolean closed; // guarded by topics

  private LogTopics(Builder builder) {
    source = new CountedSource(builder.source, figures);
    ringBytes = builder.ringBytes;
    historyLines = builder.historyLines;
    maxFilters = builder.maxFilters;
    linger = builder.linger;
    stalledAfter = builder.stalledAfter;
    pump = Pump.perProcessor("mist-pump");
    readSlots = new ReadSlots(builder.historyReads, pump);
    timer =
        new ScheduledThreadPoolExecutor(
            1,
            Pump.daemons("mist-topics-timer"),
            new ThreadPoolExecutor.DiscardPolicy()); // once the topics are closed
    timer.setRemoveOnCancelPolicy(true);
    timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
  }

  /** Topics over a source, with the defaults. */
  public static LogTopics create(LogSource source) {
    return builder(source).build();
  }

  /** Topics over a source. */
  public static Builder builder(LogSource source) {
    return new Builder(source);
  }

  /**
   * Opens a stream. Never blocks: whatever goes wrong later reaches the viewer as an error message
   * and a close. The caller closes the viewer.
   */
  public Viewer open(LogRequest request) {
    LogViewer viewer = new LogViewer(this, request);
    Instant until = request.until();
    if (request.follow() == Follow.NONE || (until != null && !until.isAfter(Instant.now()))) {
      viewer.backfill(request);
      return viewer;
    }
    while (true) {
      LogTopic topic;
      boolean fresh;
      synchronized (topics) {
        if (closed) {
          viewer.finish(new LogViewer.Finish(LogViewer.Finish.NOW, 0, null, StreamClose.SHUTDOWN));
          return viewer;
        }
        LogTopic known = topics.get(request.appId());
        fresh = known == null;
        topic = known == null ? new LogTopic(this, request.appId()) : known;
        topics.put(request.appId(), topic);
      }
      boolean joined = topic.join(viewer);
      if (fresh) {
        topic.open();
      }
      if (joined) {
        return viewer;
      }
      forget(request.appId(), topic);
    }
  }

  /** How many tasks wait for their time; for tests. */
  int timers() {
    return timer.getQueue().size();
  }

  /** How many apps' logs are being read at the moment. */
  public int topics() {
    synchronized (topics) {
      return topics.size();
    }
  }

  /** How many viewers there are, and what they have been sent. */
  public Traffic traffic() {
    return traffic;
  }

  /** What has been read for them, and what was missed. */
  public LogFigures figures() {
    return figures;
  }

  /** Ends every stream with {@link StreamClose#SHUTDOWN} and all reads. Idempotent. */
  @Override
  public void close() {
    List<LogTopic> open;
    synchronized (topics) {
      if (closed) {
        return;
      }
      closed = true;
      open = new ArrayList<>(topics.values());
    }
    open.forEach(LogTopic::shutDown);
    readSlots.close();
    timer.shutdownNow();
    pump.close();
  }

  void leave(LogViewer viewer) {
    LogTopic topic = viewer.home();
    if (topic != null) {
      topic.leave(viewer);
    }
  }

  void forget(long appId, LogTopic topic) {
    synchronized (topics) {
      topics.remove(appId, topic);
    }
  }

  void report(Throwable problem) {
    LOG.log(System.Logger.Level.ERROR, "unexpected failure", problem);
  }

  /** What they read from. */
  public LogSource source() {
    return source;
  }

  int ringBytes() {
    return ringBytes;
  }

  int historyLines() {
    return historyLines;
  }

  int maxFilters() {
    return maxFilters;
  }

  Duration linger() {
    return linger;
  }

  /** How long a reader of history may take nothing before its read is let go. */
  Duration stalledAfter() {
    return stalledAfter;
  }

  ReadSlots readSlots() {
    return readSlots;
  }

  Executor pump() {
    return pump;
  }

  /** Takes back a task that is to run later. */
  interface Later {
    void cancel();
  }

  /** Runs a short task after a while; not at all once the topics are closed. */
  Later later(Duration delay, Runnable task) {
    Future<?> scheduled =
        timer.schedule(
            () -> {
              try {
                task.run();
              } catch (RuntimeException e) {
                report(e);
              }
            },
            Math.max(0, delay.compareTo(FAR) < 0 ? delay.toMillis() : FAR.toMillis()),
            TimeUnit.MILLISECONDS);
    return () -> scheduled.cancel(false);
  }

  /** Settings of {@link LogTopics}. */
  public static final class Builder {
    private final LogSource source;
    private int ringBytes = 8 << 20;
    private int historyLines = 1000;
    private int historyReads = 32;
    private int maxFilters = 100;
    private Duration linger = Duration.ofSeconds(10);
    private Duration stalledAfter = Duration.ofSeconds(5);

    private Builder(LogSource source) {
      this.source = source;
    }

    /**
     * Most bytes of messages kept for each app, and for each filter in use on it; default 8 MiB, at
     * least 64 KiB. The newest message is kept whatever its size. A viewer that falls further
     * behind than this is told what it missed.
     */
    public Builder ringBytes(int bytes) {
      if (bytes < Ring.MIN_CAPACITY) {
        throw new IllegalArgumentException("ringBytes must be at least " + Ring.MIN_CAPACITY);
      }
      ringBytes = bytes;
      return this;
    }

    /**
     * Lines of history read when an app is opened, so that viewers share them; default 1000, 0 or
     * more. A viewer that asks for more reads it for itself.
     */
    public Builder historyLines(int lines) {
      if (lines < 0) {
        throw new IllegalArgumentException("historyLines must not be negative");
      }
      historyLines = lines;
      return this;
    }

    /** Most viewers that read history for themselves at a time; default 32, 1 or more. */
    public Builder historyReads(int reads) {
      if (reads < 1) {
        throw new IllegalArgumentException("historyReads must be positive");
      }
      historyReads = reads;
      return this;
    }

    /** Most different filters in use on one app; default 100, 0 or more. */
    public Builder maxFilters(int filters) {
      if (filters < 0) {
        throw new IllegalArgumentException("maxFilters must not be negative");
      }
      maxFilters = filters;
      return this;
    }

    /** How long an app stays open after its last viewer has left; default 10 s, 0 or more. */
    public Builder linger(Duration time) {
      if (time.isNegative()) {
        throw new IllegalArgumentException("linger must not be negative");
      }
      linger = time;
      return this;
    }

    /** For tests. */
    Builder stalledAfter(Duration time) {
      stalledAfter = time;
      return this;
    }

    /** The topics; nothing is read until the first viewer comes. */
    public LogTopics build() {
      return new LogTopics(this);
    }
  }
}
