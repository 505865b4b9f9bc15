package io.miststream.benchmarks;

import io.miststream.core.LogLine;
import jakarta.websocket.CloseReason;
import jakarta.websocket.DeploymentException;
import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerApplicationConfig;
import jakarta.websocket.server.ServerEndpointConfig;
import java.io.IOException;
import java.net.ServerSocket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.glassfish.tyrus.core.TyrusSession;
import org.glassfish.tyrus.server.Server;

/** Stock Tyrus on its stock Grizzly container, as one would write it first. */
final class TyrusFanOut implements FanOut {
  private static final Set<Session> SESSIONS = ConcurrentHashMap.newKeySet();

  private final boolean broadcast;
  private final Server server;

  TyrusFanOut(boolean broadcast) throws DeploymentException, IOException {
    this.broadcast = broadcast;
    server = new Server("127.0.0.1", freePort(), "/", null, Config.class);
    server.start();
  }

  /** The stock server takes 0 for its own default. */
  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  /** One endpoint for every path the load client asks for. */
  public static final class Config implements ServerApplicationConfig {
    /** Made by Tyrus. */
    public Config() {}

    @Override
    public Set<ServerEndpointConfig> getEndpointConfigs(Set<Class<? extends Endpoint>> scanned) {
      return Set.of(
          ServerEndpointConfig.Builder.create(Viewer.class, "/ws/container/logs").build());
    }

    @Override
    public Set<Class<?>> getAnnotatedEndpointClasses(Set<Class<?>> scanned) {
      return Set.of();
    }
  }

  /** Joins. */
  public static final class Viewer extends Endpoint {
    /** Made by Tyrus. */
    public Viewer() {}

    @Override
    public void onOpen(Session session, EndpointConfig config) {
      SESSIONS.add(session);
    }

    @Override
    public void onClose(Session session, CloseReason reason) {
      SESSIONS.remove(session);
    }
  }

  @Override
  public int port() {
    return server.getPort();
  }

  @Override
  public void publish(LogLine message) {
    String text = Json.of(message);
    if (broadcast) {
      for (Session session : SESSIONS) {
        ((TyrusSession) session).broadcast(text); // to all of the endpoint
        return;
      }
    }
    SESSIONS.removeIf(session -> !send(session, text));
  }

  /** Whether the viewer is still there. */
  private static boolean send(Session session, String text) {
    try {
      var unused = session.getAsyncRemote().sendText(text);
      return true;
    } catch (RuntimeException e) { // no more than that says that the socket is closed
      return false;
    }
  }

  @Override
  public void close() {
    server.stop();
  }
}
