package io.miststream.server;

import io.miststream.core.topic.StreamClose;
import jakarta.websocket.CloseReason;
import jakarta.websocket.CloseReason.CloseCodes;
import jakarta.websocket.Session;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What every endpoint does with a session. */
final class Sessions {
  private static final Logger LOG = LoggerFactory.getLogger(Sessions.class);

  private Sessions() {}

  /** Closes a session that may be closed already. */
  static void close(Session session, StreamClose close) {
    try {
      if (session.isOpen()) {
        session.close(new CloseReason(CloseCodes.getCloseCode(close.code()), close.reason()));
      }
    } catch (IOException | RuntimeException e) {
      // Somebody else was faster, or the peer is gone.
      LOG.debug("Closing session {} failed", session.getId(), e);
    }
  }
}
