package io.miststream.server;

import io.miststream.core.topic.Viewer;

/**
 * A connection that can write a viewer's ready-made frames itself, without the container framing
 * each message anew. A container that has one puts it into the session's user properties under
 * {@link #PROPERTY} during the handshake; without it the endpoints send through {@code
 * getAsyncRemote().sendText}.
 */
public interface FrameConnection {

  /** Name of the user property. */
  String PROPERTY = "io.miststream.server.FrameConnection";

  /** Where the peer is, for the {@linkplain io.miststream.server.security.Audit audit}. */
  String address();

  /**
   * Sends what the viewer has, now and whenever there is more, and the close at its end. Returns at
   * once; called at most once. The endpoint closes the viewer when the session is closed.
   */
  void serve(Viewer viewer);
}
