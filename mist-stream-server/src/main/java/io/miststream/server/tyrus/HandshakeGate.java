package io.miststream.server.tyrus;

import io.miststream.core.StreamException;
import io.miststream.server.security.AccessPolicy;
import io.miststream.server.security.Audit;
import io.miststream.server.security.Audit.Event;
import io.miststream.server.security.Audit.Kind;
import io.miststream.server.security.Entrance;
import io.miststream.server.security.Entrance.Outcome;
import io.miststream.server.security.Entrance.Visit;
import io.miststream.server.security.Identity;
import io.miststream.server.security.Tally;
import io.miststream.server.security.TokenBuckets;
import java.io.IOException;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.glassfish.grizzly.Buffer;
import org.glassfish.grizzly.attributes.AttributeHolder;
import org.glassfish.grizzly.filterchain.BaseFilter;
import org.glassfish.grizzly.filterchain.FilterChain;
import org.glassfish.grizzly.filterchain.FilterChainContext;
import org.glassfish.grizzly.filterchain.FilterChainEvent;
import org.glassfish.grizzly.filterchain.NextAction;
import org.glassfish.grizzly.http.HttpContent;
import org.glassfish.grizzly.http.HttpContext;
import org.glassfish.grizzly.http.HttpEvents;
import org.glassfish.grizzly.http.HttpEvents.IncomingHttpUpgradeEvent;
import org.glassfish.grizzly.http.HttpRequestPacket;
import org.glassfish.grizzly.http.HttpServerFilter;
import org.glassfish.grizzly.http.Method;
import org.glassfish.grizzly.memory.Buffers;
import org.glassfish.grizzly.nio.NIOConnection;
import org.glassfish.grizzly.utils.IdleTimeoutFilter;
import org.glassfish.tyrus.core.RequestContext;
import org.glassfish.tyrus.core.TyrusUpgradeResponse;
import org.glassfish.tyrus.spi.Connection.CloseListener;
import org.glassfish.tyrus.spi.UpgradeRequest;
import org.glassfish.tyrus.spi.UpgradeResponse;
import org.glassfish.tyrus.spi.WebSocketEngine;
import org.glassfish.tyrus.spi.WebSocketEngine.UpgradeInfo;
import org.glassfish.tyrus.spi.WebSocketEngine.UpgradeStatus;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides over every request before anybody else sees it: refuses it, turns it into a WebSocket, or
 * lets it go on to the HTTP routes. Runs on worker threads.
 */
final class HandshakeGate extends BaseFilter {
  private static final Logger LOG = LoggerFactory.getLogger(HandshakeGate.class);

  private static final Shares NONE = new Shares(null, null);

  private static final int SWITCHING_PROTOCOLS = 101;
  private static final int RETRY_SHUTDOWN_SECONDS = 2;
  private static final int RETRY_FULL_SECONDS = 10;
  // Of these alone the engine makes use; extensions are not among them, for none are offered.
  private static final List<String> HANDSHAKE_HEADERS =
      List.of(
          "Host",
          "Upgrade",
          "Connection",
          "Sec-WebSocket-Key",
          "Sec-WebSocket-Version",
          "Sec-WebSocket-Protocol",
          "Origin",
          "User-Agent");

  private final TransportSettings settings;
  private final Map<String, RequestCheck> paths;
  private final Entrance entrance;
  private final Audit audit;
  private final WebSocketEngine engine;
  private final Heartbeat heartbeat;
  private final Supplier<WriteLoop> loops;
  private final FilterChain frames;
  private final TransportFigures figures;
  private final AtomicInteger connections = new AtomicInteger();
  private final TokenBuckets handshakes;
  private final Tally addresses;
  private final Tally users;
  private volatile boolean shuttingDown;

  HandshakeGate(
      TransportSettings settings,
      Map<String, RequestCheck> paths,
      Entrance entrance,
      Audit audit,
      WebSocketEngine engine,
      Heartbeat heartbeat,
      Supplier<WriteLoop> loops,
      FilterChain frames,
      TransportFigures figures) {
    this.settings = settings;
    this.paths = paths;
    this.entrance = entrance;
    this.audit = audit;
    this.engine = engine;
    this.heartbeat = heartbeat;
    this.loops = loops;
    this.frames = frames;
    this.figures = figures;
    this.handshakes =
        new TokenBuckets(
            settings.maxHandshakes(),
            Duration.ofMinutes(1).dividedBy(settings.maxHandshakes()),
            System::nanoTime);
    this.addresses = new Tally(settings.maxPerAddress());
    this.users = new Tally(settings.maxPerUser());
  }

  /** What a connection counts towards besides the total. */
  record Shares(Tally.@Nullable Share address, Tally.@Nullable Share user) {}

  void shutDown() {
    shuttingDown = true;
  }

