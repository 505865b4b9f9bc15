package io.miststream.server.tyrus;

import io.miststream.core.topic.Pump;
import io.miststream.core.topic.StreamClose;
import io.miststream.server.security.Audit;
import io.miststream.server.security.Entrance;
import jakarta.websocket.DeploymentException;
import jakarta.websocket.server.ServerEndpointConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
import org.glassfish.grizzly.filterchain.Filter;
import org.glassfish.grizzly.filterchain.FilterChainBuilder;
import org.glassfish.grizzly.filterchain.TransportFilter;
import org.glassfish.grizzly.http.server.HttpHandler;
import org.glassfish.grizzly.http.server.HttpServer;
import org.glassfish.grizzly.http.server.HttpServerFilter;
import org.glassfish.grizzly.http.server.NetworkListener;
import org.glassfish.grizzly.http.server.ServerConfiguration;
import org.glassfish.grizzly.nio.transport.TCPNIOTransport;
import org.glassfish.grizzly.ssl.SSLBaseFilter;
import org.glassfish.grizzly.threadpool.ThreadPoolConfig;
import org.glassfish.grizzly.utils.IdleTimeoutFilter;
import org.jspecify.annotations.Nullable;

/**
 * One listener on one address, with WebSocket endpoints and HTTP routes. Started once, stopped
 * once.
 */
public final class WebSocketServer {
  private static final String NAME = "mist-stream";
  private static final int KEEP_ALIVE_SECONDS = 30;
  private static final int MAX_WORKERS = 16;
  private static final long WAIT_STEP = TimeUnit.MILLISECONDS.toNanos(5);

  private final InetAddress address;
  private final TransportSettings settings;
  private final Entrance entrance;
  private final Audit audit;
  private final HttpServer http = new HttpServer();
  private final NetworkListener listener;
  private final StreamContainer container;
  private final Heartbeat heartbeat;
  private final List<WriteLoop> loops = new ArrayList<>();
  private final ExecutorService handshakes; // of TLS
  private final TransportFigures figures = new TransportFigures();
  private final AtomicInteger nextLoop = new AtomicInteger();
  private final Map<String, RequestCheck> paths = new LinkedHashMap<>();
  private @Nullable HandshakeGate gate; // from start on
  private @Nullable NetworkListener redirecting;

  /**
   * A server that does not listen yet.
   *
   * @param address what to bind
   * @param port to bind, 0 for any free one
   * @param settings limits and times
   * @param entrance looks at all requests first
   * @param audit is told who is refused
   * @param tls what to show to clients over TLS, null for none
   * @param routes answers whatever is no WebSocket
   */
  public WebSocketServer(
      InetAddress address,
      int port,
      TransportSettings settings,
      Entrance entrance,
      Audit audit,
      @Nullable SSLContext tls,
      HttpHandler routes) {
    this.address = address;
    this.settings = settings;
    this.entrance = entrance;
    this.audit = audit;
    JulLevels.quieten();
    container = new StreamContainer(settings);
    heartbeat = new Heartbeat(settings);
    int threads = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    for (int i = 1; i <= threads; i++) {
      loops.add(new WriteLoop(NAME + "-writer-" + i));
    }
    handshakes = Executors.newFixedThreadPool(threads, Pump.daemons(NAME + "-handshake"));
    configure(http.getServerConfiguration(), routes);
    listener = listen(NAME, address, port, threads, this::gate);
    if (tls != null) {
      listener.setSecure(true);
      listener.setSSLEngineConfig(TlsFilter.engines(tls));
    }
  }

  private static void configure(ServerConfiguration config, HttpHandler routes) {
    config.setName(NAME);
    config.setJmxEnabled(false);
    config.setTraceEnabled(false);
    config.setPassTraceRequest(true); // to the routes, which know no such method
    // What is left of a body that was refused is skipped, however long: closing before it would
    // reset the connection and take the answer with it. It has as long as a header for that.
    config.setMaxPayloadRemainderToSkip(-1);
    config.addHttpHandler(routes, "/");
  }

  /**
   * A further place to listen at.
   *
   * @param first makes what sees each request first
   */
  private NetworkListener listen(
      String name,
      InetAddress address,
      int port,
      int selectors,
      Function<FilterChainBuilder, Filter> first) {
    NetworkListener added = new NetworkListener(name, address.getHostAddress(), port);
    added.getKeepAlive().setIdleTimeoutInSeconds(KEEP_ALIVE_SECONDS);
    added.getFileCache().setEnabled(false);
    added.setMaxHttpHeaderSize(settings.maxHeaderBytes());
    added.setDefaultErrorPageGenerator((request, status, reason, detail, error) -> "");
    TCPNIOTransport transport = added.getTransport();
    transport.setName(name);
    transport.setIOStrategy(new EventStrategy(heartbeat, handshakes));
    transport.setSelectorRunnersCount(selectors);
    transport.setWorkerThreadPoolConfig(
        ThreadPoolConfig.defaultConfig()
            .copy()
            .setPoolName(name + "-worker")
            .setCorePoolSize(2)
            .setMaxPoolSize(MAX_WORKERS)
            .setDaemon(false)
            .setMemoryManager(transport.getMemoryManager()));
    transport.setKernelThreadPoolConfig(
        ThreadPoolConfig.defaultConfig()
            .copy()
            .setPoolName(name + "-selector")
            .setCorePoolSize(selectors)
            .setMaxPoolSize(selectors)
            .setMemoryManager(transport.getMemoryManager()));
    http.addListener(added);
    added.registerAddOn(
        (ignored, chain) -> {
          Filter gatekeeper = first.apply(chain);
          chain.add(chain.indexOfType(HttpServerFilter.class), gatekeeper);
          chain.add(
              chain.indexOfType(TransportFilter.class) + 1, new HeaderDeadlineFilter(heartbeat));
        });
    return added;
  }

