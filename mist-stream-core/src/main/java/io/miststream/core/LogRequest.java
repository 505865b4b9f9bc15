package io.miststream.core;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What to stream of an app's logs.
 *
 * @param appId the app, 1 or more
 * @param filter which lines; {@link LogFilter#ALL} for every line
 * @param tail lines of history that pass the filter, 0 or more, or {@link #ALL}; ignored with
 *     {@code after}
 * @param after the cursor behind which to begin, or null
 * @param since earliest time of a line, inclusive, or null
 * @param until latest time of a line, inclusive, or null
 * @param follow how long to go on
 */
public record LogRequest(
    long appId,
    LogFilter filter,
    int tail,
    @Nullable Cursor after,
    @Nullable Instant since,
    @Nullable Instant until,
    Follow follow) {

  /** A {@code tail} without a bound: the whole history. */
  public static final int ALL = Integer.MAX_VALUE;

  /** Lines of history where nothing else is asked for. */
  public static final int DEFAULT_TAIL = 100;

  /** Checks the ranges. */
  public LogRequest {
    if (appId < 1) {
      throw new StreamException(ErrorCode.INVALID_REQUEST, "appId must be a positive integer");
    }
    if (tail < 0) {
      throw new StreamException(ErrorCode.INVALID_REQUEST, "tail must not be negative");
    }
    if (since != null && until != null && until.isBefore(since)) {
      throw new StreamException(ErrorCode.INVALID_REQUEST, "until must not be before since");
    }
  }

  /** The last {@value #DEFAULT_TAIL} lines of an app, then live lines to the end of its run. */
  public static LogRequest of(long appId) {
    return new LogRequest(appId, LogFilter.ALL, DEFAULT_TAIL, null, null, null, Follow.CONTAINER);
  }

  /** The same with another filter. */
  public LogRequest withFilter(LogFilter other) {
    return new LogRequest(appId, other, tail, after, since, until, follow);
  }

  /** The same with another number of lines of history. */
  public LogRequest withTail(int other) {
    return new LogRequest(appId, filter, other, after, since, until, follow);
  }

  /** The same, continued behind a cursor. */
  public LogRequest withAfter(@Nullable Cursor other) {
    return new LogRequest(appId, filter, tail, other, since, until, follow);
  }

  /** The same, limited in time; either bound may be null. */
  public LogRequest withTimes(@Nullable Instant newSince, @Nullable Instant newUntil) {
    return new LogRequest(appId, filter, tail, after, newSince, newUntil, follow);
  }

  /** The same, going on for as long as {@code other} says. */
  public LogRequest withFollow(Follow other) {
    return new LogRequest(appId, filter, tail, after, since, until, other);
  }
}
