package io.miststream.server.security;

import java.security.Principal;

/** Somebody who has shown who they are. Thread-safe. */
public interface Identity extends Principal {

  /**
   * Whether that still holds: it has not run out, and nobody has taken it back. Asked twice a
   * second for each open stream; answers at once, from memory.
   */
  boolean isValid();
}