  @Override
  public NextAction handleRead(FilterChainContext ctx) throws IOException {
    HttpContent message = ctx.getMessage();
    HttpRequestPacket request = (HttpRequestPacket) message.getHttpHeader();
    HttpConnection state = HttpConnection.of((NIOConnection) ctx.getConnection());
    if (state == null) {
      return ctx.getStopAction(); // closed meanwhile
    }
    state.headerComplete();
    RequestCheck check = paths.get(request.getRequestURI());
    boolean webSocket = check != null || HandshakeRules.wantsWebSocket(request);
    Visit visit = visit(request, webSocket);
    Refusal refusal =
        switch (visit.outcome()) {
          case BAD_REQUEST -> Refusal.badRequest(visit.message());
          case FORBIDDEN -> Refusal.forbidden(visit.message());
          case UNKNOWN, WELCOME -> null;
        };
    if (refusal == null) {
      if (!webSocket) {
        if (message.isLast()) {
          heartbeat.http().requested(state);
        }
        request.setAttribute(Visit.ATTRIBUTE, visit); // some routes are for everybody
        return ctx.getInvokeAction();
      }
      long wait = handshakes.take(visit.client().address());
      refusal =
          wait > 0
              ? Refusal.tooMany("Too many handshakes; try again later", wait)
              : check == null ? Refusal.notFound(request.getRequestURI()) : null;
    }
    if (refusal == null) {
      refusal = HandshakeRules.check(request);
    }
    if (refusal == null && visit.outcome() == Outcome.UNKNOWN) {
      refusal = Refusal.unauthorized(visit.message());
    }
    if (refusal == null && check != null) {
      refusal = admit(ctx, message, request, check, visit);
    }
    if (refusal == null) {
      figures.countAccepted();
    } else {
      if (webSocket) {
        figures.countRefused(refusal);
      }
      if (refusal.concernsWho()) {
        audit.record(
            Event.of(
                    Kind.REFUSED,
                    visit.identity(),
                    visit.client().address(),
                    request.getRequestURI(),
                    AccessPolicy.NO_APP)
                .because(refusal.message()));
      }
      state.refuse(refusal, !request.getMethod().equals(Method.HEAD));
    }
    return ctx.getStopAction();
  }

  /**
   * Notices the end of an answer. Forgets other protocols that a client would go over to, such as
   * {@code h2c}, which the JDK's own client offers with each request: RFC 9110, section 7.8, lets a
   * server. The transport would take the body for the first words of that protocol, and leave it
   * unread.
   */
  @Override
  public NextAction handleEvent(FilterChainContext ctx, FilterChainEvent event) {
    if (event instanceof IncomingHttpUpgradeEvent upgrade
        && upgrade.getHttpHeader() instanceof HttpRequestPacket request
        && !HandshakeRules.wantsWebSocket(request)) {
      request.getUpgradeDC().recycle();
      request.setIgnoreContentModifiers(false);
    } else if (event.type() == HttpEvents.ResponseCompleteEvent.TYPE) {
      HttpConnection state = HttpConnection.of((NIOConnection) ctx.getConnection());
      if (state != null) {
        heartbeat.http().answered(state);
      }
    }
    return ctx.getInvokeAction();
  }

  private Visit visit(HttpRequestPacket request, boolean webSocket) {
    Method method = request.getMethod();
    return entrance.check(
        new Entrance.Request(
            String.valueOf(request.getRemoteAddress()),
            request.isSecure(),
            HandshakeRules.values(request, "X-Forwarded-For"),
            HandshakeRules.values(request, "X-Forwarded-Proto"),
            HandshakeRules.values(request, "Host"),
            HandshakeRules.values(request, "Origin"),
            HandshakeRules.values(request, "Cookie"),
            HandshakeRules.values(request, "Authorization"),
            webSocket,
            method.equals(Method.GET) || method.equals(Method.HEAD)));
  }

  private @Nullable Refusal admit(
      FilterChainContext ctx,
      HttpContent message,
      HttpRequestPacket request,
      RequestCheck check,
      Visit visit) {
    String query = RawQuery.escape(rawQuery(request));
    try {
      check.check(query);
    } catch (StreamException e) {
      return Refusal.of(e);
    }
    if (shuttingDown) {
      return Refusal.unavailable("The server is shutting down", RETRY_SHUTDOWN_SECONDS);
    }
    if (connections.incrementAndGet() > settings.maxConnections()) {
      connections.decrementAndGet();
      return Refusal.unavailable("Too many connections", RETRY_FULL_SECONDS);
    }
    Shares shares = NONE;
    Refusal refusal = null;
    boolean upgraded = false;
    try {
      Identity identity = visit.identity();
      Tally.Share address = addresses.enter(visit.client().address());
      shares = new Shares(address, null);
      Tally.Share user = identity == null ? null : users.enter(identity.getName());
      shares = new Shares(address, user);
      if (address == null || (identity != null && user == null)) {
        return Refusal.tooMany(
            "Too many connections from this " + (address == null ? "address" : "user"),
            RETRY_FULL_SECONDS);
      }
      refusal = upgrade(ctx, message, request, query, visit, shares);
      upgraded = refusal == null;
    } finally {
      if (!upgraded) {
        leave(shares);
      }
    }
    return refusal;
  }

