package io.miststream.server.tyrus;

import java.io.IOException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.glassfish.grizzly.Connection;
import org.glassfish.grizzly.Context;
import org.glassfish.grizzly.IOEvent;
import org.glassfish.grizzly.IOEventLifeCycleListener;
import org.glassfish.grizzly.IOStrategy;
import org.glassfish.grizzly.Transport;
import org.glassfish.grizzly.strategies.WorkerThreadIOStrategy;
import org.glassfish.grizzly.threadpool.ThreadPoolConfig;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Grizzly's own strategy, but for connections that cannot be accepted, because the process has no
 * descriptor left. Those stay in the system's queue, and the transport would try again at once and
 * for ever.
 */
@SuppressWarnings("rawtypes") // as the interface has them
final class AcceptStrategy implements IOStrategy {
  private static final Logger LOG = LoggerFactory.getLogger(AcceptStrategy.class);
  private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(10);
  private static final long BETWEEN_WARNINGS = TimeUnit.MINUTES.toNanos(1);

  private final IOStrategy others = WorkerThreadIOStrategy.getInstance();
  private final IOEventLifeCycleListener failures = new Failures();
  private final Heartbeat heartbeat;
  private long nextWarning = System.nanoTime(); // of the one thread that accepts

  AcceptStrategy(Heartbeat heartbeat) {
    this.heartbeat = heartbeat;
  }

  @Override
  public boolean executeIoEvent(Connection connection, IOEvent event) throws IOException {
    return executeIoEvent(connection, event, true);
  }

  @Override
  public boolean executeIoEvent(Connection connection, IOEvent event, boolean enabled)
      throws IOException {
    if (event != IOEvent.SERVER_ACCEPT) {
      return others.executeIoEvent(connection, event, enabled);
    }
    connection.getTransport().fireIOEvent(event, connection, failures);
    return true;
  }

  @Override
  public @Nullable Executor getThreadPoolFor(Connection connection, IOEvent event) {
    return others.getThreadPoolFor(connection, event);
  }

  @Override
  public ThreadPoolConfig createDefaultWorkerPoolConfig(Transport transport) {
    return others.createDefaultWorkerPoolConfig(transport);
  }

  private final class Failures extends IOEventLifeCycleListener.Adapter {
    @Override
    public void onError(Context context, Object problem) throws IOException {
      long now = System.nanoTime();
      if (now - nextWarning >= 0) {
        nextWarning = now + BETWEEN_WARNINGS;
        LOG.warn("Cannot accept connections: {}", String.valueOf(problem));
      }
      heartbeat.http().dropOne();
      // A pause in any case: there may have been none to drop, and a descriptor takes a moment.
      context.getConnection().disableIOEvent(IOEvent.SERVER_ACCEPT);
      heartbeat.later(() -> acceptAgain(context.getConnection()), PAUSE);
    }
  }

  private static void acceptAgain(Connection listener) {
    try {
      listener.enableIOEvent(IOEvent.SERVER_ACCEPT);
    } catch (IOException e) {
      LOG.debug("{} is closed", listener, e);
    }
  }
}
