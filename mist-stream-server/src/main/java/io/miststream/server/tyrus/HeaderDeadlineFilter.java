package io.miststream.server.tyrus;

import java.io.IOException;
import org.glassfish.grizzly.Buffer;
import org.glassfish.grizzly.filterchain.BaseFilter;
import org.glassfish.grizzly.filterchain.FilterChainContext;
import org.glassfish.grizzly.filterchain.NextAction;
import org.glassfish.grizzly.nio.NIOConnection;

/**
 * Stands right behind the transport and starts the clock of each request header; the gate, which
 * sees complete ones, stops it. Bytes that trickle in do not win more time.
 */
final class HeaderDeadlineFilter extends BaseFilter {

  private final Heartbeat heartbeat;

  HeaderDeadlineFilter(Heartbeat heartbeat) {
    this.heartbeat = heartbeat;
  }

  @Override
  public NextAction handleAccept(FilterChainContext ctx) throws IOException {
    HttpConnection state = HttpConnection.attach((NIOConnection) ctx.getConnection());
    state.headerStarted(heartbeat.handshakeTimeout());
    heartbeat.http().opened(state);
    return ctx.getInvokeAction();
  }

  @Override
  public NextAction handleRead(FilterChainContext ctx) throws IOException {
    HttpConnection state = HttpConnection.of((NIOConnection) ctx.getConnection());
    if (state != null) {
      if (state.isRefused()) {
        ctx.<Buffer>getMessage().tryDispose();
        return ctx.getStopAction();
      }
      state.headerStarted(heartbeat.handshakeTimeout());
    }
    return ctx.getInvokeAction();
  }

  @Override
  public NextAction handleClose(FilterChainContext ctx) throws IOException {
    HttpConnection state = HttpConnection.of((NIOConnection) ctx.getConnection());
    if (state != null) {
      heartbeat.http().left(state);
    }
    return ctx.getInvokeAction();
  }
}
