package io.miststream.server.tyrus;

import java.io.IOException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.glassfish.grizzly.Connection;
import org.glassfish.grizzly.Context;
import org.glassfish.grizzly.Grizzly;
import org.glassfish.grizzly.IOEvent;
import org.glassfish.grizzly.IOEventLifeCycleListener;
import org.glassfish.grizzly.nio.NIOConnection;
import org.glassfish.grizzly.strategies.AbstractIOStrategy;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * On which thread what happens on a connection is dealt with: on Grizzly's workers, as usual, but
 * for two things.
 *
 * <p>Handshakes of TLS have threads of their own, half as many as there are processors. They are
 * nothing but arithmetic, and a flood of them would take the processors from everybody else.
 *
 * <p>Connections that cannot be accepted, because the process has no descriptor left, stay in the
 * system's queue, and the transport would try again at once and for ever.
 */
@SuppressWarnings("rawtypes") // as the class above has them
final class EventStrategy extends AbstractIOStrategy {
  private static final Logger LOG = LoggerFactory.getLogger(EventStrategy.class);
  private static final java.util.logging.Logger GRIZZLY = Grizzly.logger(EventStrategy.class);
  private static final long PAUSE = TimeUnit.MILLISECONDS.toNanos(10);
  private static final long BETWEEN_WARNINGS = TimeUnit.MINUTES.toNanos(1);

  private final IOEventLifeCycleListener failures = new Failures();
  private final Heartbeat heartbeat;
  private final Executor handshakes;
  private long nextWarning = System.nanoTime(); // of the one thread that accepts

  EventStrategy(Heartbeat heartbeat, Executor handshakes) {
    this.heartbeat = heartbeat;
    this.handshakes = handshakes;
  }

  @Override
  public boolean executeIoEvent(Connection connection, IOEvent event, boolean enabled)
      throws IOException {
    if (event == IOEvent.SERVER_ACCEPT) {
      connection.getTransport().fireIOEvent(event, connection, failures);
      return true;
    }
    IOEventLifeCycleListener after = null;
    if (isReadWrite(event)) {
      if (enabled) {
        connection.disableIOEvent(event);
      }
      after = ENABLE_INTEREST_LIFECYCLE_LISTENER;
    }
    IOEventLifeCycleListener listener = after;
    Executor threads = getThreadPoolFor(connection, event);
    if (threads == null) {
      fireIOEvent(connection, event, listener, GRIZZLY);
    } else {
      threads.execute(() -> fireIOEvent(connection, event, listener, GRIZZLY));
    }
    return true;
  }

  @Override
  public @Nullable Executor getThreadPoolFor(Connection connection, IOEvent event) {
    if (event == IOEvent.READ) {
      HttpConnection state = HttpConnection.of((NIOConnection) connection);
      if (state != null && state.isHandshaking()) {
        return handshakes;
      }
    }
    return super.getThreadPoolFor(connection, event);
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
