package io.miststream.core.topic;

import java.util.ArrayDeque;
import java.util.Queue;

/** Bounds how many viewers read history of their own at a time; the others wait their turn. */
final class ReadSlots {
  private final Queue<Runnable> queue = new ArrayDeque<>(); // at most one entry per viewer
  private int free;

  ReadSlots(int slots) {
    free = slots;
  }

  /** Runs {@code read} now or when a slot is free; whoever ran must {@link #release} once. */
  void acquire(Runnable read) {
    synchronized (this) {
      if (free == 0) {
        queue.add(read);
        return;
      }
      free--;
    }
    read.run();
  }

  void release() {
    Runnable next;
    synchronized (this) {
      next = queue.poll();
      if (next == null) {
        free++;
        return;
      }
    }
    next.run();
  }
}
