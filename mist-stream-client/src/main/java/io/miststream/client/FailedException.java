package io.miststream.client;

/** A connection is over before the stream is. */
final class FailedException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient Failure failure;

  FailedException(Failure failure) {
    super(failure.error().getMessage(), failure.error());
    this.failure = failure;
  }

  Failure failure() {
    return failure;
  }
}
