package io.miststream.server.tyrus;

import io.miststream.server.tyrus.HandshakeGate.Shares;
import org.glassfish.grizzly.CloseListener;
import org.glassfish.grizzly.CloseType;
import org.glassfish.grizzly.Closeable;
import org.glassfish.tyrus.core.CloseReasons;
import org.glassfish.tyrus.spi.Connection;

/** Tells everybody that a WebSocket's connection is gone. Grizzly calls it once. */
final class WebSocketCloseListener implements CloseListener<Closeable, CloseType> {
  private final HandshakeGate gate;
  private final ConnectionWriter writer;
  private final Connection session;
  private final Shares shares;

  WebSocketCloseListener(
      HandshakeGate gate, ConnectionWriter writer, Connection session, Shares shares) {
    this.gate = gate;
    this.writer = writer;
    this.session = session;
    this.shares = shares;
  }

  @Override
  public void onClosed(Closeable closeable, CloseType type) {
    gate.closed(writer, shares);
    writer.closed();
    session.close(CloseReasons.CLOSED_ABNORMALLY.getCloseReason());
  }
}
