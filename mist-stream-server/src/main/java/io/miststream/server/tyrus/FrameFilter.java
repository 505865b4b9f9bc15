package io.miststream.server.tyrus;

import java.io.IOException;
import org.glassfish.grizzly.Buffer;
import org.glassfish.grizzly.Grizzly;
import org.glassfish.grizzly.attributes.Attribute;
import org.glassfish.grizzly.filterchain.BaseFilter;
import org.glassfish.grizzly.filterchain.FilterChainContext;
import org.glassfish.grizzly.filterchain.NextAction;
import org.glassfish.grizzly.nio.NIOConnection;
import org.glassfish.grizzly.utils.IdleTimeoutFilter;

/** What reads a connection once it is a WebSocket, in place of the whole HTTP chain. */
final class FrameFilter extends BaseFilter {
  private static final Attribute<FrameReader> READER =
      Grizzly.DEFAULT_ATTRIBUTE_BUILDER.createAttribute("io.miststream.server.FrameReader");

  private final IdleTimeoutFilter idleTimeouts;

  /**
   * @param idleTimeouts the HTTP chain's, which has put every connection on its list and has to
   *     take it off again
   */
  FrameFilter(IdleTimeoutFilter idleTimeouts) {
    this.idleTimeouts = idleTimeouts;
  }

  static void attach(NIOConnection connection, FrameReader reader) {
    READER.set(connection, reader);
  }

  @Override
  public NextAction handleRead(FilterChainContext ctx) throws IOException {
    Buffer bytes = ctx.getMessage();
    FrameReader reader = READER.get((NIOConnection) ctx.getConnection());
    if (reader != null && bytes.hasRemaining()) {
      reader.read(bytes.toByteBuffer());
    }
    bytes.tryDispose();
    return ctx.getStopAction();
  }

  @Override
  public NextAction handleClose(FilterChainContext ctx) throws IOException {
    idleTimeouts.handleClose(ctx);
    return ctx.getInvokeAction();
  }

  @Override
  public void exceptionOccurred(FilterChainContext ctx, Throwable error) {
    ctx.getConnection().terminateSilently();
  }
}
