package io.miststream.server;

import io.miststream.core.AppCatalogue;
import io.miststream.core.LogSource;
import io.miststream.core.deployment.DeploymentJournal;
import io.miststream.core.deployment.Deployments;
import io.miststream.core.metrics.MetricsTopic;
import io.miststream.core.metrics.StatsTopics;
import io.miststream.core.topic.LogTopics;
import io.miststream.core.topic.StreamClose;
import io.miststream.server.http.HttpLimits;
import io.miststream.server.http.HttpRoutes;
import io.miststream.server.http.Readiness;
import io.miststream.server.prometheus.Figures;
import io.miststream.server.security.AccessPolicy;
import io.miststream.server.security.Audit;
import io.miststream.server.security.Authenticator;
import io.miststream.server.security.Entrance;
import io.miststream.server.security.Login;
import io.miststream.server.security.Proxies;
import io.miststream.server.tyrus.RequestCheck;
import io.miststream.server.tyrus.TransportSettings;
import io.miststream.server.tyrus.WebSocketServer;
import jakarta.websocket.DeploymentException;
import jakarta.websocket.server.ServerEndpointConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * The stand-alone server: the WebSocket endpoints and the HTTP routes on one port.
 *
 * <pre>{@code
 * try (MistStreamServer server = MistStreamServer.builder().logs(source).port(8080).start()) {
 *   System.out.println("listening on " + server.uri());
 *   ...
 * }
 * }</pre>
 *
 * <p>All methods are thread-safe.
 */
public final class MistStreamServer implements AutoCloseable {
  private static final Duration READINESS_TIMEOUT = Duration.ofSeconds(2);

  private final WebSocketServer server;
  private final HttpRoutes routes;
  private final Readiness readiness;
  private final Figures figures;
  private final @Nullable LogTopics ownTopics;
  private final String origin; // but for the port
  private final Duration shutdownGrace;
  private final AtomicBoolean closed = new AtomicBoolean();

  private MistStreamServer(
      WebSocketServer server,
      HttpRoutes routes,
      Readiness readiness,
      Figures figures,
      @Nullable LogTopics ownTopics,
      String origin,
      Duration shutdownGrace) {
    this.server = server;
    this.routes = routes;
    this.readiness = readiness;
    this.figures = figures;
    this.ownTopics = ownTopics;
    this.origin = origin;
    this.shutdownGrace = shutdownGrace;
  }

  /** A server to be configured and started. */
  public static Builder builder() {
    return new Builder();
  }

  /** The port it listens on. */
  public int port() {
    return server.port();
  }

  /** The port that only leads to {@link #port}, 0 if there is none. */
  public int redirectPort() {
    return server.redirectingPort();
  }

  /**
   * Where it listens: {@code http://HOST:PORT}, or {@code https} with TLS, with {@code localhost}
   * or the address in the form that clients send as their {@code Host}, such as {@code [::1]}.
   */
  public URI uri() {
    return URI.create(origin + ":" + port());
  }

  /** WebSocket connections that are open now. */
  public int connections() {
    return server.connections();
  }

  /** Everything that can be asked: routes with their methods, and WebSockets as {@code WS}. */
  List<String> entries() {
    return Stream.concat(routes.list().stream(), server.paths().stream().map(path -> "WS " + path))
        .toList();
  }

