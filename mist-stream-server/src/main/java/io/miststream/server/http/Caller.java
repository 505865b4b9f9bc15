package io.miststream.server.http;

import io.miststream.core.ErrorCode;
import io.miststream.core.StreamException;
import io.miststream.server.security.AccessPolicy;
import io.miststream.server.security.Action;
import io.miststream.server.security.Identity;
import org.jspecify.annotations.Nullable;

/**
 * Who asks, and what they may.
 *
 * @param identity null where nobody is asked who they are
 * @param address where the request comes from
 */
record Caller(@Nullable Identity identity, String address, AccessPolicy policy) {

  boolean may(Action action, long appId) {
    return policy.allows(identity, action, appId);
  }

  /**
   * Returns if they may.
   *
   * @throws StreamException {@code PERMISSION_DENIED} if not
   */
  void require(Action action, long appId) {
    if (!may(action, appId)) {
      throw new StreamException(ErrorCode.PERMISSION_DENIED, "Permission denied");
    }
  }
}
