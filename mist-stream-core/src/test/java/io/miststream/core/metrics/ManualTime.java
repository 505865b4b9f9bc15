package io.miststream.core.metrics;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** Stands still until a test moves it. */
final class ManualTime implements Time {
  private static final long PATIENCE = TimeUnit.SECONDS.toNanos(30);

  // All guarded by this.
  private final Set<Object> monitors = new HashSet<>(); // by identity: they have no equals
  private long now;
  private long due; // of the last that waited

  @Override
  public synchronized long nanos() {
    return now;
  }

  @Override
  public void await(Object monitor, long time) throws InterruptedException {
    synchronized (this) {
      monitors.add(monitor);
      due = time;
      notifyAll();
      if (now >= time) {
        return;
      }
    }
    TimeUnit.NANOSECONDS.timedWait(monitor, PATIENCE); // advance() cannot notify before this
  }

  /** Moves on. */
  @SuppressWarnings("NakedNotify") // what changed is the time
  void advance(Duration time) {
    Set<Object> waiting;
    synchronized (this) {
      now += time.toNanos();
      waiting = Set.copyOf(monitors);
    }
    for (Object monitor : waiting) {
      synchronized (monitor) {
        monitor.notifyAll();
      }
    }
  }

  /** Waits until somebody waits for a time to come, and returns how far off it is. */
  synchronized Duration awaitSleeper() throws InterruptedException {
    long end = System.nanoTime() + PATIENCE;
    while (due <= now) {
      if (System.nanoTime() > end) {
        throw new AssertionError("nobody waits");
      }
      TimeUnit.NANOSECONDS.timedWait(this, PATIENCE);
    }
    return Duration.ofNanos(due - now);
  }
}
