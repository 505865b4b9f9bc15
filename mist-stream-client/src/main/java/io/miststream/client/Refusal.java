package io.miststream.client;

import io.miststream.core.ErrorCode;
import io.miststream.core.StreamException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What a server means that answers a request for a connection with anything but one. */
final class Refusal {

  private static final int LONGEST_MESSAGE = 1000;
  private static final Pattern SECONDS = Pattern.compile("[0-9]{1,9}");
  // A refusal is a flat object of two strings, which is not worth a parser of its own.
  private static final Pattern MESSAGE = string("message");
  private static final Pattern CODE = string("code");
  private static final Pattern ESCAPE = Pattern.compile("\\\\(?:u([0-9a-fA-F]{4})|(.))");

  private Refusal() {}

  private static Pattern string(String field) {
    return Pattern.compile("\"" + field + "\"\\s*:\\s*\"((?:[^\"\\\\]|\\\\.)*+)\"");
  }

  /**
   * Reads one.
   *
   * @param retryAfter value of that header, null without one
   */
  static Failure of(int status, @Nullable String retryAfter, String body, Endpoints server) {
    String told = field(MESSAGE, body);
    boolean passing = status == 408 || status == 425 || status == 429 || status >= 500;
    String message =
        told == null
            ? server + " answered with HTTP status " + status
            : told.length() > LONGEST_MESSAGE ? told.substring(0, LONGEST_MESSAGE) + "…" : told;
    return new Failure(
        new StreamException(passing ? ErrorCode.SOURCE_UNAVAILABLE : code(status, body), message),
        passing,
        passing ? wait(retryAfter) : Duration.ZERO);
  }

  private static ErrorCode code(int status, String body) {
    String told = field(CODE, body);
    for (ErrorCode code : ErrorCode.values()) {
      if (code.wire().equals(told)) {
        return code;
      }
    }
    return status == 401 || status == 403 ? ErrorCode.PERMISSION_DENIED : ErrorCode.INVALID_REQUEST;
  }

  private static @Nullable String field(Pattern field, String body) {
    Matcher found = field.matcher(body);
    return found.find() ? unescape(found.group(1)) : null;
  }

  private static String unescape(String json) {
    return ESCAPE
        .matcher(json)
        .replaceAll(
            escape -> {
              String hex = escape.group(1);
              if (hex != null) {
                return Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(hex, 16)));
              }
              String character = escape.group(2);
              int at = "bfnrt".indexOf(character);
              return Matcher.quoteReplacement(
                  at < 0 ? character : String.valueOf("\b\f\n\r\t".charAt(at)));
            });
  }

  private static Duration wait(@Nullable String retryAfter) {
    String value = retryAfter == null ? "" : retryAfter;
    if (SECONDS.matcher(value).matches()) {
      return Duration.ofSeconds(Long.parseLong(value));
    }
    try {
      Instant then = ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
      Duration wait = Duration.between(Instant.now(), then);
      return wait.isNegative() ? Duration.ZERO : wait;
    } catch (DateTimeException e) {
      return Duration.ZERO; // none, or none that can be read
    }
  }
}
