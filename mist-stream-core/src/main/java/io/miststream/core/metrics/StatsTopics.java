package io.miststream.core.metrics;

import io.miststream.core.StatsSource;
import io.miststream.core.topic.Pump;
import io.miststream.core.topic.StreamClose;
import io.miststream.core.topic.Traffic;
import io.miststream.core.topic.Viewer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Lets any number of viewers watch what apps' containers use at the cost of one reading per app: it
 * is begun when its first viewer comes and ended a while after its last has left. A viewer that
 * lags skips to the newest of each container.
 *
 * <p>Thread-safe. Owns a few daemon threads; the source stays the caller's.
 */
public final class StatsTopics implements AutoCloseable {
  private final StatsSource source;
  private final Duration linger;
  private final Traffic traffic = new Traffic();
  private final Pump pump = new Pump("mist-stats-pump", 2);
  private final ScheduledThreadPoolExecutor timer;
  private final Map<Long, StatsTopic> topics = new HashMap<>(); // guarded by itself
  private boolean closed; // guarded by topics

  private StatsTopics(StatsSource source, Duration linger) {
    this.source = source;
    this.linger = linger;
    timer =
        new ScheduledThreadPoolExecutor(
            1,
            Pump.daemons("mist-stats-timer"),
            new ThreadPoolExecutor.DiscardPolicy()); // once the topics are closed
    timer.setRemoveOnCancelPolicy(true);
  }

  /** Topics over a source that linger for 10 s. */
  public static StatsTopics create(StatsSource source) {
    return create(source, Duration.ofSeconds(10));
  }

  /**
   * Topics over a source.
   *
   * @param linger how long an app is read after its last viewer has left, 0 or more
   */
  public static StatsTopics create(StatsSource source, Duration linger) {
    if (linger.isNegative()) {
      throw new IllegalArgumentException("linger must not be negative");
    }
    return new StatsTopics(source, linger);
  }

  /**
   * Opens a stream. Never blocks: whatever goes wrong later reaches the viewer as an error message
   * and a close. The caller closes the viewer.
   */
  public Viewer open(long appId) {
    while (true) {
      StatsTopic topic;
      boolean fresh;
      synchronized (topics) {
        StatsTopic known = topics.get(appId);
        fresh = known == null;
        topic = known == null ? new StatsTopic(this, appId) : known;
        if (closed) {
          topic.end(StreamClose.SHUTDOWN);
          return topic.join();
        }
        topics.put(appId, topic);
      }
      NewestViewer viewer = topic.joinUnlessOver();
      if (fresh) {
        topic.open(source);
      }
      if (viewer != null) {
        return viewer;
      }
      forget(appId, topic);
    }
  }

  /** How many apps are being read at the moment. */
  public int topics() {
    synchronized (topics) {
      return topics.size();
    }
  }

  /** How many viewers there are, and what they have been sent. */
  public Traffic traffic() {
    return traffic;
  }

  /** Ends every stream with {@link StreamClose#SHUTDOWN} and all reading. Idempotent. */
  @Override
  public void close() {
    List<StatsTopic> open;
    synchronized (topics) {
      closed = true;
      open = new ArrayList<>(topics.values());
    }
    open.forEach(topic -> topic.stop(StreamClose.SHUTDOWN));
    timer.shutdownNow();
    pump.close();
  }

  void forget(long appId, StatsTopic topic) {
    synchronized (topics) {
      topics.remove(appId, topic);
    }
  }

  /** Runs a short task when a topic has lingered for long enough. */
  void afterLinger(Runnable task) {
    var unused = timer.schedule(task, linger.toNanos(), TimeUnit.NANOSECONDS);
  }

  Pump pump() {
    return pump;
  }
}
