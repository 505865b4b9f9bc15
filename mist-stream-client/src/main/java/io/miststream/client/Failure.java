package io.miststream.client;

import io.miststream.core.ErrorCode;
import io.miststream.core.StreamError;
import io.miststream.core.StreamException;
import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.security.cert.CertificateException;
import java.time.Duration;

/**
 * Why a connection is over without the stream being complete.
 *
 * @param error what a subscriber is told if that is the end
 * @param passing whether another connection may do better
 * @param minWait how long to leave the server alone at least
 */
record Failure(StreamException error, boolean passing, Duration minWait) {

  private static final int GOING_AWAY = 1001;
  private static final int PROTOCOL_ERROR = 1002;
  private static final int NO_CODE = 1005;
  private static final int POLICY_VIOLATION = 1008;
  private static final int EXTENSION_MISSING = 1010;
  private static final int TRY_AGAIN_LATER = 1013;
  private static final int SESSION_EXPIRED = 4401;
  private static final Duration BUSY_WAIT = Duration.ofSeconds(1);

  static Failure passing(String message) {
    return new Failure(
        new StreamException(ErrorCode.SOURCE_UNAVAILABLE, message), true, Duration.ZERO);
  }

  static Failure lasting(ErrorCode code, String message) {
    return new Failure(new StreamException(code, message), false, Duration.ZERO);
  }

  /** The server has said what is wrong. */
  static Failure of(StreamError error) {
    StreamException told = new StreamException(error.code(), error.message());
    return error.code() == ErrorCode.SOURCE_UNAVAILABLE
        ? new Failure(told, true, BUSY_WAIT)
        : new Failure(told, false, Duration.ZERO);
  }

  /** The server has closed the connection, or it broke. */
  static Failure ofClose(int code, String reason) {
    String why = reason.isEmpty() ? String.valueOf(code) : code + ", " + reason;
    if (code == POLICY_VIOLATION || code == SESSION_EXPIRED) {
      return lasting(refused(reason), "the server closed the connection (" + why + ")");
    }
    if (code >= PROTOCOL_ERROR && code <= EXTENSION_MISSING && code != NO_CODE) {
      return lasting(ErrorCode.INTERNAL, "the server closed the connection (" + why + ")");
    }
    String message =
        code == GOING_AWAY
            ? "the server is going away"
            : "the server closed the connection early (" + why + ")";
    return new Failure(
        new StreamException(ErrorCode.SOURCE_UNAVAILABLE, message),
        true,
        code == TRY_AGAIN_LATER ? BUSY_WAIT : Duration.ZERO);
  }

  private static ErrorCode refused(String reason) {
    for (ErrorCode code : ErrorCode.values()) {
      if (code.wire().equals(reason)) {
        return code;
      }
    }
    return ErrorCode.PERMISSION_DENIED;
  }

  /** A connection could not be made, or broke before the handshake was over. */
  static Failure unreachable(Endpoints server, IOException problem) {
    return new Failure(
        new StreamException(
            ErrorCode.SOURCE_UNAVAILABLE,
            "cannot reach " + server + ": " + words(problem),
            problem),
        !isUntrusted(problem),
        Duration.ZERO);
  }

  /** A connection broke. */
  static Failure lost(IOException problem) {
    return new Failure(
        new StreamException(ErrorCode.SOURCE_UNAVAILABLE, "the connection was lost", problem),
        true,
        Duration.ZERO);
  }

  private static boolean isUntrusted(Throwable problem) {
    for (Throwable cause = problem; cause != null; cause = cause.getCause()) {
      if (cause instanceof CertificateException) {
        return true; // and will be so the next time
      }
    }
    return false;
  }

  private static String words(IOException problem) {
    if (problem instanceof UnknownHostException) {
      return "unknown host";
    }
    if (problem instanceof SocketTimeoutException) {
      return "no answer in time";
    }
    if (problem instanceof EOFException) {
      return "it closed the connection without an answer";
    }
    String message = problem.getMessage();
    if (problem instanceof ConnectException && message == null) {
      return "connection refused"; // java.net.http does not say more
    }
    return message == null || message.isEmpty() ? problem.getClass().getSimpleName() : message;
  }
}
