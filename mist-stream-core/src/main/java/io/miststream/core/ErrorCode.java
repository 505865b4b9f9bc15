package io.miststream.core;

/** The kinds of error a viewer meets, with their names on the wire and their close codes. */
public enum ErrorCode {
  /** A parameter is missing, malformed or out of its range. */
  INVALID_REQUEST("invalid_request", 1008),
  /** The app has no container, or there is no such app. */
  CONTAINER_NOT_FOUND("container_not_found", 1008),
  /** The container is stopped and the viewer asked for a running one. */
  CONTAINER_NOT_RUNNING("container_not_running", 1008),
  /** There is no such deployment. */
  DEPLOYMENT_NOT_FOUND("deployment_not_found", 1008),
  /** A deployment came to nothing: a part of its stream, which is not closed for that. */
  DEPLOYMENT_FAILED("deployment_failed", 1000),
  /** The caller may not see this. */
  PERMISSION_DENIED("permission_denied", 1008),
  /** What the caller has shown at the beginning has run out or was taken back since. */
  SESSION_EXPIRED("session_expired", 4401),
  /** The engine cannot be reached, or was lost and did not come back in time. */
  SOURCE_UNAVAILABLE("source_unavailable", 1013),
  /** The container's log driver cannot be read. */
  LOGS_NOT_READABLE("logs_not_readable", 1008),
  /** There is more than may be had at once: the last word of a download. */
  TOO_LARGE("too_large", 1009),
  /** Anything unexpected. */
  INTERNAL("internal", 1011);

  private final String wire;
  private final int closeCode;

  ErrorCode(String wire, int closeCode) {
    this.wire = wire;
    this.closeCode = closeCode;
  }

  /** Its name on the wire. */
  public String wire() {
    return wire;
  }

  /** The WebSocket close code that follows the error (RFC 6455, section 7.4). */
  public int closeCode() {
    return closeCode;
  }
}
