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

  TlsFilter(SSLEngineConfigurator engines) {
    super(engines);
  }

  /** What makes the engines of connections that show what the context says. */
  static SSLEngineConfigurator engines(SSLContext context) {
    SSLEngineConfigurator engines = new SSLEngineConfigurator(context, false, false, false);
    engines.setEnabledProtocols(new String[] {V13, V12});
    return engines;
  }

  /**
   * Under the lock that writing takes: what a key update is answered with must go out before
   * anything that is encrypted with the new key. And a record at a time: with a key update, Grizzly
   * throws away what has arrived behind it.
   */
  @Override
  public NextAction handleRead(FilterChainContext ctx) throws IOException {
    Connection<?> connection = ctx.getConnection();
    synchronized (connection) {
      while (V13.equals(agreed(connection))) {
        Buffer records = ctx.getMessage();
        int length = SSLUtils.getSSLPacketSize(records);
        if (length < 0 || length >= records.remaining()) {
          break;
        }
        Buffer rest = records.split(records.position() + length);
        NextAction action = super.handleRead(ctx);
        Buffer read = ctx.getMessage();
        if (read != records) {
          return read.hasRemaining() ? ctx.getInvokeAction(rest) : action; // the end, if empty
        }
        ctx.setMessage(rest);
      }
      return super.handleRead(ctx);
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
}
