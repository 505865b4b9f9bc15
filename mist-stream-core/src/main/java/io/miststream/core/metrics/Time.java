package io.miststream.core.metrics;

import java.util.concurrent.TimeUnit;

/** The time that a {@link MetricsTopic} keeps; a seam for tests. */
interface Time {

  /** The JVM's. */
  Time SYSTEM =
      new Time() {
        @Override
        public long nanos() {
          return System.nanoTime();
        }

        @Override
        public void await(Object monitor, long due) throws InterruptedException {
          TimeUnit.NANOSECONDS.timedWait(monitor, due - nanos());
        }
      };

  /** As {@link System#nanoTime}. */
  long nanos();

  /**
   * Waits until a time, or until the monitor is notified; may return sooner.
   *
   * @param monitor held by the caller
   */
  void await(Object monitor, long due) throws InterruptedException;
}
