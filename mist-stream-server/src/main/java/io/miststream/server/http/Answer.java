package io.miststream.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
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
record Answer(int status, String type, InputStream body, int length, Map<String, String> headers) {
  private static final String JSON = "application/json";

  static Answer of(int status, String type, byte[] body) {
    return new Answer(status, type, new ByteArrayInputStream(body), body.length, Map.of());
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

  static Answer stream(String type, InputStream body) {
    return new Answer(200, type, body, -1, Map.of());
  }

  Answer with(String header, String value) {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put(header, value);
    return new Answer(status, type, body, length, more);
  }
}
