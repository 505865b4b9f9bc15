package io.miststream.server.http;

/** A request is not done, and this is the answer. */
final class RefusedException extends Exception {
  private static final long serialVersionUID = 1L;

  private final transient Answer answer;

  RefusedException(Answer answer) {
    super(null, null, false, false);
    this.answer = answer;
  }

  RefusedException(int status, String code, String message) {
    this(Answer.error(status, code, message));
  }

  Answer answer() {
    return answer;
  }
}
