package io.miststream.core.metrics;

import io.miststream.core.HostMetrics;
import io.miststream.core.MetricsSource;
import io.miststream.core.topic.Pump;
import io.miststream.core.topic.StreamClose;
import io.miststream.core.topic.Traffic;
import io.miststream.core.topic.Viewer;
import io.miststream.core.wire.MessageEncoder;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Lets any number of viewers watch a host at the cost of one sample a second. It samples while it
 * is watched and a while longer, or always if it is to keep a history. A viewer that lags skips to
 * the newest sample.
 *
 * <p>Thread-safe. Owns a few daemon threads; the source stays the caller's.
 */
public final class MetricsTopic implements AutoCloseable {

  /** Most samples of history, and so the most that a viewer may ask for: five minutes' worth. */
  public static final int MAX_HISTORY = 300;

  private static final Duration BEAT = Duration.ofSeconds(1);
  // A share of the processors' time has to be taken over some time.
  private static final Duration FIRST = Duration.ofMillis(200);
  // Without a viewer there is no hurry, and a program that has just started has other things to do.
  private static final Duration UNHURRIED = Duration.ofSeconds(2);
  private static final System.Logger LOG = System.getLogger(MetricsTopic.class.getName());

  private final MetricsSource source;
  private final boolean keepHistory;
  private final long lingerNanos;
  private final Time time;
  private final Traffic traffic = new Traffic();
  private final Pump pump = new Pump("mist-metrics-pump", 2);
  private final Set<NewestViewer> viewers = ConcurrentHashMap.newKeySet();
  private final Samples samples;

  private MetricsTopic(Builder builder) {
    source = builder.source;
    keepHistory = builder.keepHistory;
    lingerNanos = builder.linger.toNanos();
    time = builder.time;
    samples = new Samples();
    if (keepHistory) {
      samples.start();
    }
  }

  /** A topic with the defaults of {@link Builder}. */
  public static MetricsTopic create(MetricsSource source) {
    return builder(source).build();
  }

  /** Everything that can be set. */
  public static Builder builder(MetricsSource source) {
    return new Builder(source);
  }

  /**
   * Opens a stream: some past samples, oldest first, the newest, and then one a second. Never
   * blocks. The caller closes the viewer.
   *
   * @param history how many past samples, 0 to {@link #MAX_HISTORY}; fewer if there are no more
   * @throws IllegalArgumentException if it is not
   */
  public Viewer open(int history) {
    if (history < 0 || history > MAX_HISTORY) {
      throw new IllegalArgumentException("history must be 0 to " + MAX_HISTORY);
    }
    return samples.join(history);
  }

  /** How many viewers there are, and what they have been sent. */
  public Traffic traffic() {
    return traffic;
  }

  /** Whether the host is being sampled at the moment. */
  public boolean isSampling() {
    return samples.isSampling();
  }

  /** Ends every stream with {@link StreamClose#SHUTDOWN}, and the sampling. Idempotent. */
  @Override
  public void close() {
    samples.end();
    pump.close();
  }

  /** Settings of a {@link MetricsTopic}. */
  public static final class Builder {
    private final MetricsSource source;
    private Duration linger = Duration.ofSeconds(10);
    private boolean keepHistory;
    private Time time = Time.SYSTEM;

    private Builder(MetricsSource source) {
      this.source = source;
    }

    /** How long to go on sampling after the last viewer has left; default 10 s, 0 or more. */
    public Builder linger(Duration time) {
      if (time.isNegative()) {
        throw new IllegalArgumentException("linger must not be negative");
      }
      linger = time;
      return this;
    }

    /**
     * Whether to sample even while nobody watches, so that there is a history of five minutes for
     * whoever comes; default false. Without a viewer it begins 2 s after the topic is built.
     */
    public Builder keepHistory(boolean keep) {
      keepHistory = keep;
      return this;
    }

    /** For tests. */
    Builder time(Time source) {
      time = source;
      return this;
    }

    /** The topic; without a history to be kept nothing is read until the first viewer comes. */
    public MetricsTopic build() {
      return new MetricsTopic(this);
    }
  }

