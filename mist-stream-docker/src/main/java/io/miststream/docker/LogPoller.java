package io.miststream.docker;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Says when it is worth reading a container's log again.
 *
 * <p>A follow of the log wakes it, whose content is not used. Once the log file has been rotated
 * such a follow may be silent, so after its first bytes it is only trusted for a moment, and
 * replaced as soon as the container is quiet.
 */
final class LogPoller implements AutoCloseable {
  private static final long SHORTEST_MILLIS = 2;
  private static final long LONGEST_MILLIS = 100;
  private static final long GATHER_MILLIS = 4;
  private static final long MILLI = 1_000_000L;
  private static final long FOREVER_MILLIS = 365L * 24 * 3600 * 1000;
  private static final long QUIET_NANOS = 1_000_000_000L;

  private final Streams streams;
  private final ContainerInfo container;
  private final Wakeup news = new Wakeup();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final AtomicInteger generation = new AtomicInteger();
  private volatile boolean ended;
  private volatile boolean used;
  private volatile EngineStream signal;
  private long lastNew = System.nanoTime();
  private long lastRead = System.nanoTime();

  /** Opens the follow; the log has to be read once after that. */
  LogPoller(Streams streams, ContainerInfo container) throws IOException {
    this.streams = streams;
    this.container = container;
    this.signal = open();
  }

  /**
   * Waits until there may be something new.
   *
   * @param bytes how much the last read brought
   * @return false if the follow has ended: the container may have, too
   */
  boolean awaitNews(long bytes) throws IOException {
    long now = System.nanoTime();
    long sinceRead = Math.max(now - lastRead, MILLI);
    lastRead = now;
    if (bytes > 0) {
      lastNew = now;
    } else if (used && now - lastNew > QUIET_NANOS) {
      generation.incrementAndGet(); // so that this end is not taken for the container's
      signal.close();
      used = false;
      signal = open();
      return !isDone(); // read once more, for it may have missed something before it was open
    }
    if (!used) {
      news.await(FOREVER_MILLIS);
      return !isDone();
    }
    // The file must not be full again before it is read.
    long fill = bytes == 0 ? Long.MAX_VALUE : container.maxLogBytes() / 4 * sinceRead / bytes;
    long millis = Math.max(SHORTEST_MILLIS, Math.min(LONGEST_MILLIS, fill / MILLI));
    if (news.await(millis)) {
      gather(Math.min(GATHER_MILLIS, millis));
    }
    return !isDone();
  }

  /** Several lines in one read cost no more than one. */
  private void gather(long millis) {
    try {
      closed.await(millis, TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private boolean isDone() {
    return ended || closed.getCount() == 0;
  }

  private EngineStream open() throws IOException {
    int own = generation.incrementAndGet();
    EngineStream stream =
        streams.open("/containers/" + container.id() + "/logs?stdout=1&stderr=1&follow=1&tail=0");
    Threads.named("mist-docker-signal").newThread(() -> watch(stream, own)).start();
    return stream;
  }

  private void watch(EngineStream stream, int own) {
    byte[] ignored = new byte[8192];
    try {
      while (stream.read(ignored, 0, ignored.length) >= 0) {
        used = true;
        news.signal();
      }
    } catch (IOException e) {
      // Whoever reads the log next will find out why.
    }
    stream.close();
    if (own == generation.get()) {
      ended = true;
    }
    news.signal();
  }

  @Override
  public void close() {
    closed.countDown();
    signal.close();
    news.signal();
  }
}
