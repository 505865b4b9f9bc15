package io.miststream.benchmarks;

import io.miststream.core.LogLine;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Says when the next message is due: as fast as the slowest viewer takes them, or so many a second.
 * One thread publishes, others set and stop it.
 */
final class Pace {
  private volatile @Nullable LoadMessages messages; // null: pause
  private volatile long window;
  private volatile long everyNanos;
  private volatile long acknowledged;
  private volatile long sequence;
  private volatile @Nullable Thread publisher;
  private long due;

  /** Begins to publish: never more than {@code window} messages ahead of the slowest viewer. */
  void asFastAsTaken(LoadMessages made, long most) {
    acknowledged = sequence;
    window = most;
    everyNanos = 0;
    messages = made;
    wake();
  }

  /** Begins to publish at a rate. */
  void atRate(LoadMessages made, double perSecond) {
    window = Long.MAX_VALUE;
    everyNanos = (long) (1e9 / perSecond);
    due = System.nanoTime();
    messages = made;
    wake();
  }

  /** Publishes one message. */
  void once(LoadMessages made) {
    acknowledged = sequence;
    window = 1;
    everyNanos = 0;
    messages = made;
    wake();
  }

  void pause() {
    messages = null;
  }

  /** All viewers have so many messages of this run. */
  void acknowledge(long count, long since) {
    acknowledged = since + count;
    wake();
  }

  long published() {
    return sequence;
  }

  private void wake() {
    Thread thread = publisher;
    if (thread != null) {
      LockSupport.unpark(thread);
    }
  }

  /** Whether the next one is due now. */
  boolean isDue() {
    return messages != null
        && (everyNanos == 0 ? sequence - acknowledged < window : System.nanoTime() - due >= 0);
  }

  /** Waits until the next message is due, and makes it. */
  LogLine next() {
    publisher = Thread.currentThread();
    while (true) {
      LoadMessages source = messages;
      if (source != null && isDue()) {
        due += everyNanos;
        long seq = sequence;
        sequence = seq + 1;
        return source.line(seq);
      }
      long wait = everyNanos == 0 || source == null ? 0 : due - System.nanoTime();
      if (wait > 0) {
        LockSupport.parkNanos(this, wait);
      } else {
        LockSupport.park(this);
      }
    }
  }
}
