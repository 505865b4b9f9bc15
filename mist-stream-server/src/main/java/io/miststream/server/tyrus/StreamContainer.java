package io.miststream.server.tyrus;

import io.miststream.server.FrameConnection;
import jakarta.websocket.DeploymentException;
import jakarta.websocket.Extension;
import jakarta.websocket.HandshakeResponse;
import jakarta.websocket.server.HandshakeRequest;
import jakarta.websocket.server.ServerEndpointConfig;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.glassfish.tyrus.core.TyrusWebSocketEngine;
import org.glassfish.tyrus.server.TyrusServerContainer;
import org.glassfish.tyrus.spi.WebSocketEngine;

/** The engine with its endpoints. */
final class StreamContainer extends TyrusServerContainer {

  private final TyrusWebSocketEngine engine;

  StreamContainer(TransportSettings settings) {
    super(Set.<Class<?>>of());
    // Limits on sessions are not given: the engine would answer 101 first. The gate counts.
    engine =
        TyrusWebSocketEngine.builder(this)
            .incomingBufferSize(settings.maxMessageBytes() + 2 * FrameReader.STEP_BYTES)
            .parallelBroadcastEnabled(false)
            .build();
    // Zero would make each message set up and cancel a timer.
    setDefaultMaxSessionIdleTimeout(-1);
  }

  @Override
  public void register(Class<?> endpointClass) throws DeploymentException {
    engine.register(endpointClass, "");
  }

  @Override
  public void register(ServerEndpointConfig endpoint) throws DeploymentException {
    engine.register(
        ServerEndpointConfig.Builder.create(endpoint.getEndpointClass(), endpoint.getPath())
            .encoders(endpoint.getEncoders())
            .decoders(endpoint.getDecoders())
            .subprotocols(endpoint.getSubprotocols())
            .configurator(new PassConnection(endpoint.getConfigurator()))
            .build(),
        "");
  }

  @Override
  public Map<String, Object> getProperties() {
    return Map.of();
  }

  @Override
  public WebSocketEngine getWebSocketEngine() {
    return engine;
  }

  /**
   * Hands the connection, which travels as the request's HTTP session, to the WebSocket session.
   */
  private static final class PassConnection extends ServerEndpointConfig.Configurator {
    private final ServerEndpointConfig.Configurator own;

    PassConnection(ServerEndpointConfig.Configurator own) {
      this.own = own;
    }

    @Override
    public void modifyHandshake(
        ServerEndpointConfig endpoint, HandshakeRequest request, HandshakeResponse response) {
      endpoint.getUserProperties().put(FrameConnection.PROPERTY, request.getHttpSession());
      own.modifyHandshake(endpoint, request, response);
    }

    @Override
    public <T> T getEndpointInstance(Class<T> type) throws InstantiationException {
      return own.getEndpointInstance(type);
    }

    @Override
    public boolean checkOrigin(String origin) {
      return true; // the gate has
    }

    @Override
    public String getNegotiatedSubprotocol(List<String> supported, List<String> requested) {
      return own.getNegotiatedSubprotocol(supported, requested);
    }

    @Override
    public List<Extension> getNegotiatedExtensions(
        List<Extension> installed, List<Extension> requested) {
      // No compression: inflating is unbounded in the engine, and each client costs its own.
      return List.of();
    }
  }
}
