package io.miststream.server;

import io.miststream.core.LogSource;
import io.miststream.core.topic.LogTopics;
import io.miststream.core.topic.StreamClose;
import io.miststream.server.http.HttpRoutes;
import io.miststream.server.http.Readiness;
import io.miststream.server.tyrus.TransportSettings;
import io.miststream.server.tyrus.WebSocketServer;
import jakarta.websocket.DeploymentException;
import jakarta.websocket.server.ServerEndpointConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The stand-alone server: the WebSocket endpoints and a few HTTP routes on one port.
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
  private final Readiness readiness;
  private final @Nullable LogTopics ownTopics;
  private final String host;
  private final Duration shutdownGrace;
  private final AtomicBoolean closed = new AtomicBoolean();

  private MistStreamServer(
      WebSocketServer server,
      Readiness readiness,
      @Nullable LogTopics ownTopics,
      String host,
      Duration shutdownGrace) {
    this.server = server;
    this.readiness = readiness;
    this.ownTopics = ownTopics;
    this.host = host;
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

  /** Where it listens: {@code http://HOST:PORT}. */
  public URI uri() {
    String name = host.indexOf(':') >= 0 ? "[" + host + "]" : host;
    return URI.create("http://" + name + ":" + port());
  }

  /** WebSocket connections that are open now. */
  public int connections() {
    return server.connections();
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
    readiness.close();
    if (ownTopics != null) {
      ownTopics.close();
    }
  }

  /** What a server is started with. Not thread-safe. */
  public static final class Builder {
    private static final Duration LONGEST_GRACE = Duration.ofSeconds(4);

    private @Nullable LogSource source;
    private @Nullable LogTopics topics;
    private String host = "127.0.0.1";
    private int port = 8080;
    private Supplier<Optional<String>> ready = Optional::empty;
    private LogRequestParser logParser = LogRequestParser.create();
    private Duration shutdownGrace = Duration.ofSeconds(3);
    private Duration handshakeTimeout = TransportSettings.DEFAULT.handshakeTimeout();
    private Duration pingInterval = TransportSettings.DEFAULT.pingInterval();
    private Duration stallTimeout = TransportSettings.DEFAULT.stallTimeout();
    private Duration closeGrace = TransportSettings.DEFAULT.closeGrace();
    private int maxConnections = TransportSettings.DEFAULT.maxConnections();
    private int sendBufferBytes = TransportSettings.DEFAULT.sendBufferBytes();

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

    /** Most lines of history that {@code tail} may ask for; 100 000 unless set. */
    public Builder maxTail(int lines) {
      logParser = logParser.withMaxTail(lines);
      return this;
    }

    /** The loopback address or name to listen on; {@code 127.0.0.1} unless set. */
    public Builder host(String name) {
      host = name;
      return this;
    }

    /** The port to listen on, 0 for any free one; 8080 unless set. */
    public Builder port(int number) {
      if (number < 0 || number > 0xFFFF) {
        throw new IllegalArgumentException("port must be 0 to 65535");
      }
      port = number;
      return this;
    }

    /**
     * What {@code /ready} asks: empty if all is well, else the reason why not. May block; no answer
     * within 2 s counts as not ready. Always ready unless set.
     */
    public Builder ready(Supplier<Optional<String>> check) {
      ready = check;
      return this;
    }

    /**
     * How often each client is pinged; 30 s unless set. One that has shown no sign of life since a
     * ping is dropped when the next is due.
     */
    public Builder pingInterval(Duration interval) {
      pingInterval = interval;
      return this;
    }

    /** How long a client may take to send its request header; 10 s unless set. */
    public Builder handshakeTimeout(Duration timeout) {
      handshakeTimeout = timeout;
      return this;
    }

    /**
     * How long a client may leave everything unread before it is dropped; 5 min unless set. It
     * costs the server one connection and at most 128 KiB meanwhile.
     */
    public Builder stallTimeout(Duration timeout) {
      stallTimeout = timeout;
      return this;
    }

    /** How long a client may take to answer a close; 2 s unless set. */
    public Builder closeGrace(Duration grace) {
      closeGrace = grace;
      return this;
    }

    /** Most WebSocket connections at once; further ones get 503. 10 000 unless set. */
    public Builder maxConnections(int connections) {
      maxConnections = connections;
      return this;
    }

    /**
     * Cap of the kernel's send buffer of each connection, in bytes, which a stalled client keeps
     * full; 256 KiB unless set. Linux doubles it for its own bookkeeping.
     */
    public Builder sendBufferBytes(int bytes) {
      sendBufferBytes = bytes;
      return this;
    }

    /** How long {@link MistStreamServer#close} waits for clients, 4 s at most; 3 s unless set. */
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
     * @throws IllegalArgumentException if the host is not a loopback address, or no source of logs
     *     is set
     * @throws UncheckedIOException if the address cannot be bound
     */
    public MistStreamServer start() {
      InetAddress address = loopback(host);
      LogSource logs = source;
      LogTopics own = logs == null ? null : LogTopics.builder(logs).build();
      LogTopics served = own == null ? topics : own;
      if (served == null) {
        throw new IllegalArgumentException("there is nothing to serve: set logs");
      }
      Readiness readiness = new Readiness(ready, READINESS_TIMEOUT);
      try {
        TransportSettings transport =
            new TransportSettings(
                handshakeTimeout,
                pingInterval,
                stallTimeout,
                closeGrace,
                maxConnections,
                InboundLimit.MAX_BYTES,
                TransportSettings.DEFAULT.maxHeaderBytes(),
                sendBufferBytes);
        HttpRoutes routes = new HttpRoutes(readiness, StreamEndpoints.LOG_PATHS);
        WebSocketServer server = new WebSocketServer(address, port, transport, routes);
        for (ServerEndpointConfig endpoint : StreamEndpoints.logs(served, logParser)) {
          server.addEndpoint(endpoint, logParser::parse);
        }
        server.start();
        return new MistStreamServer(server, readiness, own, host, shutdownGrace);
      } catch (IOException | DeploymentException | RuntimeException e) {
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

    private static InetAddress loopback(String host) {
      InetAddress address;
      try {
        address = InetAddress.getByName(host);
      } catch (UnknownHostException e) {
        throw new IllegalArgumentException("host " + host + " is unknown", e);
      }
      if (!address.isLoopbackAddress()) {
        throw new IllegalArgumentException(
            "host "
                + host
                + " is not a loopback address: without authentication everybody who reaches it"
                + " could read every log, so only 127.0.0.1, ::1 and localhost are allowed");
      }
      return address;
    }
  }
}
