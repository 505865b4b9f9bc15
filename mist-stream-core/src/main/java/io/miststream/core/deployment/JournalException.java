package io.miststream.core.deployment;

import org.jspecify.annotations.Nullable;

/** The journal cannot be written; the message says why. The deployment is over with that. */
public final class JournalException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  JournalException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
