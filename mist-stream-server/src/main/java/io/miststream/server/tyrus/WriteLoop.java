package io.miststream.server.tyrus;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread that does the writing of many connections, a turn each. While it works through those
 * that are ready, more frames gather for the others, so that the busier it is the more go into one
 * write.
 */
final class WriteLoop implements Runnable {
  private static final Logger LOG = LoggerFactory.getLogger(WriteLoop.class);

  // Not one of the concurrent queues, which make an object for each entry.
  private final ArrayDeque<ConnectionWriter> ready = new ArrayDeque<>(); // guarded by itself
  private final Thread thread;
  private volatile boolean idle;

  // The loop's thread only.
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(ConnectionWriter.WRITE_BYTES);
  private final List<ByteBuffer> slices = new ArrayList<>();
  private volatile boolean stopped;

  WriteLoop(String name) {
    thread = new Thread(this, name);
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Gives a connection a turn. Any thread. */
  void add(ConnectionWriter writer) {
    synchronized (ready) {
      ready.add(writer);
    }
    if (idle) {
      LockSupport.unpark(thread);
    }
  }

  /** To gather a write in; on the loop's thread only. */
  ByteBuffer buffer() {
    return buffer.clear();
  }

  /** To poll a viewer into; on the loop's thread only. */
  List<ByteBuffer> slices() {
    slices.clear();
    return slices;
  }

  boolean isCurrentThread() {
    return Thread.currentThread() == thread;
  }

  /** Ends the thread and waits for that, but for 1 s at most. */
  void stop() {
    stopped = true;
    LockSupport.unpark(thread);
    try {
      thread.join(1000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void run() {
    while (!stopped) {
      ConnectionWriter next = poll();
      if (next == null) {
        idle = true;
        next = poll();
        if (next == null && !stopped) {
          LockSupport.park(this);
        }
        idle = false;
      }
      if (next != null) {
        turn(next);
      }
    }
  }

  private @Nullable ConnectionWriter poll() {
    synchronized (ready) {
      return ready.poll();
    }
  }

  private static void turn(ConnectionWriter writer) {
    try {
      writer.takeTurn();
    } catch (RuntimeException | Error e) {
      LOG.warn("Writing to {} failed", writer, e);
      writer.terminate();
    }
  }
}
