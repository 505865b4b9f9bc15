package io.miststream.client;

import io.miststream.core.ErrorCode;
import io.miststream.core.StreamError;
import io.miststream.core.StreamException;
import java.net.ConnectException;
import java.net.http.HttpTimeoutException;
import java.net.http.WebSocketHandshakeException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.concurrent.CompletionException;

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
  private static final int POLICY_VIOLATION = 1008;
  private static final int EXTENSION_MISSING = 1010;
  private static final int TRY_AGAIN_LATER = 1013;
  private static final int NO_CLOSE_FRAME = 1006;
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
    if (code >= PROTOCOL_ERROR && code <= EXTENSION_MISSING && code != NO_CLOSE_FRAME) {
      return lasting(ErrorCode.INTERNAL, "the server closed the connection (" + why + ")");
    }
    String message =
        switch (code) {
          case NO_CLOSE_FRAME -> "the connection was lost";
          case GOING_AWAY -> "the server is going away";
          default -> "the server closed the connection early (" + why + ")";
        };
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

  /** A connection could not be made, or broke. */
  static Failure of(Throwable problem, Endpoints server) {
    Throwable cause = problem;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof WebSocketHandshakeException refusal) {
      return Refusal.of(refusal.getResponse(), server);
    }
    if (cause instanceof IllegalArgumentException || cause instanceof Error) {
      return new Failure(
          new StreamException(ErrorCode.INTERNAL, "cannot connect: " + words(cause), cause),
          false,
          Duration.ZERO);
    }
    return new Failure(
        new StreamException(
            ErrorCode.SOURCE_UNAVAILABLE, "cannot reach " + server + ": " + words(cause), cause),
        true,
        Duration.ZERO);
  }

  private static String words(Throwable problem) {
    for (Throwable cause = problem; cause != null; cause = cause.getCause()) {
      if (cause instanceof UnresolvedAddressException) {
        return "unknown host";
      }
      if (cause instanceof HttpTimeoutException) {
        return "no answer in time";
      }
    }
    for (Throwable cause = problem; cause != null; cause = cause.getCause()) {
      String message = cause.getMessage();
      if (message != null && !message.isEmpty()) {
        return message;
      }
    }
    // The JDK's has no message of its own on some versions.
    return problem instanceof ConnectException
        ? "connection refused"
        : problem.getClass().getSimpleName();
  }
}
