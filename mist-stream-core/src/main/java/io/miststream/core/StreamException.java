package io.miststream.core;

/** A stream could not be opened or ended early. The message is safe to show to a user. */
public final class StreamException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final ErrorCode code;

  /** An error without a cause. */
  public StreamException(ErrorCode code, String message) {
    super(message);
    this.code = code;
  }

  /** An error with its cause, which is for logs and never for viewers. */
  public StreamException(ErrorCode code, String message, Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  /** What the caller can do about it. */
  public ErrorCode code() {
    return code;
  }
}
