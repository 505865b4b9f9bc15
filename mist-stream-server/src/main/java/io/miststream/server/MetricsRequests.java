package io.miststream.server;

import io.miststream.core.ErrorCode;
import io.miststream.core.StreamException;
import io.miststream.core.metrics.MetricsTopic;
import io.miststream.server.query.QueryString;
import org.jspecify.annotations.Nullable;

/**
 * What viewers of metrics and stats ask for. Unknown parameters are ignored, an empty value counts
 * as not given.
 */
final class MetricsRequests {

  private MetricsRequests() {}

  /**
   * How many past samples a viewer of {@code /ws/metrics} wants; 0 if it does not say.
   *
   * @throws StreamException {@code INVALID_REQUEST} if it is no number in range
   */
  static int history(@Nullable String rawQuery) {
    String value = QueryString.parse(rawQuery).one("history");
    Long samples = value == null ? Long.valueOf(0) : QueryString.whole(value);
    if (samples == null || samples > MetricsTopic.MAX_HISTORY) {
      throw new StreamException(
          ErrorCode.INVALID_REQUEST, "history must be 0 to " + MetricsTopic.MAX_HISTORY);
    }
    return samples.intValue();
  }

  /**
   * Which app a viewer of {@code /ws/container/stats} wants.
   *
   * @throws StreamException {@code INVALID_REQUEST} if it is missing or not a positive integer
   */
  static long appId(@Nullable String rawQuery) {
    return QueryString.parse(rawQuery).id("appId");
  }
}
