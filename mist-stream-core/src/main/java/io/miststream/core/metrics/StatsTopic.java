package io.miststream.core.metrics;

import io.miststream.core.ContainerStats;
import io.miststream.core.ContainerStatus;
import io.miststream.core.ErrorCode;
import io.miststream.core.StatsSource;
import io.miststream.core.StreamError;
import io.miststream.core.StreamException;
import io.miststream.core.StreamMessage;
import io.miststream.core.topic.StreamClose;
import io.miststream.core.wire.MessageEncoder;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Flow;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What the containers of one app use: one reading, of which the newest status and stats of each
 * container are kept.
 */
final class StatsTopic implements Newest, Flow.Subscriber<StreamMessage> {
  private static final int MAX_REMOVED = 32;
  private static final System.Logger LOG = System.getLogger(StatsTopic.class.getName());

  private final StatsTopics topics;
  private final long appId;
  private final Set<NewestViewer> viewers = ConcurrentHashMap.newKeySet();

  // All below is guarded by this.
  private final Map<String, Numbered> newest = new LinkedHashMap<>(); // in the order of numbers
  // Of containers that are gone.
  private final Map<String, Numbered> removed = new LinkedHashMap<>();
  private long next;
  private long visits; // viewers so far: tells whether somebody came while it lingered
  private @Nullable StreamClose over;
  private Flow.@Nullable Subscription subscription;

  StatsTopic(StatsTopics topics, long appId) {
    this.topics = topics;
    this.appId = appId;
  }

  void open(StatsSource source) {
    try {
      source.stats(appId).subscribe(this);
    } catch (RuntimeException e) {
      onError(e);
    }
  }

  /** A new viewer, or null if this is over and another topic is needed. */
  synchronized @Nullable NewestViewer joinUnlessOver() {
    return over == null ? join() : null;
  }

  synchronized NewestViewer join() {
    NewestViewer viewer = new NewestViewer(topics.pump(), topics.traffic(), this, 0, next);
    viewers.add(viewer);
    visits++;
    return viewer;
  }

  @Override
  public synchronized List<Numbered> from(long position, long historyEnd) {
    // That a container is gone is no news to those who came later.
    long goneSince = Math.max(position, historyEnd);
    return Stream.concat(
            removed.values().stream().filter(each -> each.number() >= goneSince),
            newest.values().stream().filter(each -> each.number() >= position))
        .sorted(Comparator.comparingLong(Numbered::number))
        .toList();
  }

  @Override
  public synchronized @Nullable StreamClose close() {
    return over;
  }

  @Override
  public synchronized void leave(NewestViewer viewer) {
    if (viewers.remove(viewer) && viewers.isEmpty() && over == null) {
      long now = visits;
      topics.afterLinger(() -> stopIfUnwatchedSince(now));
    }
  }

  private void stopIfUnwatchedSince(long visit) {
    synchronized (this) {
      if (visits != visit) {
        return;
      }
    }
    stop(StreamClose.SHUTDOWN);
  }

  /** Ends it for whoever may be there, and the reading. */
  void stop(StreamClose close) {
    end(close);
    Flow.Subscription reading;
    synchronized (this) {
      reading = subscription;
    }
    if (reading != null) {
      reading.cancel();
    }
  }

  void end(StreamClose close) {
    synchronized (this) {
      if (over == null) {
        over = close;
      }
    }
    topics.forget(appId, this);
    signal();
  }

  private void signal() {
    topics.pump().execute(() -> viewers.forEach(NewestViewer::newsArrived));
  }

  // ---- the reading

  @Override
  public void onSubscribe(Flow.Subscription subscribed) {
    boolean unwanted;
    synchronized (this) {
      subscription = subscribed;
      unwanted = over != null;
    }
    if (unwanted) {
      subscribed.cancel();
    } else {
      subscribed.request(Long.MAX_VALUE); // what is new replaces what was
    }
  }

  @Override
  public void onNext(StreamMessage message) {
    show(message);
    signal();
  }

  private synchronized void show(StreamMessage message) {
    Numbered frame = new Numbered(next++, ByteBuffer.wrap(MessageEncoder.frame(message, true)));
    if (message instanceof ContainerStatus status) {
      if (!status.isRunning()) {
        newest.remove(statsKey(status.container())); // it uses nothing any more
      }
      String key = "status of " + status.containerId();
      newest.remove(key);
      if (status.state().equals(ContainerStatus.REMOVED)) {
        removed.put(key, frame);
        if (removed.size() > MAX_REMOVED) {
          removed.remove(removed.keySet().iterator().next());
        }
      } else {
        newest.put(key, frame);
      }
    } else {
      String key =
          message instanceof ContainerStats stats ? statsKey(stats.container()) : "the last word";
      newest.remove(key);
      newest.put(key, frame);
    }
  }

  private static String statsKey(String container) {
    return "stats of " + container;
  }

  @Override
  public void onError(Throwable problem) {
    StreamException known =
        problem instanceof StreamException e
            ? e
            : new StreamException(ErrorCode.INTERNAL, "The stats cannot be read", problem);
    if (known != problem) {
      LOG.log(System.Logger.Level.ERROR, "unexpected failure", problem);
    }
    show(new StreamError(Instant.now(), String.valueOf(known.getMessage()), known.code()));
    end(StreamClose.of(known.code()));
  }

  @Override
  public void onComplete() {
    end(StreamClose.END);
  }
}
