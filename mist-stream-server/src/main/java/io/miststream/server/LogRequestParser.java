package io.miststream.server;

import io.miststream.core.ErrorCode;
import io.miststream.core.Follow;
import io.miststream.core.LogFilter;
import io.miststream.core.LogRequest;
import io.miststream.core.LogStream;
import io.miststream.core.StreamException;
import io.miststream.core.TimeExpression;
import io.miststream.server.query.QueryString;
import java.time.Clock;
import java.time.Instant;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads the parameters of {@code /ws/container/logs}. Unknown ones are ignored, an empty value
 * counts as not given. Immutable.
 */
public final class LogRequestParser {

  /** Most lines of history that {@code tail} may ask for by number: 100 000. */
  public static final int DEFAULT_MAX_TAIL = 100_000;

  // Docker's own: daemon/names.RestrictedNamePattern.
  private static final Pattern CONTAINER = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9_.-]*");
  private static final int MAX_CONTAINER = 255;

  private final Clock clock;
  private final int maxTail;

  private LogRequestParser(Clock clock, int maxTail) {
    this.clock = clock;
    this.maxTail = maxTail;
  }

  /** A parser with the default limit and the system's clock. */
  public static LogRequestParser create() {
    return new LogRequestParser(Clock.systemUTC(), DEFAULT_MAX_TAIL);
  }

  /** The same with another limit of {@code tail}, 0 or more; {@code all} is always allowed. */
  public LogRequestParser withMaxTail(int lines) {
    if (lines < 0) {
      throw new IllegalArgumentException("the limit of tail must not be negative");
    }
    return new LogRequestParser(clock, lines);
  }

  /** The same with another clock, which durations count back from. */
  LogRequestParser withClock(Clock other) {
    return new LogRequestParser(other, maxTail);
  }

  /**
   * Reads a query string as it stands in the request, without its question mark.
   *
   * @throws StreamException {@code INVALID_REQUEST} naming the parameter that is missing, malformed
   *     or out of its range
   */
  public LogRequest parse(@Nullable String rawQuery) {
    QueryString query = QueryString.parse(rawQuery);
    return parse(query, query.id("appId"));
  }

  /** The same for an app that is named otherwise than by {@code appId}. */
  LogRequest parse(QueryString query, long appId) {
    Instant now = clock.instant();
    Instant since = TimeExpression.parse("since", query.one("since"), now);
    Instant until = TimeExpression.parse("until", query.one("until"), now);
    LogStream stream = word("stream", query.one("stream"), LogStream.values(), LogStream::wire);
    Follow follow = word("follow", query.one("follow"), Follow.values(), Follow::wire);
    return new LogRequest(
        appId,
        LogFilter.of(
            stream, container(query.one("container")), query.one("grep"), query.one("exclude")),
        tail(query.one("tail"), since != null),
        query.after(),
        since,
        until,
        follow == null ? Follow.CONTAINER : follow);
  }

  private int tail(@Nullable String value, boolean since) {
    if (value == null) {
      return since ? LogRequest.ALL : LogRequest.DEFAULT_TAIL;
    }
    if (value.equals("all")) {
      return LogRequest.ALL;
    }
    Long lines = QueryString.whole(value);
    if (lines != null && lines <= maxTail) {
      return lines.intValue();
    }
    throw invalid("tail must be 0 to " + maxTail + " or all");
  }

  private static @Nullable String container(@Nullable String value) {
    if (value != null && (value.length() > MAX_CONTAINER || !CONTAINER.matcher(value).matches())) {
      throw invalid("container is not a container name");
    }
    return value;
  }

  private static <T> @Nullable T word(
      String name, @Nullable String value, T[] words, Function<T, String> wire) {
    if (value == null) {
      return null;
    }
    StringBuilder all = new StringBuilder();
    for (T word : words) {
      if (wire.apply(word).equals(value)) {
        return word;
      }
      all.append(all.length() == 0 ? "" : ", ").append(wire.apply(word));
    }
    throw invalid(name + " must be one of " + all);
  }

  private static StreamException invalid(String message) {
    return new StreamException(ErrorCode.INVALID_REQUEST, message);
  }
}
