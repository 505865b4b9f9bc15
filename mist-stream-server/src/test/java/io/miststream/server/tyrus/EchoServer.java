package io.miststream.server.tyrus;

import io.miststream.server.http.HttpLimits;
import io.miststream.server.http.HttpRoutes;
import io.miststream.server.http.Readiness;
import io.miststream.server.security.AccessPolicy;
import io.miststream.server.security.Audit;
import io.miststream.server.security.Entrance;
import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.MessageHandler;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerEndpointConfig;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Future;

/** What the Autobahn test suite talks to: our container, with an endpoint that echoes. */
public final class EchoServer {
  private static final int MAX_MESSAGE =
      1 << 20; // the suite's longest in groups 1 to 7 and 10: 64 KiB

  private EchoServer() {}

  /**
   * Serves until the process ends.
   *
   * @param args the port
   */
  public static void main(String[] args) throws Exception {
    start(Integer.parseInt(args[0]));
  }

  static WebSocketServer start(int port) throws Exception {
    TransportSettings settings =
        new TransportSettings(
            Duration.ofSeconds(10),
            Duration.ofSeconds(30),
            Duration.ofMinutes(5),
            Duration.ofSeconds(2),
            1000,
            1000,
            1000,
            1000,
            1_000_000,
            1000,
            MAX_MESSAGE,
            1_000_000,
            16 << 10,
            256 << 10);
    WebSocketServer server =
        new WebSocketServer(
            InetAddress.getLoopbackAddress(),
            port,
            settings,
            Entrance.local(),
            Audit.NONE,
            null,
            new HttpRoutes(
                new Readiness(Optional::empty, Duration.ofSeconds(1)),
                List.of("/"),
                HttpLimits.DEFAULT,
                AccessPolicy.ALL,
                Audit.NONE));
    server.addEndpoint(ServerEndpointConfig.Builder.create(Echo.class, "/").build(), query -> {});
    server.start();
    return server;
  }

  /** Sends back whatever arrives. */
  public static final class Echo extends Endpoint {
    @Override
    public void onOpen(Session session, EndpointConfig config) {
      session.addMessageHandler(
          String.class,
          (MessageHandler.Whole<String>)
              text -> {
                Future<?> unused = session.getAsyncRemote().sendText(text);
              });
      session.addMessageHandler(
          ByteBuffer.class,
          (MessageHandler.Whole<ByteBuffer>)
              bytes -> {
                Future<?> unused = session.getAsyncRemote().sendBinary(bytes);
              });
    }
  }
}
