package io.miststream.server.security;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** Gives out tokens for passwords. Thread-safe. */
@FunctionalInterface
public interface Login {

  /**
   * A token that shows who somebody is.
   *
   * @param token for the {@link Authenticator}; of characters that may stand in a cookie
   * @param expires until when it is good
   */
  record Token(String token, Instant expires) {}

  /**
   * Takes as long for a name that nobody has as for a wrong password. May take a second of CPU.
   *
   * @return null if name and password do not belong together
   */
  @Nullable Token login(String name, String password);
}
