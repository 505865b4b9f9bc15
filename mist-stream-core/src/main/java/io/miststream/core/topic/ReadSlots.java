package io.miststream.core.topic;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Executor;

/** Bounds how many viewers read history of their own at a time; the others wait their turn. */
final class ReadSlots {
  private final int slots;
  private final Executor pump;

  // All below is guarded by this.
  private final Set<Backfill> waiting = new LinkedHashSet<>();
  private final Set<Backfill> reading = new HashSet<>();
  private boolean closed;

  /**
   * @param pump where reads begin: whoever brings one, or lets a slot go, may hold locks
   */
  ReadSlots(int slots, Executor pump) {
    this.slots = slots;
    this.pump = pump;
  }

  /** Has a read begin as soon as a slot is free. */
  void acquire(Backfill read) {
    synchronized (this) {
      if (!closed) {
        waiting.add(read);
        startNext();
        return;
      }
    }
    read.shutDown();
  }

  /** Gives back the slot of a read, or its place in the queue. Idempotent. */
  synchronized void release(Backfill read) {
    waiting.remove(read);
    reading.remove(read);
    startNext();
  }

  private void startNext() {
    Iterator<Backfill> queue = waiting.iterator();
    while (reading.size() < slots && queue.hasNext()) {
      Backfill next = queue.next();
      queue.remove();
      reading.add(next);
      pump.execute(next::read);
    }
  }

  /** Ends all reads, and those that are yet to come. */
  void close() {
    List<Backfill> all;
    synchronized (this) {
      closed = true;
      all = new ArrayList<>(waiting);
      all.addAll(reading);
      waiting.clear();
    }
    all.forEach(Backfill::shutDown);
  }
}
