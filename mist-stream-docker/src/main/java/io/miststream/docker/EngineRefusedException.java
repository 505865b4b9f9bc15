package io.miststream.docker;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The engine answered a request with an error status. The message is the engine's own. */
final class EngineRefusedException extends IOException {
  private static final long serialVersionUID = 1L;

  private final int status;
  private final @Nullable String containerId;

  EngineRefusedException(int status, String message) {
    super(message);
    this.status = status;
    this.containerId = null;
  }

  /** The same refusal, of reading that container's log. */
  EngineRefusedException(EngineRefusedException refusal, String containerId) {
    super(refusal.getMessage(), refusal);
    this.status = refusal.status;
    this.containerId = containerId;
  }

  /** Whose log it was about, null if it was about something else. */
  @Nullable String containerId() {
    return containerId;
  }

  /** Whether what was asked for was so already. */
  boolean isSoAlready() {
    return status == 304;
  }

  boolean isNotFound() {
    return status == 404;
  }

  /** Whether the container is not there, or on its way out and not to be read any more. */
  boolean isGone() {
    return isNotFound() || String.valueOf(getMessage()).contains("dead or marked for removal");
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
