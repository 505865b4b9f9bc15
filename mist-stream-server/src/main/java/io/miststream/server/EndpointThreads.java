package io.miststream.server;

import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads of endpoints in somebody else's container: a few that send and one timer. Daemons,
 * which end after a minute without work, so that nobody has to close anything.
 */
final class EndpointThreads {
  private static final int SENDERS = Math.max(4, 2 * Runtime.getRuntime().availableProcessors());

  private final ThreadPoolExecutor senders;
  private final ScheduledThreadPoolExecutor timer;

  EndpointThreads() {
    senders =
        new ThreadPoolExecutor(
            SENDERS,
            SENDERS,
            1,
            TimeUnit.MINUTES,
            new LinkedBlockingQueue<>(), // holds at most two tasks per viewer
            daemons("mist-endpoint-sender-"));
    senders.allowCoreThreadTimeOut(true);
    timer = new ScheduledThreadPoolExecutor(1, daemons("mist-endpoint-timer-"));
    timer.setKeepAliveTime(1, TimeUnit.MINUTES);
    timer.allowCoreThreadTimeOut(true);
    timer.setRemoveOnCancelPolicy(true);
  }

  private static ThreadFactory daemons(String prefix) {
    AtomicInteger number = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, prefix + number.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }

  /** Runs what may block in a container's send. */
  void send(Runnable task) {
    senders.execute(task);
  }

  /** Does the same again and again until it is cancelled, first after one interval. */
  Future<?> every(long nanos, Runnable task) {
    return timer.scheduleWithFixedDelay(() -> send(task), nanos, nanos, TimeUnit.NANOSECONDS);
  }
}
