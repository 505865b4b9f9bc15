package io.miststream.server.tyrus;

import org.jspecify.annotations.Nullable;

/** Looks at the parameters of a handshake before the upgrade. */
@FunctionalInterface
public interface RequestCheck {

  /**
   * Returns if they are fine. Runs on a worker thread, must not wait for anything.
   *
   * @param rawQuery the part of the URI behind the question mark, percent-encoded, or null
   * @throws io.miststream.core.StreamException {@code INVALID_REQUEST} with what is wrong
   */
  void check(@Nullable String rawQuery);
}
