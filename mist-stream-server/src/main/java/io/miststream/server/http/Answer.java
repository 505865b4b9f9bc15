package io.miststream.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.miststream.core.StreamException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What is sent back.
 *
 * @param status HTTP status
 * @param type media type of the body
 * @param body closed by who sends it
 * @param length of the body in bytes, if it is in memory; −1 if it is read while it is sent
 * @param headers further headers
 */
record Answer(int status, String type, Body body, int length, Map<String, String> headers) {
  private static final String JSON = "application/json";

  static Answer of(int status, String type, byte[] body) {
    return new Answer(status, type, Body.of(body), body.length, Map.of());
  }

  /** What a request has failed with. */
  static Answer of(StreamException problem) {
    String message = String.valueOf(problem.getMessage());
    String code = problem.code().wire();
    return switch (problem.code()) {
      case INVALID_REQUEST -> error(400, code, message);
      case SESSION_EXPIRED -> error(401, code, message);
      case PERMISSION_DENIED -> error(403, code, message);
      case CONTAINER_NOT_FOUND, DEPLOYMENT_NOT_FOUND -> error(404, code, message);
      case CONTAINER_NOT_RUNNING, LOGS_NOT_READABLE, DEPLOYMENT_FAILED -> error(409, code, message);
      case TOO_LARGE -> error(413, code, message);
      case SOURCE_UNAVAILABLE -> unavailable("unavailable", message);
      case INTERNAL -> error(500, code, message);
    };
  }

  static Answer json(int status, JsonNode body) {
    return of(status, JSON, Json.bytes(body));
  }

  static Answer error(int status, String code, String message) {
    return of(status, JSON, ErrorBody.of(code, message));
  }

  /** 401, with what to show instead (RFC 6750). */
  static Answer unauthorized(String message) {
    return error(401, "unauthorized", message)
        .with("WWW-Authenticate", "Bearer realm=\"mist-stream\"");
  }

  /** 503, with when to come back. */
  static Answer unavailable(String code, String message) {
    return error(503, code, message).with("Retry-After", "5");
  }

  /** 429, with when to come back. */
  static Answer tooMany(String message, long retryAfterSeconds) {
    return error(429, "too_many_requests", message)
        .with("Retry-After", Long.toString(retryAfterSeconds));
  }

  static Answer stream(String type, Body body) {
    return new Answer(200, type, body, -1, Map.of());
  }

  Answer with(String header, String value) {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put(header, value);
    return new Answer(status, type, body, length, more);
  }
}
