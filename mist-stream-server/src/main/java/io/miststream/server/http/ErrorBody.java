package io.miststream.server.http;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** The JSON that every refusal carries: {@code {"error":{"code":"…","message":"…"}}}. */
public final class ErrorBody {

  private ErrorBody() {}

  /** The body in UTF-8. */
  public static byte[] of(String code, String message) {
    return Json.bytes(object(code, message));
  }

  static ObjectNode object(String code, String message) {
    ObjectNode body = Json.object();
    body.putObject("error").put("code", code).put("message", message);
    return body;
  }
}