  /** The newest samples, and who takes them. */
  private final class Samples implements Newest {
    // All guarded by this.
    private final ArrayDeque<Numbered> kept = new ArrayDeque<>(MAX_HISTORY + 2);
    private long next;
    private @Nullable Sampler sampler;
    private long unwatchedSince = time.nanos();
    private boolean closed;

    synchronized Viewer join(int history) {
      // The newest is none of the past ones.
      long first = next - Math.min(kept.size(), history + 1);
      NewestViewer viewer = new NewestViewer(pump, traffic, this, first, next);
      viewers.add(viewer);
      notifyAll();
      if (sampler == null && !closed) {
        start();
      }
      return viewer;
    }

    synchronized void start() {
      sampler = new Sampler();
      Pump.daemons("mist-metrics").newThread(sampler).start();
    }

    /** Waits until there is a reason to begin. */
    synchronized void awaitBeginning() throws InterruptedException {
      long due = time.nanos() + UNHURRIED.toNanos();
      while (viewers.isEmpty() && !closed && time.nanos() - due < 0) {
        time.await(this, due);
      }
    }

    synchronized boolean isSampling() {
      return sampler != null;
    }

    synchronized void end() {
      closed = true;
      sampler = null;
      notifyAll();
      signal();
    }

    @Override
    public synchronized List<Numbered> from(long position, long historyEnd) {
      Numbered newest = kept.peekLast();
      if (newest == null || newest.number() < position) {
        return List.of();
      }
      return position >= historyEnd
          ? List.of(newest)
          : kept.stream().filter(s -> s.number() >= position && s.number() < historyEnd).toList();
    }

    @Override
    public synchronized @Nullable StreamClose close() {
      return closed ? StreamClose.SHUTDOWN : null;
    }

    @Override
    public synchronized void leave(NewestViewer viewer) {
      if (viewers.remove(viewer)) {
        unwatchedSince = time.nanos();
      }
    }

    private void signal() {
      pump.execute(() -> viewers.forEach(NewestViewer::newsArrived));
    }

    synchronized void show(HostMetrics sample) {
      kept.add(new Numbered(next++, ByteBuffer.wrap(MessageEncoder.frame(sample, true))));
      if (kept.size() > MAX_HISTORY + 1) {
        kept.remove();
      }
      signal();
    }

    /** Waits for the time of a beat; false if this sampler is not wanted any more by then. */
    synchronized boolean await(Sampler mine, long due) throws InterruptedException {
      while (sampler == mine && time.nanos() - due < 0) {
        time.await(this, due);
      }
      if (sampler == mine
          && !keepHistory
          && viewers.isEmpty()
          && time.nanos() - unwatchedSince >= lingerNanos) {
        sampler = null;
        kept.clear(); // else the next to come would take it for the last minutes
      }
      return sampler == mine;
    }
  }

  /**
   * Samples on a beat that does not drift: each is due a whole number of seconds after it began.
   */
  private final class Sampler implements Runnable {
    private MetricsSource.@Nullable Sampling sampling;
    private boolean failed;

    @Override
    public void run() {
      try {
        samples.awaitBeginning();
        long begin = time.nanos();
        long beat = BEAT.toNanos();
        open();
        long due = begin + FIRST.toNanos();
        while (samples.await(this, due)) {
          sample();
          // If one took too long, those that it covered are left out.
          due = begin + ((time.nanos() - begin) / beat + 1) * beat;
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } finally {
        if (sampling != null) {
          sampling.close();
        }
      }
    }

    private void open() {
      try {
        sampling = source.open();
      } catch (RuntimeException e) {
        failed(e);
      }
    }

    private void sample() {
      if (sampling == null) {
        open();
      }
      MetricsSource.Sampling reading = sampling;
      if (reading != null) {
        try {
          samples.show(reading.sample());
          failed = false;
        } catch (RuntimeException e) {
          failed(e);
        }
      }
    }

    private void failed(RuntimeException problem) {
      if (!failed) {
        failed = true; // once for all that follow
        LOG.log(System.Logger.Level.ERROR, "the host cannot be sampled", problem);
      }
    }
  }
}
