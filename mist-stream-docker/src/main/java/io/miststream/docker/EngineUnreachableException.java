package io.miststream.docker;

import java.io.IOException;

/** The engine did not answer: no socket, no connection, cut off, or too late. */
final class EngineUnreachableException extends IOException {
  private static final long serialVersionUID = 1L;

  EngineUnreachableException(String message, Throwable cause) {
    super(message, cause);
  }

  /** The innermost reason in words, for that is what people search for. */
  static String reason(Throwable failure) {
    Throwable innermost = failure;
    while (innermost.getCause() != null) {
      innermost = innermost.getCause();
    }
    String message = innermost.getMessage();
    return message == null || message.isBlank() ? innermost.getClass().getSimpleName() : message;
  }
}
