package io.miststream.core.topic;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** How many viewers of one kind of stream there are, and what they have been sent. Thread-safe. */
public final class Traffic {
  private final AtomicInteger viewers = new AtomicInteger();
  private final LongAdder messages = new LongAdder();
  private final LongAdder bytes = new LongAdder();

  /** Viewers that are there now. */
  public int viewers() {
    return viewers.get();
  }

  /** Messages handed to connections so far, in all; to a connection that broke, perhaps in vain. */
  public long messages() {
    return messages.sum();
  }

  /** Bytes of those messages, with the headers of their frames. */
  public long bytes() {
    return bytes.sum();
  }

  void came() {
    viewers.incrementAndGet();
  }

  void left() {
    viewers.decrementAndGet();
  }

  void sent(int count, long length) {
    messages.add(count);
    bytes.add(length);
  }
}
