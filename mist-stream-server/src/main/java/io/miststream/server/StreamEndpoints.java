package io.miststream.server;

import io.miststream.core.LogFilter;
import io.miststream.core.LogRequest;
import io.miststream.core.deployment.Deployment;
import io.miststream.core.deployment.DeploymentJournal;
import io.miststream.core.metrics.MetricsTopic;
import io.miststream.core.metrics.StatsTopics;
import io.miststream.core.topic.LogTopics;
import io.miststream.server.StreamEndpoint.Wanted;
import io.miststream.server.security.AccessPolicy;
import io.miststream.server.security.Action;
import io.miststream.server.security.Audit;
import io.miststream.server.security.Tally;
import jakarta.websocket.DeploymentException;
import jakarta.websocket.server.ServerContainer;
import jakarta.websocket.server.ServerEndpointConfig;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The WebSocket endpoints, for any {@code jakarta.websocket} container: an embedding Tomcat, Jetty,
 * Undertow or Tyrus adds them to its {@link ServerContainer}. Parameters are checked behind the
 * upgrade, and a bad one is answered with one {@code error} message and close 1008.
 *
 * <p><b>They check neither who connects nor {@code Origin}.</b> Whoever reaches them reads every
 * log and deployment; and a browser opens a WebSocket for a page of any site, with the user's
 * cookies (cross-site WebSocket hijacking). So the embedding application has to guard them: by a
 * filter before their paths that authenticates the user and allows known origins only. What each
 * user may see is then a matter of {@link #withPolicy}.
 *
 * <p>Immutable and thread-safe. Sessions are pinged, every 30 s unless told otherwise. One that has
 * shown no sign of life since a ping is closed when the next is due; not while a message to it is
 * stuck, which is given 5 min. Sending is done by a few daemon threads, which end after a minute
 * without sessions.
 *
 * <p>The stand-alone {@link MistStreamServer} serves the same endpoints.
 */
public final class StreamEndpoints {

  /** Paths of an app's logs: the documented one, and the one that Mist's own dashboard uses. */
  public static final List<String> LOG_PATHS =
      List.of("/ws/container/logs", "/api/ws/container/logs");

  /** Paths of a deployment: the documented one, and the one that Mist's own dashboard uses. */
  public static final List<String> DEPLOYMENT_PATHS =
      List.of("/ws/deployment/logs", "/api/deployments/logs/stream");

  /** Path of the host's metrics. */
  public static final List<String> METRICS_PATHS = List.of("/ws/metrics");

  /** Paths of containers' stats: the documented one, and the one that Mist's own dashboard uses. */
  public static final List<String> STATS_PATHS =
      List.of("/ws/container/stats", "/api/ws/container/stats");

  static final int MAX_FILTERS = 50;

  static final Duration PING_INTERVAL = Duration.ofSeconds(30);

  /** How long a peer may leave a message unread, before it is given up. */
  static final Duration STALL_TIMEOUT = Duration.ofMinutes(5);

  private static final StreamEndpoints STANDARD =
      new StreamEndpoints(AccessPolicy.ALL, Audit.NONE, MAX_FILTERS, PING_INTERVAL);

  private final AccessPolicy policy;
  private final Audit audit;
  private final int maxFilters;
  private final Duration pingInterval;

  private StreamEndpoints(AccessPolicy policy, Audit audit, int maxFilters, Duration pingInterval) {
    this.policy = policy;
    this.audit = audit;
    this.maxFilters = maxFilters;
    this.pingInterval = pingInterval;
  }

  /** Endpoints that let everybody see everything, and ping every 30 s. */
  public static StreamEndpoints create() {
    return STANDARD;
  }

  /**
   * The same, but a session is opened only if its {@linkplain jakarta.websocket.Session
   * #getUserPrincipal user} may see what it asks for, and closed within 2 s when that is no longer
   * so. Who may not is told {@code Permission denied}, whether or not there is such a thing.
   */
  public StreamEndpoints withPolicy(AccessPolicy decides) {
    return new StreamEndpoints(decides, audit, maxFilters, pingInterval);
  }

  /** The same, telling somebody which streams are opened, refused and closed. */
  public StreamEndpoints withAudit(Audit told) {
    return new StreamEndpoints(policy, told, maxFilters, pingInterval);
  }

  /**
   * The same with another limit of streams with a filter that a user may have open at once; 50
   * unless told otherwise. Further ones are closed with 1013. Where the container knows no users
   * there is none.
   *
   * @param streams 0 or more
   * @throws IllegalArgumentException if it is less
   */
  public StreamEndpoints withMaxFilters(int streams) {
    if (streams < 0) {
      throw new IllegalArgumentException("maxFilters must not be negative");
    }
    return new StreamEndpoints(policy, audit, streams, pingInterval);
  }

  /**
   * The same, pinging sessions more or less often.
   *
   * @param interval between two pings of a session, positive
   * @throws IllegalArgumentException if it is not
   */
  public StreamEndpoints withPingInterval(Duration interval) {
    if (interval.isZero() || interval.isNegative()) {
      throw new IllegalArgumentException("pingInterval must be positive");
    }
    return new StreamEndpoints(policy, audit, maxFilters, interval);
  }

  /**
   * Endpoints of container logs, one per path of {@link #LOG_PATHS}.
   *
   * @param topics where viewers are opened; stays the caller's to close
   * @param parser reads and limits the parameters
   */
  public List<ServerEndpointConfig> logs(LogTopics topics, LogRequestParser parser) {
    return endpoints(
        LOG_PATHS,
        query -> {
          LogRequest request = parser.parse(query);
          boolean filtered = !request.filter().equals(LogFilter.ALL);
          return new Wanted(Action.LOGS, request.appId(), filtered, () -> topics.open(request));
        });
  }

  /**
   * Endpoints of deployments, one per path of {@link #DEPLOYMENT_PATHS}.
   *
   * @param journal where viewers are opened; stays the caller's to close
   */
  public List<ServerEndpointConfig> deployments(DeploymentJournal journal) {
    return endpoints(
        DEPLOYMENT_PATHS,
        query -> {
          DeploymentRequest request = DeploymentRequest.parse(query);
          long appId =
              journal.deployment(request.id()).map(Deployment::appId).orElse(AccessPolicy.NO_APP);
          return new Wanted(
              Action.DEPLOYMENTS, appId, () -> journal.open(request.id(), request.after()));
        });
  }

  /**
   * The endpoint of the host's metrics.
   *
   * @param topic where viewers are opened; stays the caller's to close
   */
  public List<ServerEndpointConfig> metrics(MetricsTopic topic) {
    return endpoints(
        METRICS_PATHS,
        query -> {
          int history = MetricsRequests.history(query);
          return new Wanted(Action.METRICS, AccessPolicy.NO_APP, () -> topic.open(history));
        });
  }

  /**
   * Endpoints of what containers use, one per path of {@link #STATS_PATHS}.
   *
   * @param topics where viewers are opened; stays the caller's to close
   */
  public List<ServerEndpointConfig> stats(StatsTopics topics) {
    return endpoints(
        STATS_PATHS,
        query -> {
          long appId = MetricsRequests.appId(query);
          return new Wanted(Action.STATS, appId, () -> topics.open(appId));
        });
  }

  private List<ServerEndpointConfig> endpoints(
      List<String> paths, Function<@Nullable String, Wanted> requests) {
    StreamEndpoint endpoint =
        new StreamEndpoint(requests, policy, audit, new Tally(maxFilters), pingInterval);
    return paths.stream()
        .map(
            path ->
                ServerEndpointConfig.Builder.create(StreamEndpoint.class, path)
                    .configurator(new OneInstance(endpoint))
                    .build())
        .collect(Collectors.toUnmodifiableList());
  }

  /**
   * Adds the endpoints of container logs to a container that is being deployed.
   *
   * @throws DeploymentException as the container does
   */
  public void addLogs(ServerContainer container, LogTopics topics) throws DeploymentException {
    add(container, logs(topics, LogRequestParser.create()));
  }

  /**
   * Adds the endpoints of deployments to a container that is being deployed.
   *
   * @throws DeploymentException as the container does
   */
  public void addDeployments(ServerContainer container, DeploymentJournal journal)
      throws DeploymentException {
    add(container, deployments(journal));
  }

  /**
   * Adds the endpoint of the host's metrics to a container that is being deployed.
   *
   * @throws DeploymentException as the container does
   */
  public void addMetrics(ServerContainer container, MetricsTopic topic) throws DeploymentException {
    add(container, metrics(topic));
  }

  /**
   * Adds the endpoints of what containers use to a container that is being deployed.
   *
   * @throws DeploymentException as the container does
   */
  public void addStats(ServerContainer container, StatsTopics topics) throws DeploymentException {
    add(container, stats(topics));
  }

  private static void add(ServerContainer container, List<ServerEndpointConfig> endpoints)
      throws DeploymentException {
    for (ServerEndpointConfig endpoint : endpoints) {
      container.addEndpoint(endpoint);
    }
  }

  private static final class OneInstance extends ServerEndpointConfig.Configurator {
    private final StreamEndpoint endpoint;

    OneInstance(StreamEndpoint endpoint) {
      this.endpoint = endpoint;
    }

    @Override
    public <T> T getEndpointInstance(Class<T> type) {
      return type.cast(endpoint);
    }
  }
}
