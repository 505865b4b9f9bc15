package io.miststream.server.http;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.miststream.core.ErrorCode;
import io.miststream.core.StreamException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.Set;

/** JSON in and out. */
final class Json {
  /** Media type of JSON values with a line each. */
  static final String LINES = "application/x-ndjson";

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private Json() {}

  /** A new object. */
  static ObjectNode object() {
    return MAPPER.createObjectNode();
  }

  /** The text of a value in UTF-8. */
  static byte[] bytes(JsonNode value) {
    try {
      // By way of a string: halves of surrogate pairs, which somebody may have reported as escapes,
      // become question marks instead of an exception.
      return MAPPER.writeValueAsString(value).getBytes(StandardCharsets.UTF_8);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree can always be written", e);
    }
  }

  /**
   * Reads one object with nothing but the fields that are known.
   *
   * @throws StreamException {@code INVALID_REQUEST} if it is something else
   */
  static JsonNode read(InputStream body, Set<String> fields) throws IOException {
    JsonNode value;
    try {
      value = MAPPER.readTree(body);
    } catch (JacksonException e) {
      throw new StreamException(
          ErrorCode.INVALID_REQUEST, "The body is not JSON: " + e.getOriginalMessage(), e);
    }
    if (!value.isObject()) {
      throw new StreamException(ErrorCode.INVALID_REQUEST, "The body must be a JSON object");
    }
    for (Iterator<String> names = value.fieldNames(); names.hasNext(); ) {
      String name = names.next();
      if (!fields.contains(name)) {
        throw new StreamException(ErrorCode.INVALID_REQUEST, "Unknown field in the body: " + name);
      }
    }
    return value;
  }
}
