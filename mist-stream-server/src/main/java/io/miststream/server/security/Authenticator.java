package io.miststream.server.security;

import org.jspecify.annotations.Nullable;

/**
 * Finds out who has sent a request. Implementations answer at once, without waiting for a network
 * or a disk, and are thread-safe.
 */
@FunctionalInterface
public interface Authenticator {

  /**
   * Who shows a token, whether as cookie {@code mist_token} or as {@code Authorization: Bearer}.
   *
   * @param token as it was sent; may be anything
   * @return null if the token proves nothing: it is forged, has run out, or was taken back
   */
  @Nullable Identity authenticate(String token);
}
