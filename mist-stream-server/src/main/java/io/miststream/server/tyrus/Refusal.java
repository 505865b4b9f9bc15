package io.miststream.server.tyrus;

import io.miststream.core.ErrorCode;
import io.miststream.core.StreamException;
import io.miststream.server.http.ErrorBody;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * An answer that is not the one asked for; the connection is closed behind it.
 *
 * @param status HTTP status and reason phrase
 * @param code for programs
 * @param message for people
 * @param headers further header lines
 */
record Refusal(String status, String code, String message, List<String> headers) {
  private static final String UNAUTHORIZED = "unauthorized";
  private static final String FORBIDDEN = "forbidden";
  private static final String NOT_FOUND = "not_found";
  private static final String METHOD_NOT_ALLOWED = "method_not_allowed";
  private static final String UPGRADE_REQUIRED = "upgrade_required";
  private static final String TOO_MANY_REQUESTS = "too_many_requests";
  private static final String UNAVAILABLE = "unavailable";
  private static final String MOVED = "moved";

  /** Every code there is. */
  static final List<String> CODES =
      List.of(
          ErrorCode.INVALID_REQUEST.wire(),
          UNAUTHORIZED,
          FORBIDDEN,
          NOT_FOUND,
          METHOD_NOT_ALLOWED,
          UPGRADE_REQUIRED,
          TOO_MANY_REQUESTS,
          UNAVAILABLE,
          ErrorCode.INTERNAL.wire());

  static Refusal badRequest(String message) {
    return new Refusal("400 Bad Request", ErrorCode.INVALID_REQUEST.wire(), message, List.of());
  }

  static Refusal of(StreamException invalid) {
    return badRequest(String.valueOf(invalid.getMessage()));
  }

  static Refusal unauthorized(String message) {
    return new Refusal(
        "401 Unauthorized",
        UNAUTHORIZED,
        message,
        List.of("WWW-Authenticate: Bearer realm=\"mist-stream\""));
  }

  static Refusal forbidden(String message) {
    return new Refusal("403 Forbidden", FORBIDDEN, message, List.of());
  }

  static Refusal notFound(String path) {
    return new Refusal("404 Not Found", NOT_FOUND, "There is nothing at " + path, List.of());
  }

  static Refusal notGet() {
    return new Refusal(
        "405 Method Not Allowed",
        METHOD_NOT_ALLOWED,
        "A WebSocket is opened with GET",
        List.of("Allow: GET"));
  }

  /** RFC 6455, section 4.4, and RFC 9110, section 15.5.22. */
  static Refusal upgradeRequired(String message) {
    return new Refusal(
        "426 Upgrade Required",
        UPGRADE_REQUIRED,
        message,
        List.of("Upgrade: websocket", "Sec-WebSocket-Version: 13"));
  }

  static Refusal tooMany(String message, long retryAfterSeconds) {
    return new Refusal(
        "429 Too Many Requests",
        TOO_MANY_REQUESTS,
        message,
        List.of("Retry-After: " + retryAfterSeconds));
  }

  static Refusal unavailable(String message, int retryAfterSeconds) {
    return new Refusal(
        "503 Service Unavailable",
        UNAVAILABLE,
        message,
        List.of("Retry-After: " + retryAfterSeconds));
  }

  /** RFC 9110, section 15.4.9: with the same method. */
  static Refusal moved(String location) {
    return new Refusal(
        "308 Permanent Redirect", MOVED, "It is at " + location, List.of("Location: " + location));
  }

  static Refusal internal() {
    return new Refusal(
        "500 Internal Server Error",
        ErrorCode.INTERNAL.wire(),
        "Something went wrong on the server",
        List.of());
  }

  /** Whether it is for who has sent the request, or how often, and not for what it says. */
  boolean concernsWho() {
    return code.equals(UNAUTHORIZED) || code.equals(FORBIDDEN) || code.equals(TOO_MANY_REQUESTS);
  }

  /** The whole response; a HEAD request gets the header alone. */
  byte[] bytes(boolean withBody) {
    byte[] body = ErrorBody.of(code, message);
    StringBuilder head = new StringBuilder(256);
    head.append("HTTP/1.1 ").append(status).append("\r\n");
    head.append("Content-Type: application/json\r\n");
    head.append("Content-Length: ").append(body.length).append("\r\n");
    for (String header : headers) {
      head.append(header).append("\r\n");
    }
    head.append("Cache-Control: no-store\r\n");
    head.append("X-Content-Type-Options: nosniff\r\n");
    // RFC 9110, section 7.8: whoever sends Upgrade also names it in Connection.
    boolean upgrade = headers.contains("Upgrade: websocket");
    head.append("Connection: ").append(upgrade ? "close, upgrade" : "close").append("\r\n\r\n");
    ByteArrayOutputStream out = new ByteArrayOutputStream(head.length() + body.length);
    out.writeBytes(head.toString().getBytes(StandardCharsets.ISO_8859_1));
    if (withBody) {
      out.writeBytes(body);
    }
    return out.toByteArray();
  }
}
