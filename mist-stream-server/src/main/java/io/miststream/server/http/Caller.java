package io.miststream.server.http;

import io.miststream.core.ErrorCode;
import io.miststream.core.StreamException;
import io.miststream.server.security.AccessPolicy;
import io.miststream.server.security.Action;
import io.miststream.server.security.Audit;
import io.miststream.server.security.Audit.Event;
import io.miststream.server.security.Audit.Kind;
import io.miststream.server.security.Identity;
import io.miststream.server.security.Proxies.Client;
import org.jspecify.annotations.Nullable;

/**
 * Who asks, and what they may.
 *
 * @param identity null where nobody is asked who they are
 * @param client where the request comes from
 * @param path what it asks for
 */
record Caller(
    @Nullable Identity identity, Client client, String path, AccessPolicy policy, Audit audit) {

  boolean may(Action action, long appId) {
    return policy.allows(identity, action, appId);
  }

  /** Something that they have done. */
  Event event(Kind kind, long appId) {
    return Event.of(kind, identity, client.address(), path, appId);
  }

  /**
   * Returns if they may.
   *
   * @throws StreamException {@code PERMISSION_DENIED} if not
   */
  void require(Action action, long appId) {
    if (!may(action, appId)) {
      audit.record(event(Kind.REFUSED, appId).because("Permission denied"));
      throw new StreamException(ErrorCode.PERMISSION_DENIED, "Permission denied");
    }
  }
}
