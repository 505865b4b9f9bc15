package io.miststream.server.query;

import io.miststream.core.Cursor;
import io.miststream.core.ErrorCode;
import io.miststream.core.StreamException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The parameters of a request, decoded as browsers encode them (WHATWG URL, section 5.1): {@code +}
 * is a space, percent-escapes are UTF-8. Unlike browsers it refuses what is malformed.
 */
public final class QueryString {
  private static final Pattern DIGITS = Pattern.compile("[0-9]{1,19}");

  private final Map<String, List<String>> parameters = new LinkedHashMap<>();

  private QueryString() {}

  /**
   * Decodes the part behind the question mark.
   *
   * @throws StreamException {@code INVALID_REQUEST} for a control character, a broken escape or
   *     bytes that are not UTF-8
   */
  public static QueryString parse(@Nullable String raw) {
    QueryString query = new QueryString();
    if (raw != null) {
      int start = 0;
      while (start <= raw.length()) {
        int end = raw.indexOf('&', start);
        if (end < 0) {
          end = raw.length();
        }
        if (end > start) {
          query.add(raw.substring(start, end));
        }
        start = end + 1;
      }
    }
    return query;
  }

  private void add(String pair) {
    int equals = pair.indexOf('=');
    String name = decode(equals < 0 ? pair : pair.substring(0, equals));
    String value = equals < 0 ? "" : decode(pair.substring(equals + 1));
    parameters.computeIfAbsent(name, n -> new ArrayList<>(1)).add(value);
  }

  /**
   * The value of a parameter that may be given once, or null if it is missing or empty.
   *
   * @throws StreamException {@code INVALID_REQUEST} if it is given more than once
   */
  public @Nullable String one(String name) {
    List<String> values = parameters.get(name);
    if (values == null) {
      return null;
    }
    if (values.size() > 1) {
      throw invalid(name + " is given more than once");
    }
    String value = values.get(0);
    return value.isEmpty() ? null : value;
  }

  /**
   * An id that has to be given.
   *
   * @throws StreamException {@code INVALID_REQUEST} if it is missing or not a positive integer
   */
  public long id(String name) {
    String value = one(name);
    if (value == null) {
      throw invalid(name + " is missing");
    }
    return id(name, value);
  }

  /**
   * Reads an id.
   *
   * @param name for the message
   * @throws StreamException {@code INVALID_REQUEST} if it is not a positive integer
   */
  public static long id(String name, String value) {
    Long id = whole(value);
    if (id == null || id == 0) {
      throw invalid(name + " must be a positive integer");
    }
    return id;
  }

  /** A whole number that is not negative; null if it is something else, or too large. */
  public static @Nullable Long whole(String value) {
    try {
      return DIGITS.matcher(value).matches() ? Long.valueOf(value) : null;
    } catch (NumberFormatException e) {
      return null;
    }
  }

  /**
   * The position to go on behind, or null if none is given.
   *
   * @throws StreamException {@code INVALID_REQUEST} if it is not a cursor
   */
  public @Nullable Cursor after() {
    String value = one("after");
    try {
      return value == null ? null : Cursor.parse(value);
    } catch (StreamException e) {
      throw new StreamException(e.code(), "after is " + e.getMessage(), e);
    }
  }

  private static String decode(String text) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length());
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      if (c < ' ' || c == 0x7F) {
        throw invalid("the query contains a control character");
      } else if (c == '%') {
        bytes.write(escaped(text, i));
        i += 3;
      } else {
        if (c == '+') {
          bytes.write(' ');
        } else if (c < 0x80) {
          bytes.write(c);
        } else {
          bytes.writeBytes(Character.toString(c).getBytes(StandardCharsets.UTF_8));
        }
        i += Character.charCount(c);
      }
    }
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes.toByteArray()))
          .toString();
    } catch (CharacterCodingException e) {
      throw new StreamException(ErrorCode.INVALID_REQUEST, "the query is not UTF-8", e);
    }
  }

  private static int escaped(String text, int at) {
    int high = at + 2 < text.length() ? Character.digit(text.charAt(at + 1), 16) : -1;
    int low = at + 2 < text.length() ? Character.digit(text.charAt(at + 2), 16) : -1;
    if (high < 0 || low < 0) {
      throw invalid("the query contains a broken percent-escape");
    }
    return high << 4 | low;
  }

  private static StreamException invalid(String message) {
    return new StreamException(ErrorCode.INVALID_REQUEST, message);
  }
}
