package io.miststream.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.ErrorCode;
import io.miststream.core.LogRequest;
import io.miststream.core.StreamException;
import io.miststream.core.metrics.MetricsTopic;
import java.net.URLEncoder;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Input: a query string, as it is sent for each of the streams. */
class RequestsFuzz {
  private static final LogRequestParser PARSER =
      LogRequestParser.create()
          .withClock(Clock.fixed(Instant.parse("2025-01-15T10:30:00Z"), ZoneOffset.UTC));

  public static void fuzzerTestOneInput(byte[] data) {
    String query = new String(data, ISO_8859_1);
    LogRequest logs = parsed(PARSER::parse, query);
    if (logs != null) {
      assertThat(PARSER.parse(query(logs))).isEqualTo(logs);
    }
    DeploymentRequest deployment = parsed(DeploymentRequest::parse, query);
    if (deployment != null) {
      assertThat(deployment.id()).isPositive();
      String again = "deploymentId=" + deployment.id() + parameter("after", deployment.after());
      assertThat(DeploymentRequest.parse(again)).isEqualTo(deployment);
    }
    Integer history = parsed(MetricsRequests::history, query);
    if (history != null) {
      assertThat(history).isBetween(0, MetricsTopic.MAX_HISTORY);
      assertThat(MetricsRequests.history("history=" + history)).isEqualTo(history);
    }
    Long appId = parsed(MetricsRequests::appId, query);
    if (appId != null) {
      assertThat(appId).isPositive();
      assertThat(MetricsRequests.appId("appId=" + appId)).isEqualTo(appId);
    }
  }

  private static <T> @Nullable T parsed(Function<String, T> parser, String query) {
    try {
      return parser.apply(query);
    } catch (StreamException e) {
      assertThat(e.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
      assertThat(e.getMessage()).isNotBlank();
      return null;
    }
  }

  private static String query(LogRequest request) {
    return "appId="
        + request.appId()
        + parameter("tail", request.tail() == LogRequest.ALL ? "all" : request.tail())
        + parameter("after", request.after())
        + parameter("since", request.since())
        + parameter("until", request.until())
        + parameter("follow", request.follow().wire())
        + parameter(
            "stream", request.filter().stream() == null ? null : request.filter().stream().wire())
        + parameter("container", request.filter().container())
        + parameter("grep", request.filter().grep())
        + parameter("exclude", request.filter().exclude());
  }

  private static String parameter(String name, @Nullable Object value) {
    return value == null ? "" : "&" + name + "=" + URLEncoder.encode(value.toString(), UTF_8);
  }
}
