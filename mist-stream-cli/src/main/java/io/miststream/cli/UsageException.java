package io.miststream.cli;

/** The user has asked for something that cannot be. The message is one sentence that says what. */
final class UsageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  UsageException(String message) {
    super(message);
  }
}
