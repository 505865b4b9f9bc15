package io.miststream.server;

import io.miststream.core.ErrorCode;
import io.miststream.core.StreamError;
import io.miststream.core.StreamException;
import io.miststream.core.topic.StreamClose;
import io.miststream.core.topic.Viewer;
import io.miststream.core.wire.WireCodec;
import io.miststream.server.security.AccessPolicy;
import io.miststream.server.security.Action;
import io.miststream.server.security.Audit;
import io.miststream.server.security.Audit.Event;
import io.miststream.server.security.Audit.Kind;
import io.miststream.server.security.Identity;
import io.miststream.server.security.Tally;
import jakarta.websocket.CloseReason;
import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.Session;
import java.security.Principal;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves streams of one kind, whichever it is. One instance serves all sessions: containers differ
 * in how many they make, so whatever belongs to a session lives in its user properties. Public
 * because containers look for its methods; {@link StreamEndpoints} makes it.
 */
public final class StreamEndpoint extends Endpoint {
  private static final Logger LOG = LoggerFactory.getLogger(StreamEndpoint.class);

  // What to run when the session is closed.
  private static final String LEAVE = "io.miststream.server.leave";

  private final Function<@Nullable String, Wanted> requests;
  private final AccessPolicy policy;
  private final Audit audit;
  private final Tally filters;
  private final Duration pingInterval;
  private final EndpointThreads threads = new EndpointThreads();
  private final Rechecks rechecks;

  /**
   * What a session asks for.
   *
   * @param action what its user must be allowed
   * @param appId of which app
   * @param filtered whether it leaves something out, which costs a look at each line
   * @param open opens it, or throws a {@link StreamException}
   */
  record Wanted(Action action, long appId, boolean filtered, Supplier<Viewer> open) {
    Wanted(Action action, long appId, Supplier<Viewer> open) {
      this(action, appId, false, open);
    }
  }

  /**
   * An endpoint that pings.
   *
   * @param requests reads what the raw query string of a session asks for, or throws a {@link
   *     StreamException}
   * @param policy says whether a session's user may have it
   * @param filters counts the filtered streams of each user
   */
  StreamEndpoint(
      Function<@Nullable String, Wanted> requests,
      AccessPolicy policy,
      Audit audit,
      Tally filters,
      Duration pingInterval) {
    this.requests = requests;
    this.policy = policy;
    this.audit = audit;
    this.filters = filters;
    this.pingInterval = pingInterval;
    this.rechecks = new Rechecks(policy, threads);
  }

  @Override
  public void onOpen(Session session, EndpointConfig config) {
    // Idle is a quiet app's normal state. Zero would do by the API, but has Tyrus set up and cancel
    // a timer at each message.
    session.setMaxIdleTimeout(-1);
    FrameConnection ours =
        session.getUserProperties().get(FrameConnection.PROPERTY)
                instanceof FrameConnection connection
            ? connection
            : null;
    InboundLimit inbound =
        ours == null ? InboundLimit.install(session) : InboundLimit.installWithoutLimits(session);
    try {
      Wanted wanted = requests.apply(session.getQueryString());
      Principal user = session.getUserPrincipal();
      if (!policy.allows(user, wanted.action, wanted.appId)) {
        audit.record(event(Kind.REFUSED, session, wanted).because("Permission denied"));
        throw new StreamException(ErrorCode.PERMISSION_DENIED, "Permission denied");
      }
      Tally.Share filter = enterFilter(user, wanted);
      Viewer viewer = wanted.open.get();
      if (ours != null) {
        onClose(session, watched(session, user, wanted, viewer, leaving(filter, viewer::close)));
        ours.serve(viewer); // and pings
      } else {
        TextSender sender =
            new TextSender(session, viewer, threads, pingInterval, StreamEndpoints.STALL_TIMEOUT);
        onClose(session, watched(session, user, wanted, viewer, leaving(filter, sender::stop)));
        inbound.onReceived(sender::received);
        sender.start();
      }
    } catch (StreamException e) {
      refuse(session, e.code(), String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      LOG.warn("Opening {} failed", session.getRequestURI().getPath(), e);
      refuse(session, ErrorCode.INTERNAL, "Something went wrong on the server");
    }
  }

  /** Counts a stream that leaves something out, where it is known whose it is. */
  private Tally.@Nullable Share enterFilter(@Nullable Principal user, Wanted wanted) {
    if (!wanted.filtered || user == null) {
      return null;
    }
    Tally.Share share = filters.enter(user.getName());
    if (share == null) {
      throw new StreamException(ErrorCode.SOURCE_UNAVAILABLE, "Too many filters of this user");
    }
    return share;
  }

  private Runnable leaving(Tally.@Nullable Share filter, Runnable leave) {
    return filter == null
        ? leave
        : () -> {
          filters.leave(filter);
          leave.run();
        };
  }

  /** Has the right to a stream looked at again and again; returns what is to be done at its end. */
  private Runnable watched(
      Session session, @Nullable Principal user, Wanted wanted, Viewer viewer, Runnable leave) {
    if (policy == AccessPolicy.ALL && audit == Audit.NONE && !(user instanceof Identity)) {
      return leave;
    }
    Rechecks.Open open = new Rechecks.Open(session, user, wanted, viewer);
    rechecks.add(open);
    Event opened = event(Kind.VIEWER_OPENED, session, wanted);
    Event closed = event(Kind.VIEWER_CLOSED, session, wanted);
    audit.record(opened);
    long begun = System.nanoTime();
    return () -> {
      rechecks.remove(open);
      audit.record(closed.after(Duration.ofNanos(System.nanoTime() - begun)));
      leave.run();
    };
  }

  private static Event event(Kind kind, Session session, Wanted wanted) {
    String address =
        session.getUserProperties().get(FrameConnection.PROPERTY) instanceof FrameConnection known
            ? known.address()
            : "";
    return Event.of(
        kind, session.getUserPrincipal(), address, session.getRequestURI().getPath(), wanted.appId);
  }

  private static void refuse(Session session, ErrorCode code, String message) {
    StreamClose close = StreamClose.of(code);
    session
        .getAsyncRemote()
        .sendText(
            WireCodec.encode(new StreamError(Instant.now(), message, code)),
            sent -> Sessions.close(session, close));
  }

  private static void onClose(Session session, Runnable action) {
    session.getUserProperties().put(LEAVE, action);
  }

  @Override
  public void onClose(Session session, CloseReason reason) {
    leave(session);
  }

  @Override
  public void onError(Session session, Throwable error) {
    LOG.debug("Session {} failed", session.getId(), error);
    if (!session.isOpen()) {
      leave(session);
    }
  }

  private static void leave(Session session) {
    if (session.getUserProperties().remove(LEAVE) instanceof Runnable action) {
      action.run();
    }
  }
}
