package io.miststream.server.security;

import java.security.Principal;
import org.jspecify.annotations.Nullable;

/**
 * Says what somebody may see and do. Asked before anything is opened, and twice a second for each
 * stream that is open, so that a right that is taken away ends what it had opened.
 *
 * <p>Implementations answer at once, from memory, and are thread-safe.
 */
@FunctionalInterface
public interface AccessPolicy {

  /** Of an action that concerns no app, and of a deployment that there is not. */
  long NO_APP = 0;

  /** Everybody may do everything: for a server that only its user reaches. */
  AccessPolicy ALL = (user, action, appId) -> true;

  /**
   * Whether a user may do something.
   *
   * @param user who; null if nobody has authenticated the request
   * @param action what
   * @param appId of which app; there may be no such app, which must make no difference. {@link
   *     #NO_APP} where it concerns none
   */
  boolean allows(@Nullable Principal user, Action action, long appId);
}
