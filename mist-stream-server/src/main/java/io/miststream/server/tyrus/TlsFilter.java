package io.miststream.server.tyrus;

import io.miststream.server.security.RateLimit;
import java.io.IOException;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import org.glassfish.grizzly.Buffer;
import org.glassfish.grizzly.Connection;
import org.glassfish.grizzly.Grizzly;
import org.glassfish.grizzly.attributes.Attribute;
import org.glassfish.grizzly.filterchain.FilterChainContext;
import org.glassfish.grizzly.filterchain.NextAction;
import org.glassfish.grizzly.nio.NIOConnection;
import org.glassfish.grizzly.ssl.SSLBaseFilter;
import org.glassfish.grizzly.ssl.SSLEngineConfigurator;
import org.glassfish.grizzly.ssl.SSLUtils;
import org.jspecify.annotations.Nullable;

/**
 * Grizzly's TLS, but for what a client may do behind the first handshake.
 *
 * <p>Who begins that of TLS 1.2 anew is cut off. No browser does; it costs the server far more than
 * the client; and Grizzly waits for the rest of it on a worker thread, of which those who stop
 * halfway would soon keep all. TLS 1.3 has key updates instead (RFC 8446, section 4.6.3), which are
 * answered at once: so many a second.
 */
@SuppressWarnings("rawtypes") // as the class above has them
final class TlsFilter extends SSLBaseFilter {
  private static final String V13 = "TLSv1.3";
  private static final String V12 = "TLSv1.2";
  private static final int KEY_UPDATES_PER_SECOND = 10;

  private static final Attribute<RateLimit> KEY_UPDATES =
      Grizzly.DEFAULT_ATTRIBUTE_BUILDER.createAttribute(
          "io.miststream.server.KeyUpdates",
          () -> new RateLimit(KEY_UPDATES_PER_SECOND, System::nanoTime));

  private final HttpConnections connections;

  TlsFilter(SSLEngineConfigurator engines, HttpConnections connections) {
    super(engines);
    this.connections = connections;
  }

  /** What makes the engines of connections that show what the context says. */
  static SSLEngineConfigurator engines(SSLContext context) {
    SSLEngineConfigurator engines = new SSLEngineConfigurator(context, false, false, false);
    engines.setEnabledProtocols(new String[] {V13, V12});
    return engines;
  }

  @Override
  public NextAction handleAccept(FilterChainContext ctx) throws IOException {
    HttpConnection connection = HttpConnection.of((NIOConnection) ctx.getConnection());
    if (connection != null) {
      connection.handshaking(true);
      connections.handshakeBegun(connection);
    }
    return super.handleAccept(ctx);
  }

  @Override
  public NextAction handleRead(FilterChainContext ctx) throws IOException {
    String agreed = agreed(ctx.getConnection());
    if (V13.equals(agreed)) {
      return readRecords(ctx);
    }
    if (V12.equals(agreed)) {
      return super.handleRead(ctx);
    }
    Buffer received = ctx.getMessage();
    NextAction action = super.handleRead(ctx);
    if (ctx.getMessage() == received) {
      return action;
    }
    // The handshake is over, and a request has come with its end: that is for other threads.
    NextAction suspended = ctx.getSuspendAction();
    ctx.suspend();
    ctx.getConnection().getTransport().getWorkerThreadPool().execute(() -> ctx.resume(action));
    return suspended;
  }

  /**
   * Under the lock that writing takes: what a key update is answered with must go out before
   * anything that is encrypted with the new key. And a record at a time: with a key update, Grizzly
   * throws away what has arrived behind it.
   */
  private NextAction readRecords(FilterChainContext ctx) throws IOException {
    synchronized (ctx.getConnection()) {
      while (true) {
        Buffer records = ctx.getMessage();
        int length = SSLUtils.getSSLPacketSize(records);
        if (length < 0 || length >= records.remaining()) {
          return super.handleRead(ctx);
        }
        Buffer rest = records.split(records.position() + length);
        NextAction action = super.handleRead(ctx);
        Buffer read = ctx.getMessage();
        if (read != records) {
          return read.hasRemaining() ? ctx.getInvokeAction(rest) : action; // the end, if empty
        }
        ctx.setMessage(rest);
      }
    }
  }

  /** The version, which is "NONE" until the first handshake is over; null before it begins. */
  private static @Nullable String agreed(Connection<?> connection) {
    SSLEngine engine = SSLUtils.getSSLEngine(connection);
    return engine == null ? null : engine.getSession().getProtocol();
  }

  @Override
  protected void notifyHandshakeStart(Connection connection) {
    String agreed = agreed(connection);
    if (V12.equals(agreed) || (V13.equals(agreed) && !KEY_UPDATES.get(connection).take())) {
      connection.terminateSilently();
    } else {
      super.notifyHandshakeStart(connection);
    }
  }

  @Override
  protected void notifyHandshakeComplete(Connection<?> connection, SSLEngine engine) {
    HttpConnection known = HttpConnection.of((NIOConnection) connection);
    if (known != null) { // null of a WebSocket, after a key update
      known.handshaking(false);
      connections.handshakeDone(known);
    }
    super.notifyHandshakeComplete(connection, engine);
  }
}