  private Filter gate(FilterChainBuilder chain) {
    IdleTimeoutFilter idle =
        (IdleTimeoutFilter) chain.build().get(chain.indexOfType(IdleTimeoutFilter.class));
    FilterChainBuilder frames = FilterChainBuilder.stateless().add(new TransportFilter());
    int tls = chain.indexOfType(SSLBaseFilter.class);
    if (tls >= 0) {
      TlsFilter filter = new TlsFilter(listener.getSslEngineConfig(), heartbeat.http());
      chain.set(tls, filter);
      frames.add(filter); // the same, for it knows the connections
    }
    frames.add(new FrameFilter(idle));
    HandshakeGate made =
        new HandshakeGate(
            settings,
            paths,
            entrance,
            audit,
            container.getWebSocketEngine(),
            heartbeat,
            this::nextLoop,
            frames.build(),
            figures);
    gate = made;
    return made;
  }

  /**
   * Listens at a second port too, without TLS, and sends everybody from there to where it is
   * spoken; before the start.
   *
   * @param from the port, 0 for any free one
   */
  public void redirect(int from) {
    NetworkListener plain =
        listen(NAME + "-redirect", address, from, 1, chain -> new RedirectFilter(this::port));
    redirecting = plain;
  }

  /** The port that leads to the other, 0 if there is none. */
  public int redirectingPort() {
    NetworkListener plain = redirecting;
    return plain == null ? 0 : plain.getPort();
  }

  private WriteLoop nextLoop() {
    return loops.get(Math.floorMod(nextLoop.getAndIncrement(), loops.size()));
  }

  /**
   * Adds an endpoint before the start.
   *
   * @param check looks at the parameters of each handshake
   * @throws DeploymentException if the engine does not take it
   */
  public void addEndpoint(ServerEndpointConfig endpoint, RequestCheck check)
      throws DeploymentException {
    container.addEndpoint(endpoint);
    paths.put(endpoint.getPath(), check);
  }

  /**
   * Starts to listen.
   *
   * @throws IOException if the address cannot be bound; nothing is left running then
   * @throws DeploymentException if an endpoint is not one
   */
  public void start() throws IOException, DeploymentException {
    try {
      loops.forEach(WriteLoop::start);
      heartbeat.start();
      container.start("", listener.getPort());
      http.start();
    } catch (IOException | DeploymentException | RuntimeException e) {
      stopAll();
      throw e;
    }
  }

  /** The paths of all endpoints. */
  public Set<String> paths() {
    return Set.copyOf(paths.keySet());
  }

  /** The port that is bound. */
  public int port() {
    return listener.getPort();
  }

  /** WebSocket connections now open. */
  public int connections() {
    HandshakeGate made = gate;
    return made == null ? 0 : made.connections();
  }

  /** WebSocket connections whose peer has taken nothing for a second, while there is something. */
  public int stalled() {
    long now = System.nanoTime();
    return (int) heartbeat.writers().stream().filter(writer -> writer.isStalled(now)).count();
  }

  /** What has become of the handshakes. */
  public TransportFigures figures() {
    return figures;
  }

  /** Takes no more connections and refuses handshakes on those that are open. */
  public void stopAccepting() {
    HandshakeGate made = gate;
    if (made != null) {
      made.shutDown();
    }
    listener.getTransport().unbindAll();
    NetworkListener plain = redirecting;
    if (plain != null) {
      plain.getTransport().unbindAll();
    }
  }

  /**
   * Closes every WebSocket, behind what it has still to send, and stops. Returns when no thread and
   * no connection is left.
   *
   * @param close what to close them with
   * @param graceNanos how long to wait for peers that do not read or do not answer
   */
  public void stop(StreamClose close, long graceNanos) {
    stopAccepting();
    long now = System.nanoTime();
    // Half of the time is for what is still to be sent, the other for the answer to the close.
    long latest = now + graceNanos / 2;
    do {
      // Again and again, for a handshake may have been halfway through.
      for (ConnectionWriter writer : heartbeat.writers()) {
        writer.finish(close, latest);
      }
      LockSupport.parkNanos(WAIT_STEP);
    } while (!heartbeat.writers().isEmpty() && System.nanoTime() - now < graceNanos);
    for (ConnectionWriter writer : heartbeat.writers()) {
      writer.terminate();
    }
    stopAll();
  }

  private void stopAll() {
    http.shutdownNow();
    handshakes.shutdownNow();
    heartbeat.stop();
    loops.forEach(WriteLoop::stop);
    container.stop();
  }
}