  private void leave(Shares shares) {
    connections.decrementAndGet();
    addresses.leave(shares.address);
    users.leave(shares.user);
  }

  private static @Nullable String rawQuery(HttpRequestPacket request) {
    return request.getQueryStringDC().isNull()
        ? null
        : request.getQueryStringDC().toString(StandardCharsets.ISO_8859_1);
  }

  private @Nullable Refusal upgrade(
      FilterChainContext ctx,
      HttpContent message,
      HttpRequestPacket request,
      @Nullable String query,
      Visit visit,
      Shares shares) {
    NIOConnection connection = (NIOConnection) ctx.getConnection();
    ConnectionWriter writer =
        new ConnectionWriter(
            connection, loops.get(), heartbeat, settings.maxMessageBytes(), request.isSecure());
    if (!visit.client().address().equals(request.getRemoteAddress())) {
      writer.isFor(visit.client().address());
    }
    UpgradeResponse response = new TyrusUpgradeResponse();
    UpgradeInfo upgrade;
    try {
      upgrade = engine.upgrade(engineRequest(request, query, visit.identity(), writer), response);
    } catch (RuntimeException e) {
      LOG.warn("Handshake of {} failed", request.getRequestURI(), e);
      return Refusal.internal();
    }
    // The engine calls some refusals a success and would serve the WebSocket behind them.
    if (upgrade.getStatus() != UpgradeStatus.SUCCESS
        || response.getStatus() != SWITCHING_PROTOCOLS) {
      LOG.warn("The engine answered {} {}", response.getStatus(), response.getReasonPhrase());
      return Refusal.internal();
    }
    becomeWebSocket(connection, message, writer, upgrade, response, shares);
    return null;
  }

  private static UpgradeRequest engineRequest(
      HttpRequestPacket request,
      @Nullable String query,
      @Nullable Identity identity,
      ConnectionWriter writer) {
    RequestContext context =
        RequestContext.Builder.create()
            .requestURI(URI.create(request.getRequestURI()))
            .queryString(query)
            .httpSession(writer)
            .userPrincipal(identity)
            .secure(request.isSecure())
            .remoteAddr(request.getRemoteAddress())
            .parameterMap(Map.of())
            .build();
    for (String name : HANDSHAKE_HEADERS) {
      List<String> values = HandshakeRules.values(request, name);
      if (!values.isEmpty()) {
        context.getHeaders().put(name, values);
      }
    }
    return context;
  }

  private void becomeWebSocket(
      NIOConnection connection,
      HttpContent message,
      ConnectionWriter writer,
      UpgradeInfo upgrade,
      UpgradeResponse response,
      Shares shares) {
    capSendBuffer(connection);
    forgetHttp(connection);
    FrameReader reader = new FrameReader(writer, settings);
    FrameFilter.attach(connection, reader);
    connection.setProcessor(frames);
    connection.write(
        Buffers.wrap(connection.getMemoryManager(), ByteBuffer.wrap(switching(response))), null);
    CloseListener closer = reason -> writer.close();
    org.glassfish.tyrus.spi.Connection session;
    try {
      session = upgrade.createConnection(writer, closer); // opens the endpoint
    } catch (RuntimeException e) {
      writer.closed();
      writer.terminate();
      throw e;
    }
    reader.engine(session.getReadHandler());
    heartbeat.writers().add(writer);
    connection.addCloseListener(new WebSocketCloseListener(this, writer, session, shares));
    Buffer rest = message.getContent();
    if (rest.hasRemaining()) {
      reader.read(rest.toByteBuffer());
    }
    message.recycle();
  }

  private static byte[] switching(UpgradeResponse response) {
    StringBuilder head = new StringBuilder(256).append("HTTP/1.1 101 Switching Protocols\r\n");
    response
        .getHeaders()
        .forEach(
            (name, values) ->
                head.append(name).append(": ").append(String.join(", ", values)).append("\r\n"));
    return head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
  }

  private void capSendBuffer(NIOConnection connection) {
    try {
      ((SocketChannel) connection.getChannel())
          .setOption(StandardSocketOptions.SO_SNDBUF, settings.sendBufferBytes());
    } catch (IOException e) {
      LOG.debug("Setting the send buffer of {} failed", connection, e);
    }
  }

  /** The request that became this WebSocket would stay in memory for as long as it lives. */
  private void forgetHttp(NIOConnection connection) {
    HttpConnection state = HttpConnection.of(connection);
    if (state != null) {
      heartbeat.http().left(state);
      HttpConnection.detach(connection);
    }
    IdleTimeoutFilter.setCustomTimeout(connection, -1, TimeUnit.SECONDS);
    AttributeHolder attributes = connection.getAttributes();
    attributes.removeAttribute(HttpServerFilter.HTTP_SERVER_REQUEST_ATTR_NAME);
    attributes.removeAttribute(HttpContext.class.getName());
  }

  /** WebSocket connections that count towards the limit now. */
  int connections() {
    return connections.get();
  }

  void closed(ConnectionWriter writer, Shares shares) {
    heartbeat.writers().remove(writer);
    leave(shares);
  }
}
