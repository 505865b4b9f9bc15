package io.miststream.server.tyrus;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One timer for all connections: asks for pings, and drops who is dead, has stalled for too long,
 * does not close, or never completes its handshake.
 */
final class Heartbeat {
  private static final Logger LOG = LoggerFactory.getLogger(Heartbeat.class);
  private static final long LONGEST_TICK = TimeUnit.MILLISECONDS.toNanos(250);
  private static final long SHORTEST_TICK = TimeUnit.MILLISECONDS.toNanos(5);

  private final long pingInterval;
  private final long stallTimeout;
  private final long closeGrace;
  private final long handshakeTimeout;
  private final Set<ConnectionWriter> writers = ConcurrentHashMap.newKeySet();
  private final HttpConnections http;
  private final ScheduledExecutorService timer;

  Heartbeat(TransportSettings settings) {
    http = new HttpConnections(settings.maxHttpConnections(), settings.maxTlsHandshakes());
    pingInterval = nanos(settings.pingInterval());
    stallTimeout = nanos(settings.stallTimeout());
    closeGrace = nanos(settings.closeGrace());
    handshakeTimeout = nanos(settings.handshakeTimeout());
    timer =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "mist-stream-heartbeat");
              thread.setDaemon(true);
              return thread;
            });
  }

  private static long nanos(Duration duration) {
    try {
      // Sums with the clock must stay comparable by their difference.
      return Math.min(duration.toNanos(), Long.MAX_VALUE / 4);
    } catch (ArithmeticException e) {
      return Long.MAX_VALUE / 4;
    }
  }

  void start() {
    long shortest = Math.min(Math.min(pingInterval, stallTimeout), closeGrace);
    shortest = Math.min(shortest, handshakeTimeout);
    long tick = Math.max(SHORTEST_TICK, Math.min(LONGEST_TICK, shortest / 8));
    Future<?> unused = timer.scheduleWithFixedDelay(this::check, tick, tick, TimeUnit.NANOSECONDS);
  }

  private void check() {
    try {
      long now = System.nanoTime();
      writers.forEach(writer -> check(writer, () -> writer.check(now)));
      http.all().forEach(connection -> check(connection, () -> connection.check(now)));
    } catch (RuntimeException | Error e) {
      // The timer would never call again, and nobody be pinged or dropped any more.
      LOG.warn("Checking the connections failed", e);
    }
  }

  /** One that fails does not keep the others from their turn. */
  private static void check(Object connection, Runnable check) {
    try {
      check.run();
    } catch (RuntimeException | Error e) {
      LOG.warn("Checking {} failed", connection, e);
    }
  }

  void stop() {
    timer.shutdownNow();
  }

  long pingInterval() {
    return pingInterval;
  }

  long stallTimeout() {
    return stallTimeout;
  }

  long closeGrace() {
    return closeGrace;
  }

  long handshakeTimeout() {
    return handshakeTimeout;
  }

  /** All WebSocket connections. */
  Set<ConnectionWriter> writers() {
    return writers;
  }

  /** All others. */
  HttpConnections http() {
    return http;
  }

  /** Runs something quick on the timer's thread, unless everything has stopped by then. */
  void later(Runnable action, long nanos) {
    try {
      Future<?> unused = timer.schedule(action, nanos, TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      LOG.debug("Stopped", e);
    }
  }
}
