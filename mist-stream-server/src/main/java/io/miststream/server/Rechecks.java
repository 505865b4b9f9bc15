package io.miststream.server;

import io.miststream.core.ErrorCode;
import io.miststream.core.StreamError;
import io.miststream.core.topic.StreamClose;
import io.miststream.core.topic.Viewer;
import io.miststream.server.StreamEndpoint.Wanted;
import io.miststream.server.security.AccessPolicy;
import io.miststream.server.security.Identity;
import jakarta.websocket.Session;
import java.security.Principal;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks of each open stream twice a second whether its user still may see it. Who may no longer gets
 * nothing more of it: only an error and a close, and a second later the close alone if it has not
 * taken them.
 */
final class Rechecks {
  private static final Logger LOG = LoggerFactory.getLogger(Rechecks.class);
  private static final long PERIOD_NANOS = Duration.ofMillis(500).toNanos();
  private static final int PATIENCE = 2; // periods

  private final AccessPolicy policy;
  private final EndpointThreads threads;

  // For the previous sweep may still be going on.
  private final Object sweepLock = new Object();

  // Guarded by this.
  private final Set<Open> all = new HashSet<>();
  private @Nullable Future<?> sweeping;

  /** A stream that is open. */
  static final class Open {
    private final Session session;
    private final @Nullable Principal user;
    private final Wanted wanted;
    private final Viewer viewer;
    // The sweep's alone.
    private @Nullable ErrorCode refused;
    private int since; // periods

    Open(Session session, @Nullable Principal user, Wanted wanted, Viewer viewer) {
      this.session = session;
      this.user = user;
      this.wanted = wanted;
      this.viewer = viewer;
    }
  }

  Rechecks(AccessPolicy policy, EndpointThreads threads) {
    this.policy = policy;
    this.threads = threads;
  }

  synchronized void add(Open open) {
    all.add(open);
    if (sweeping == null) {
      sweeping = threads.every(PERIOD_NANOS, this::sweep);
    }
  }

  synchronized void remove(Open open) {
    all.remove(open);
    if (all.isEmpty() && sweeping != null) {
      sweeping.cancel(false);
      sweeping = null;
    }
  }

  private void sweep() {
    List<Open> now;
    synchronized (this) {
      now = List.copyOf(all);
    }
    synchronized (sweepLock) {
      for (Open open : now) {
        try {
          check(open);
        } catch (RuntimeException e) {
          LOG.warn("The right to {} cannot be told", open.session.getRequestURI().getPath(), e);
          refuse(open, ErrorCode.INTERNAL, "Something went wrong on the server");
        }
      }
    }
  }

  private void check(Open open) {
    if (!open.session.isOpen()) {
      remove(open); // it was closed before anybody was to be told of that
      return;
    }
    ErrorCode refused = open.refused;
    if (refused != null) {
      if (++open.since == PATIENCE) {
        Sessions.close(open.session, StreamClose.of(refused));
      }
      return;
    }
    if (open.user instanceof Identity identity && !identity.isValid()) {
      refuse(open, ErrorCode.SESSION_EXPIRED, "Session expired");
    } else if (!policy.allows(open.user, open.wanted.action(), open.wanted.appId())) {
      refuse(open, ErrorCode.PERMISSION_DENIED, "Permission denied");
    }
  }

  private static void refuse(Open open, ErrorCode code, String message) {
    open.refused = code;
    open.viewer.refuse(new StreamError(Instant.now(), message, code));
  }
}
