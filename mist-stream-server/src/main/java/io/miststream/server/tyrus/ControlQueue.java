package io.miststream.server.tyrus;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * What waits to be written besides a viewer's frames. Bounded, because a client decides how much it
 * makes the server answer. Thread-safe.
 */
final class ControlQueue {
  private static final int MAX_FRAMES = 1024;
  private static final int MIN_BYTES = 64 << 10;

  private final int maxBytes;
  private @Nullable ArrayDeque<ControlFrame> frames; // guarded by this; null while empty, as mostly
  private int bytes; // guarded by this

  ControlQueue(int maxMessageBytes) {
    // Room for a few answers as long as what they answer.
    maxBytes = Math.max(MIN_BYTES, 4 * maxMessageBytes);
  }

  /** Adds a frame; false if there is no room. */
  synchronized boolean offer(ControlFrame frame) {
    ArrayDeque<ControlFrame> waiting = frames;
    if (waiting == null) {
      waiting = new ArrayDeque<>(2);
      frames = waiting;
    }
    int length = frame.bytes().remaining();
    if (waiting.size() >= MAX_FRAMES || bytes + length > maxBytes) {
      return false;
    }
    bytes += length;
    return waiting.add(frame);
  }

  synchronized @Nullable ControlFrame poll() {
    ArrayDeque<ControlFrame> waiting = frames;
    if (waiting == null) {
      return null;
    }
    ControlFrame next = waiting.poll();
    if (next != null) {
      bytes -= next.bytes().remaining();
    }
    if (waiting.isEmpty()) {
      frames = null;
    }
    return next;
  }

  void failAll() {
    for (ControlFrame frame = poll(); frame != null; frame = poll()) {
      frame.failed();
    }
  }
}
