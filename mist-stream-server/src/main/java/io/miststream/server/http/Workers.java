package io.miststream.server.http;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads for what may block: the transport's own also decide over handshakes and answer {@code
 * /health}, which a slow disk must not hold up.
 */
final class Workers implements AutoCloseable {
  private static final int THREADS = 8;
  private static final int MAX_WAITING = 100;

  private final ThreadPoolExecutor threads;

  Workers() {
    AtomicInteger number = new AtomicInteger();
    threads =
        new ThreadPoolExecutor(
            THREADS,
            THREADS,
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(), // limited below
            task -> {
              Thread thread = new Thread(task, "mist-stream-http-" + number.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    threads.allowCoreThreadTimeOut(true);
  }

  /** Runs something new; false if too much waits already. */
  boolean begin(Runnable task) {
    if (threads.getQueue().size() >= MAX_WAITING || threads.isShutdown()) {
      return false;
    }
    goOn(task);
    return true;
  }

  /** Runs a further piece of what was begun; nothing once this is closed. */
  void goOn(Runnable task) {
    try {
      threads.execute(task);
    } catch (RejectedExecutionException e) {
      // The connections are closed then, and with them what this was for.
    }
  }

  /** Lets what runs come to its end, and waits for that for a moment. */
  @Override
  public void close() {
    threads.shutdown(); // an interrupt could close a file of the journal
    try {
      threads.awaitTermination(1, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
