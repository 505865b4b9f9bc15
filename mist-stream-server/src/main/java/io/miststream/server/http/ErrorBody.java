package io.miststream.server.http;

import java.nio.charset.StandardCharsets;

/** The JSON that every refusal carries: {@code {"error":{"code":"…","message":"…"}}}. */
public final class ErrorBody {

  private ErrorBody() {}

  /** The body in UTF-8. */
  public static byte[] of(String code, String message) {
    return ("{\"error\":{\"code\":" + quote(code) + ",\"message\":" + quote(message) + "}}")
        .getBytes(StandardCharsets.UTF_8);
  }

  /** A JSON string (RFC 8259, section 7); halves of surrogate pairs become escapes. */
  static String quote(String text) {
    StringBuilder out = new StringBuilder(text.length() + 2).append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < ' ' || c == 0x7F || Character.isSurrogate(c)) {
        out.append(String.format("\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    return out.append('"').toString();
  }
}
