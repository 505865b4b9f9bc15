package io.miststream.server;

import io.miststream.core.topic.LogTopics;
import jakarta.websocket.DeploymentException;
import jakarta.websocket.server.ServerContainer;
import jakarta.websocket.server.ServerEndpointConfig;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The WebSocket endpoints, for any {@code jakarta.websocket} container: an embedding Tomcat, Jetty,
 * Undertow or Tyrus adds them to its {@link ServerContainer}. Who may connect is the embedding
 * application's business there; parameters are checked behind the upgrade, and a bad one is
 * answered with one {@code error} message and close 1008.
 *
 * <p>The stand-alone {@link MistStreamServer} serves the same endpoints.
 */
public final class StreamEndpoints {

  /** Paths of an app's logs: the documented one, and the one that Mist's own dashboard uses. */
  public static final List<String> LOG_PATHS =
      List.of("/ws/container/logs", "/api/ws/container/logs");

  private StreamEndpoints() {}

  /**
   * Endpoints of container logs, one per path of {@link #LOG_PATHS}.
   *
   * @param topics where viewers are opened; stays the caller's to close
   * @param parser reads and limits the parameters
   */
  public static List<ServerEndpointConfig> logs(LogTopics topics, LogRequestParser parser) {
    LogsEndpoint endpoint = new LogsEndpoint(topics, parser);
    return LOG_PATHS.stream()
        .map(
            path ->
                ServerEndpointConfig.Builder.create(LogsEndpoint.class, path)
                    .configurator(new OneInstance(endpoint))
                    .build())
        .collect(Collectors.toUnmodifiableList());
  }

  /**
   * Adds the endpoints of container logs to a container that is being deployed.
   *
   * @throws DeploymentException as the container does
   */
  public static void addLogs(ServerContainer container, LogTopics topics)
      throws DeploymentException {
    for (ServerEndpointConfig endpoint : logs(topics, LogRequestParser.create())) {
      container.addEndpoint(endpoint);
    }
  }

  private static final class OneInstance extends ServerEndpointConfig.Configurator {
    private final LogsEndpoint endpoint;

    OneInstance(LogsEndpoint endpoint) {
      this.endpoint = endpoint;
    }

    @Override
    public <T> T getEndpointInstance(Class<T> type) {
      return type.cast(endpoint);
    }
  }
}