  /**
   * Takes no more connections, lets {@code /ready} fail, sends every viewer what it has still to
   * get and close 1001, and returns when the port is free and no thread of the server is left;
   * peers that do not read or do not answer are waited for as long as {@link
   * Builder#shutdownGrace}. Idempotent.
   */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    readiness.shutDown();
    server.stop(StreamClose.SHUTDOWN, shutdownGrace.toNanos());
    routes.close();
    readiness.close();
    figures.close();
    if (ownTopics != null) {
      ownTopics.close();
    }
  }

  /** What a server is started with. Not thread-safe. */
  public static final class Builder {
    private static final int NO_REDIRECT = -1;
    private static final Duration LONGEST_GRACE = Duration.ofSeconds(4);
    // Addresses, which are not looked up.
    private static final Pattern FIGURES = Pattern.compile("[0-9.]+|.*:.*");

    private @Nullable LogSource source;
    private @Nullable LogTopics topics;
    private @Nullable Deployments deployments;
    private @Nullable MetricsTopic metrics;
    private @Nullable StatsTopics stats;
    private @Nullable AppCatalogue catalogue;
    private @Nullable Authenticator authenticator;
    private @Nullable Login login;
    private AccessPolicy policy = AccessPolicy.ALL;
    private Audit audit = Audit.NONE;
    private Set<String> allowedOrigins = Set.of();
    private Set<String> trustedProxies = Set.of();
    private @Nullable SSLContext tls;
    private InetAddress address = address("127.0.0.1");
    private String host = "127.0.0.1"; // as it stands in an address
    private int port = 8080;
    private Supplier<Optional<String>> ready = Optional::empty;
    private LogRequestParser logParser = LogRequestParser.create();
    private Duration shutdownGrace = Duration.ofSeconds(3);
    private Duration handshakeTimeout = TransportSettings.DEFAULT.handshakeTimeout();
    private Duration pingInterval = TransportSettings.DEFAULT.pingInterval();
    private Duration stallTimeout = TransportSettings.DEFAULT.stallTimeout();
    private Duration closeGrace = TransportSettings.DEFAULT.closeGrace();
    private int maxConnections = TransportSettings.DEFAULT.maxConnections();
    private int maxTlsHandshakes = TransportSettings.DEFAULT.maxTlsHandshakes();
    private int maxHttpConnections = TransportSettings.DEFAULT.maxHttpConnections();
    private int maxPerUser = TransportSettings.DEFAULT.maxPerUser();
    private int maxPerAddress = TransportSettings.DEFAULT.maxPerAddress();
    private int maxHandshakes = TransportSettings.DEFAULT.maxHandshakes();
    private Duration bodyPause = HttpLimits.DEFAULT.bodyPause();
    private int maxEventBytes = HttpLimits.DEFAULT.maxEventBytes();
    private int maxDownloads = HttpLimits.DEFAULT.maxDownloads();
    private int maxDownloadsEach = HttpLimits.DEFAULT.maxDownloadsEach();
    private long maxDownloadBytes = HttpLimits.DEFAULT.maxDownloadBytes();
    private int maxHeaderBytes = TransportSettings.DEFAULT.maxHeaderBytes();
    private int maxInboundBytes = TransportSettings.DEFAULT.maxMessageBytes();
    private int maxFrameRate = TransportSettings.DEFAULT.maxFrameRate();
    private int maxFilters = StreamEndpoints.MAX_FILTERS;
    private int redirectPort = NO_REDIRECT;

    private Builder() {}

    /** Serves the logs of a source, through topics with their defaults. It is not closed. */
    public Builder logs(LogSource logs) {
      source = logs;
      topics = null;
      return this;
    }

    /** Serves logs through topics that stay the caller's to close, after the server. */
    public Builder logs(LogTopics logs) {
      topics = logs;
      source = null;
      return this;
    }

    /**
     * Serves deployments: their streams, and the routes that start, stop and report them. They and
     * their journal stay the caller's to close, after the server. While the journal cannot be
     * written, {@code /ready} says so.
     */
    public Builder deployments(Deployments served) {
      deployments = served;
      return this;
    }

    /** Serves the host's metrics, through a topic that stays the caller's to close. */
    public Builder metrics(MetricsTopic host) {
      metrics = host;
      return this;
    }

    /** Serves what containers use, through topics that stay the caller's to close. */
    public Builder stats(StatsTopics containers) {
      stats = containers;
      return this;
    }

    /** Lists the apps of a catalogue. */
    public Builder catalogue(AppCatalogue apps) {
      catalogue = apps;
      return this;
    }

    /**
     * Asks everybody who they are, and gives them what they may have. Without it everybody who
     * reaches the server may do everything, so that it can only listen to a loopback address.
     *
     * @param shown finds out who shows a token: as cookie {@code mist_token}, or as {@code
     *     Authorization: Bearer}
     * @param decides what they may
     */
    public Builder authentication(Authenticator shown, AccessPolicy decides) {
      authenticator = shown;
      policy = decides;
      return this;
    }

    /** Gives out tokens at {@code POST /api/auth/login}, where there is {@link #authentication}. */
    public Builder login(Login passwords) {
      login = passwords;
      return this;
    }

    /** Tells somebody who comes, who is turned away, and what they do. Nobody unless set. */
    public Builder audit(Audit told) {
      audit = told;
      return this;
    }

    /**
     * Origins of pages that may use the server beside its own, where there is {@link
     * #authentication}: such as {@code https://mist.example.com} if a proxy before the server is
     * reached by that name. None unless set.
     */
    public Builder allowedOrigins(Set<String> origins) {
      allowedOrigins = Set.copyOf(origins);
      return this;
    }

    /**
     * Proxies that are believed when they say for whom they ask, where there is {@link
     * #authentication}: {@code X-Forwarded-For} is then the client's address, for limits and the
     * audit, and {@code X-Forwarded-Proto} says whether it uses TLS. None unless set.
     *
     * @param networks addresses in figures, or networks such as {@code 10.0.0.0/8}
     */
    public Builder trustedProxies(Set<String> networks) {
      trustedProxies = Set.copyOf(networks);
      return this;
    }

    /**
     * Speaks TLS 1.2 and 1.3, and nothing else. Plain HTTP and WebSockets unless set.
     *
     * @param context with the key and the certificates to show; asked anew by each connection
     */
    public Builder tls(SSLContext context) {
      tls = context;
      return this;
    }

    /**
     * A second port, where there is {@link #tls}: it sends everybody to the same path over TLS
     * (308) and does nothing else. None unless set.
     *
     * @param number 0 for any free one
     * @throws IllegalArgumentException if it is not 0 to 65535
     */
    public Builder redirectPort(int number) {
      redirectPort = port("redirectPort", number);
      return this;
    }

    /** Most lines of history that {@code tail} may ask for, 0 or more; 100 000 unless set. */
    public Builder maxTail(int lines) {
      logParser = logParser.withMaxTail(lines);
      return this;
    }

    /**
     * What to listen on: {@code localhost}, or an address in figures such as {@code 127.0.0.1} or
     * {@code ::1}; {@code 127.0.0.1} unless set. Any but a loopback address needs {@link
     * #authentication}. Other names are refused even if they lead to a loopback address, since
     * requests that use them would be.
     *
     * @throws IllegalArgumentException if it is neither
     */
    public Builder host(String name) {
      address = address(name);
      host = name.equalsIgnoreCase("localhost") ? "localhost" : figures(address);
      return this;
    }

    /** Whether what is listened to can be reached from this machine alone. */
    public boolean isLoopback() {
      return address.isLoopbackAddress();
    }

    private static String figures(InetAddress address) {
      String text = address.getHostAddress();
      return !(address instanceof Inet6Address)
          ? text
          : address.isLoopbackAddress() ? "[::1]" : "[" + text + "]";
    }

    /**
     * The port to listen on, 0 for any free one; 8080 unless set.
     *
     * @throws IllegalArgumentException if it is not 0 to 65535
     */
    public Builder port(int number) {
      port = port("port", number);
      return this;
    }

    private static int port(String name, int number) {
      if (number < 0 || number > 0xFFFF) {
        throw new IllegalArgumentException(name + " must be 0 to 65535");
      }
      return number;
    }

    /**
     * What {@code /ready} asks besides: empty if all is well, else the reason why not. May block;
     * no answer within 2 s counts as not ready. Nothing unless set.
     */
    public Builder ready(Supplier<Optional<String>> check) {
      ready = check;
      return this;
    }

    /**
     * How often each client is pinged; 30 s unless set. One that has shown no sign of life since a
     * ping is dropped when the next is due.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    public Builder pingInterval(Duration interval) {
      pingInterval = positive("pingInterval", interval);
      return this;
    }

    /**
     * How long a client may take to send its request header; 10 s unless set.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    public Builder handshakeTimeout(Duration timeout) {
      handshakeTimeout = positive("handshakeTimeout", timeout);
      return this;
    }

    /**
     * How long a client may leave everything unread before it is dropped; 5 min unless set.
     * Meanwhile a viewer costs the server a connection with its buffer in the system (256 KiB), one
     * write (64 KiB, or one message), and 256 KiB (or one message) more if it was reading history.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    public Builder stallTimeout(Duration timeout) {
      stallTimeout = positive("stallTimeout", timeout);
      return this;
    }

    /**
     * How long a client may pause within the body of a request, all of which may take ten times as
     * long; 30 s unless set.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    public Builder bodyPause(Duration pause) {
      bodyPause = positive("bodyPause", pause);
      return this;
    }

    /**
     * Most bytes of a deployment's events in one request, 1 or more; 16 MiB unless set. Twice as
     * much is held in memory, and what is sent beyond that meanwhile gets 503.
     *
     * @throws IllegalArgumentException if it is less
     */
    public Builder maxEventBytes(int bytes) {
      maxEventBytes = positive("maxEventBytes", bytes);
      return this;
    }

    /**
     * How long a client may take to answer a close; 2 s unless set.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    public Builder closeGrace(Duration grace) {
      closeGrace = positive("closeGrace", grace);
      return this;
    }

    /**
     * Most WebSocket connections at once, 1 or more; further ones get 503. 10 000 unless set.
     *
     * @throws IllegalArgumentException if it is less
     */
    public Builder maxConnections(int connections) {
      maxConnections = positive("maxConnections", connections);
      return this;
    }

    /**
     * Most connections at once that are no WebSockets, 1 or more; where there would be one more,
     * the one is dropped that has owed a whole request for longest, of the address that has the
     * most of those. 4 000 unless set.
     *
     * @throws IllegalArgumentException if it is less
     */
    public Builder maxHttpConnections(int connections) {
      maxHttpConnections = positive("maxHttpConnections", connections);
      return this;
    }

    /**
     * Most handshakes of TLS from one address that are not finished, 1 or more; further connections
     * of it are dropped. 100 unless set.
     *
     * @throws IllegalArgumentException if it is less
     */
    public Builder maxTlsHandshakes(int handshakes) {
      maxTlsHandshakes = positive("maxTlsHandshakes", handshakes);
      return this;
    }

    /**
     * Most WebSocket connections at once of one user, 1 or more; further ones get 429. 500 unless
     * set. Without {@link #authentication} there are no users.
     *
     * @throws IllegalArgumentException if it is less
     */
    public Builder maxConnectionsPerUser(int connections) {
      maxPerUser = positive("maxConnectionsPerUser", connections);
      return this;
    }

    /**
     * Most WebSocket connections at once from one address, 1 or more; further ones get 429. 2 000
     * unless set. Behind a proxy all have the same address.
     *
     * @throws IllegalArgumentException if it is less
     */
    public Builder maxConnectionsPerAddress(int connections) {
      maxPerAddress = positive("maxConnectionsPerAddress", connections);
      return this;
    }

    /**
     * Most WebSocket handshakes from one address at once, and within a minute later on, 1 or more;
     * further ones get 429, with when to come back. 6 000 unless set.
     *
     * @throws IllegalArgumentException if it is less
     */
    public Builder maxHandshakesPerMinute(int handshakes) {
      maxHandshakes = positive("maxHandshakesPerMinute", handshakes);
      return this;
    }

    /**
     * Most bytes of a request's header, 1 or more; a longer one gets 400 or 431, and the connection
     * is closed. 16 KiB unless set.
     *
     * @throws IllegalArgumentException if it is less
     */
    public Builder maxHeaderBytes(int bytes) {
      maxHeaderBytes = positive("maxHeaderBytes", bytes);
      return this;
    }

    /**
     * Most bytes of a WebSocket message of a client, all its frames together, 1 or more; whoever
     * sends more is closed with 1009. 16 KiB unless set. What clients send is read and ignored.
     *
     * @throws IllegalArgumentException if it is less
     */
    public Builder maxInboundBytes(int bytes) {
      maxInboundBytes = positive("maxInboundBytes", bytes);
      return this;
    }

    /**
     * Most WebSocket frames of a client within a second, pings and pongs included, 1 or more;
     * whoever sends more is closed with 1008. 100 unless set.
     *
     * @throws IllegalArgumentException if it is less
     */
    public Builder maxInboundRate(int frames) {
      maxFrameRate = positive("maxInboundRate", frames);
      return this;
    }

    /**
     * Most log streams with a filter that a user may have open at once, 0 or more; further ones are
     * closed with 1013. 50 unless set. Without {@link #authentication} there are no users.
     *
     * @throws IllegalArgumentException if it is less
     */
    public Builder maxFiltersPerUser(int streams) {
      if (streams < 0) {
        throw new IllegalArgumentException("maxFiltersPerUser must not be negative");
      }
      maxFilters = streams;
      return this;
    }

    /**
     * Most downloads of logs at once, 1 or more; further ones get 503. 16 unless set.
     *
     * @throws IllegalArgumentException if it is less
     */
    public Builder maxDownloads(int downloads) {
      maxDownloads = positive("maxDownloads", downloads);
      return this;
    }

    /**
     * Most downloads of logs at once of one user, or from one address without {@link
     * #authentication}, 1 or more; further ones get 429. 4 unless set.
     *
     * @throws IllegalArgumentException if it is less
     */
    public Builder maxDownloadsPerUser(int downloads) {
      maxDownloadsEach = positive("maxDownloadsPerUser", downloads);
      return this;
    }

    /**
     * Bytes after which a download of logs ends, behind a whole line, 1 or more; its last words say
     * so, and with which {@code after} it goes on. 1 GiB unless set.
     *
     * @throws IllegalArgumentException if it is less
     */
    public Builder maxDownloadBytes(long bytes) {
      if (bytes < 1) {
        throw new IllegalArgumentException("maxDownloadBytes must be positive");
      }
      maxDownloadBytes = bytes;
      return this;
    }

    private static int positive(String name, int number) {
      if (number < 1) {
        throw new IllegalArgumentException(name + " must be positive");
      }
      return number;
    }

    private static Duration positive(String name, Duration time) {
      if (time.isZero() || time.isNegative()) {
        throw new IllegalArgumentException(name + " must be positive");
      }
      return time;
    }

    /**
     * How long {@link MistStreamServer#close} waits for clients, 0 to 4 s; 3 s unless set.
     *
     * @throws IllegalArgumentException if it is not
     */
    public Builder shutdownGrace(Duration grace) {
      if (grace.isNegative() || grace.compareTo(LONGEST_GRACE) > 0) {
        throw new IllegalArgumentException("shutdownGrace must be 0 to 4 s");
      }
      shutdownGrace = grace;
      return this;
    }

    /**
     * Starts the server.
     *
     * @throws IllegalArgumentException if no kind of stream is set, or one cannot go with another
     * @throws UncheckedIOException if the address cannot be bound
     * @throws IllegalStateException if the WebSocket engine cannot be started
     */
    public MistStreamServer start() {
      if (authenticator == null && !address.isLoopbackAddress()) {
        throw new IllegalArgumentException(
            "host "
                + host
                + " is not a loopback address: without authentication everybody who reaches it"
                + " could read every log and start deployments");
      }
      Entrance entrance =
          authenticator == null
              ? Entrance.local()
              : Entrance.authenticated(authenticator, allowedOrigins, new Proxies(trustedProxies));
      if (redirectPort != NO_REDIRECT && tls == null) {
        throw new IllegalArgumentException("redirectPort is of no use without tls");
      }
      LogSource logs = source;
      LogTopics own = logs == null ? null : LogTopics.builder(logs).build();
      LogTopics served = own == null ? topics : own;
      if (served == null && deployments == null && metrics == null && stats == null) {
        throw new IllegalArgumentException(
            "there is nothing to serve: set logs, deployments, metrics or stats");
      }
      StreamEndpoints endpoints =
          StreamEndpoints.create().withPolicy(policy).withAudit(audit).withMaxFilters(maxFilters);
      Figures figures = new Figures();
      Readiness readiness = new Readiness(problems(), READINESS_TIMEOUT);
      HttpRoutes routes =
          new HttpRoutes(
              readiness,
              examples(served),
              new HttpLimits(
                  maxEventBytes,
                  bodyPause,
                  stallTimeout,
                  maxDownloads,
                  maxDownloadsEach,
                  maxDownloadBytes),
              policy,
              audit);
      try {
        TransportSettings transport =
            new TransportSettings(
                handshakeTimeout,
                pingInterval,
                stallTimeout,
                closeGrace,
                maxConnections,
                maxHttpConnections,
                maxPerUser,
                maxPerAddress,
                maxHandshakes,
                maxTlsHandshakes,
                maxInboundBytes,
                maxFrameRate,
                maxHeaderBytes,
                TransportSettings.DEFAULT.sendBufferBytes());
        WebSocketServer server =
            new WebSocketServer(address, port, transport, entrance, audit, tls, routes);
        if (redirectPort != NO_REDIRECT) {
          server.redirect(redirectPort);
        }
        if (served != null) {
          figures.add(served);
          routes.add(served, logParser::parse);
          add(server, endpoints.logs(served, logParser), logParser::parse);
        }
        if (deployments != null) {
          figures.add(deployments.journal());
          routes.add(deployments);
          add(server, endpoints.deployments(deployments.journal()), DeploymentRequest::parse);
        }
        if (metrics != null) {
          figures.add(metrics);
          add(server, endpoints.metrics(metrics), MetricsRequests::history);
        }
        if (stats != null) {
          figures.add(stats);
          add(server, endpoints.stats(stats), MetricsRequests::appId);
        }
        if (catalogue != null) {
          routes.add(catalogue);
        }
        if (authenticator != null) {
          routes.addAuthentication(login);
        }
        figures.add(server);
        routes.addMetrics(Figures.mediaType(), figures::text);
        server.start();
        return new MistStreamServer(
            server,
            routes,
            readiness,
            figures,
            own,
            (tls == null ? "http://" : "https://") + host,
            shutdownGrace);
      } catch (IOException | DeploymentException | RuntimeException e) {
        figures.close();
        routes.close();
        readiness.close();
        if (own != null) {
          own.close();
        }
        if (e instanceof IOException io) {
          throw new UncheckedIOException(
              "cannot listen on " + host + ":" + port + ": " + io.getMessage(), io);
        }
        throw new IllegalStateException("cannot start: " + e.getMessage(), e);
      }
    }

    private static void add(
        WebSocketServer server, List<ServerEndpointConfig> endpoints, RequestCheck check)
        throws DeploymentException {
      for (ServerEndpointConfig endpoint : endpoints) {
        server.addEndpoint(endpoint, check);
      }
    }

    /** What {@code /ready} asks, of what is set now. */
    private Supplier<Optional<String>> problems() {
      Supplier<Optional<String>> others = ready;
      if (deployments == null) {
        return others;
      }
      DeploymentJournal journal = deployments.journal();
      return () ->
          Stream.of(others.get(), journal.problem())
              .flatMap(Optional::stream)
              .reduce((one, two) -> one + "; " + two);
    }

    private List<String> examples(@Nullable LogTopics logs) {
      List<String> examples = new ArrayList<>();
      if (logs != null) {
        StreamEndpoints.LOG_PATHS.forEach(path -> examples.add(path + "?appId=1"));
      }
      if (deployments != null) {
        StreamEndpoints.DEPLOYMENT_PATHS.forEach(
            path -> examples.add(path + (path.startsWith("/ws") ? "?deploymentId=1" : "?id=1")));
      }
      if (metrics != null) {
        StreamEndpoints.METRICS_PATHS.forEach(path -> examples.add(path + "?history=300"));
      }
      if (stats != null) {
        StreamEndpoints.STATS_PATHS.forEach(path -> examples.add(path + "?appId=1"));
      }
      return examples;
    }

    private static InetAddress address(String host) {
      if (host.equalsIgnoreCase("localhost") || FIGURES.matcher(host).matches()) {
        try {
          return InetAddress.getByName(host);
        } catch (UnknownHostException e) {
          // Not an address, told below.
        }
      }
      throw new IllegalArgumentException(
          "host "
              + host
              + " is neither localhost nor an address such as 127.0.0.1, ::1 or 0.0.0.0");
    }
  }
}
