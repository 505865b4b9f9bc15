package io.miststream.docker;

import java.io.IOException;

/** The engine answered a request with an error status. The message is the engine's own. */
final class EngineRefusedException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int status;

  EngineRefusedException(int status, String message) {
    super(message);
    this.status = status;
  }

  boolean isNotFound() {
    return status == 404;
  }

  /** Whether the container is on its way out: there, but not to be read any more. */
  boolean isBeingRemoved() {
    return String.valueOf(getMessage()).contains("dead or marked for removal");
  }

  /**
   * Whether the container's log driver cannot be read; older engines say it with another status.
   */
  boolean isNotReadable() {
    return status == 501
        || String.valueOf(getMessage())
            .contains("configured logging driver does not support reading");
  }
}
