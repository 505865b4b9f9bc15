package io.miststream.core.topic;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A few daemon threads for what is short and must not run where it is noticed: waking viewers, and
 * reading for them. They end after a minute without work.
 */
public final class Pump implements Executor, AutoCloseable {
  private final ThreadPoolExecutor threads;

  /**
   * A pump without threads so far.
   *
   * @param name of its threads, which are numbered
   * @param size most threads
   */
  public Pump(String name, int size) {
    threads =
        new ThreadPoolExecutor(
            size,
            size,
            1,
            TimeUnit.MINUTES,
            new LinkedBlockingQueue<>(), // holds at most one task per topic, viewer and its read
            daemons(name));
    threads.allowCoreThreadTimeOut(true);
  }

  /** A pump with a thread per processor, two at least. */
  public static Pump perProcessor(String name) {
    return new Pump(name, Math.max(2, Runtime.getRuntime().availableProcessors()));
  }

  /** Makes daemon threads, numbered from 1. */
  public static ThreadFactory daemons(String name) {
    AtomicInteger number = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, name + "-" + number.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }

  @Override
  public void execute(Runnable task) {
    threads.execute(task);
  }

  /** Viewers still poll and may need it; its threads end as soon as nothing is left to do. */
  @Override
  public void close() {
    threads.setKeepAliveTime(100, TimeUnit.MILLISECONDS);
  }
}
