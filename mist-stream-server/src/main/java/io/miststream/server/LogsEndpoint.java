package io.miststream.server;

import io.miststream.core.ErrorCode;
import io.miststream.core.StreamError;
import io.miststream.core.StreamException;
import io.miststream.core.topic.LogTopics;
import io.miststream.core.topic.StreamClose;
import io.miststream.core.topic.Viewer;
import io.miststream.core.wire.WireCodec;
import jakarta.websocket.CloseReason;
import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.Session;
import java.time.Duration;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One instance serves all sessions: containers differ in how many they make, so whatever belongs to
 * a session lives in its user properties. Public because containers look for its methods; {@link
 * StreamEndpoints} makes it.
 */
public final class LogsEndpoint extends Endpoint {
  private static final Logger LOG = LoggerFactory.getLogger(LogsEndpoint.class);

  private static final String VIEWER = "io.miststream.server.Viewer";
  // A message that a container cannot get rid of in this time is not going to arrive.
  private static final Duration SEND_TIMEOUT = Duration.ofSeconds(60);

  private final LogTopics topics;
  private final LogRequestParser parser;

  LogsEndpoint(LogTopics topics, LogRequestParser parser) {
    this.topics = topics;
    this.parser = parser;
  }

  @Override
  public void onOpen(Session session, EndpointConfig config) {
    // Idle is a quiet app's normal state. Zero would do by the API, but has Tyrus set up and cancel
    // a timer at each message.
    session.setMaxIdleTimeout(-1);
    InboundLimit.install(session);
    try {
      Viewer viewer = topics.open(parser.parse(session.getQueryString()));
      session.getUserProperties().put(VIEWER, viewer);
      if (session.getUserProperties().get(FrameConnection.PROPERTY)
          instanceof FrameConnection connection) {
        connection.serve(viewer);
      } else {
        new TextSender(session, viewer, SEND_TIMEOUT).start();
      }
    } catch (StreamException e) {
      refuse(session, e.code(), String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      LOG.warn("Opening {} failed", session.getRequestURI().getPath(), e);
      refuse(session, ErrorCode.INTERNAL, "Something went wrong on the server");
    }
  }

  private static void refuse(Session session, ErrorCode code, String message) {
    StreamClose close = StreamClose.of(code);
    session
        .getAsyncRemote()
        .sendText(
            WireCodec.encode(new StreamError(Instant.now(), message, code)),
            sent -> Sessions.close(session, close));
  }

  @Override
  public void onClose(Session session, CloseReason reason) {
    closeViewer(session);
  }

  @Override
  public void onError(Session session, Throwable error) {
    LOG.debug("Session {} failed", session.getId(), error);
    if (!session.isOpen()) {
      closeViewer(session);
    }
  }

  private static void closeViewer(Session session) {
    if (session.getUserProperties().remove(VIEWER) instanceof Viewer viewer) {
      viewer.close();
    }
  }
}
