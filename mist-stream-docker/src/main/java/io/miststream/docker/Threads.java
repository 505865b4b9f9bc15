package io.miststream.docker;

import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicLong;

/** Names this module's threads. */
final class Threads {
  private static final AtomicLong COUNT = new AtomicLong();

  private Threads() {}

  /** Daemon threads called {@code prefix-1}, {@code prefix-2} …, numbered across all prefixes. */
  static ThreadFactory named(String prefix) {
    return task -> {
      Thread thread = new Thread(task, prefix + "-" + COUNT.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }
}
