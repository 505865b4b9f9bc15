package io.miststream.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.miststream.core.Cursor;
import io.miststream.core.ErrorCode;
import io.miststream.core.Follow;
import io.miststream.core.LogFilter;
import io.miststream.core.LogRequest;
import io.miststream.core.LogStream;
import io.miststream.core.StreamException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LogRequestParserTest {
  private static final Instant NOW = Instant.parse("2025-01-15T10:30:00Z");
  private final LogRequestParser parser =
      LogRequestParser.create().withClock(Clock.fixed(NOW, ZoneOffset.UTC));

  @Test
  void defaultsAreThoseOfTheProtocol() {
    assertThat(parser.parse("appId=7")).isEqualTo(LogRequest.of(7));
  }

  @Test
  void everyParameterIsRead() {
    Cursor cursor = Cursor.of(Cursor.Mark.of(1, 0, 42, 0));
    assertThat(
            parser.parse(
                "appId=7&tail=5&after="
                    + cursor
                    + "&since=2025-01-15T10:00:00Z&until=1m&stream=stderr&grep=a%2Bb+c&exclude=%C3%A9"
                    + "&container=mist-app-7&follow=app&cacheBuster=1&cacheBuster=2"))
        .isEqualTo(
            new LogRequest(
                7,
                LogFilter.of(LogStream.STDERR, "mist-app-7", "a+b c", "é"),
                5,
                cursor,
                Instant.parse("2025-01-15T10:00:00Z"),
                Instant.parse("2025-01-15T10:29:00Z"),
                Follow.APP));
  }

  @Test
  void emptyValuesCountAsNotGiven() {
    assertThat(parser.parse("&appId=7&tail=&after=&since=&grep&exclude=&follow=&&"))
        .isEqualTo(LogRequest.of(7));
  }

  @Test
  void sinceWithoutTailMeansAllOfIt() {
    assertThat(parser.parse("appId=1&since=10m").tail()).isEqualTo(LogRequest.ALL);
    assertThat(parser.parse("appId=1&since=10m&tail=3").tail()).isEqualTo(3);
    assertThat(parser.parse("appId=1&until=10m").tail()).isEqualTo(LogRequest.DEFAULT_TAIL);
    assertThat(parser.parse("appId=1&tail=all").tail()).isEqualTo(LogRequest.ALL);
  }

  @ParameterizedTest
  @CsvSource({
    "2025-01-15T09:30:00Z, 2025-01-15T09:30:00Z",
    "2025-01-15T09:30:00.123456789Z, 2025-01-15T09:30:00.123456789Z",
    "2025-01-15T10:30:00%2B01:00, 2025-01-15T09:30:00Z",
    "2025-01-15T10:30:00+01:00, 2025-01-15T09:30:00Z",
    "2025-01-15t09:30:00z, 2025-01-15T09:30:00Z",
    "0, 1970-01-01T00:00:00Z",
    "1736933400, 2025-01-15T09:30:00Z",
    "1736933400.5, 2025-01-15T09:30:00.5Z",
    "1736933400.000000001, 2025-01-15T09:30:00.000000001Z",
    "10m, 2025-01-15T10:20:00Z",
    "1h30m, 2025-01-15T09:00:00Z",
    "1.5h, 2025-01-15T09:00:00Z",
    ".5h, 2025-01-15T10:00:00Z",
    "90s, 2025-01-15T10:28:30Z",
    "100ms, 2025-01-15T10:29:59.900Z",
    "1us, 2025-01-15T10:29:59.999999Z",
    "1%C2%B5s, 2025-01-15T10:29:59.999999Z",
    "1ns, 2025-01-15T10:29:59.999999999Z",
    "9999999999h, 1970-01-01T00:00:00Z",
  })
  void timesAreThoseThatDockerTakes(String text, Instant time) {
    assertThat(parser.parse("appId=1&since=" + text).since()).isEqualTo(time);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2025-01-15",
        "2025-01-15T09:30:00",
        "-10m",
        "10 m",
        "1d",
        "m",
        ".h",
        "1..5h",
        "1e3",
        "+999999999-01-01T00:00:00Z",
        "9223372037",
        "now",
        "2025-02-30T00:00:00Z",
      })
  void otherTimesAreRefused(String text) {
    refuses("appId=1&since=" + text, "since must be");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "appId=1&since=5m&until=10m | until must not be before since",
        "appId=1&tail=1.5 | tail must be",
        "appId=1&tail=99999999999999999999 | tail must be",
        "appId=1&stream=STDOUT | stream must be one of stdout, stderr",
        "appId=1&stream=stdout&stream=stderr | stream is given more than once",
        "appId=1&container=-x | container is not a container name",
        "appId=%2B1 | appId must be a positive integer",
        "appId=٣ | appId must be a positive integer",
        "appid=1 | appId is missing",
      })
  void whatIsWrongIsNamed(String query, String message) {
    refuses(query, message);
  }

  @Test
  void lengthsAreLimited() {
    assertThat(parser.parse("appId=1&grep=" + "x".repeat(512)).filter().grep()).hasSize(512);
    refuses("appId=1&grep=" + "x".repeat(513), "grep is longer than 512 characters");
    refuses("appId=1&container=" + "x".repeat(256), "container is not a container name");
    assertThat(parser.withMaxTail(10).parse("appId=1&tail=10").tail()).isEqualTo(10);
    assertThatThrownBy(() -> parser.withMaxTail(10).parse("appId=1&tail=11"))
        .hasMessage("tail must be 0 to 10 or all");
  }

  private void refuses(String query, String message) {
    assertThatThrownBy(() -> parser.parse(query))
        .isInstanceOf(StreamException.class)
        .hasMessageStartingWith(message)
        .extracting(e -> ((StreamException) e).code())
        .isEqualTo(ErrorCode.INVALID_REQUEST);
  }
}
