package io.miststream.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import org.junit.jupiter.api.Test;

class LogFilterTest {
  private static LogLine line(String text, LogStream stream) {
    Cursor cursor = Cursor.of(Cursor.Mark.of(1, stream == LogStream.STDOUT ? 0 : 1, 1, 0));
    return new LogLine(Instant.EPOCH, cursor, text, stream, "web", false);
  }

  private static boolean grep(String expression, String text) {
    return LogFilter.of(null, null, expression, null).accepts(line(text, LogStream.STDOUT));
  }

  @Test
  void searchesAnywhereInTheLine() {
    assertThat(grep("ERR.R", "12:00 ERROR no disk")).isTrue();
    assertThat(grep("^ERROR", "12:00 ERROR no disk")).isFalse();
    assertThat(grep("", "anything")).isTrue();
    assertThat(grep("(?i)error", "an Error")).isTrue();
  }

  @Test
  void ansiCodesAreNotPartOfTheText() {
    assertThat(grep("^ERROR: disk$", "\u001b[1;31mERR\u001b[0mOR: \u001b[Kdisk")).isTrue();
    assertThat(grep("^title$", "\u001b]0;window\u0007title")).isTrue();
    assertThat(grep("^title$", "\u001b]8;;http://x\u001b\\title")).isTrue();
    assertThat(grep("31m", "\u001b[31mred")).isFalse();
  }

  @Test
  void excludeWins() {
    LogFilter filter = LogFilter.of(null, null, "GET", "/health");
    assertThat(filter.accepts(line("GET /shop", LogStream.STDOUT))).isTrue();
    assertThat(filter.accepts(line("GET /health", LogStream.STDOUT))).isFalse();
    assertThat(filter.accepts(line("POST /shop", LogStream.STDOUT))).isFalse();
  }

  @Test
  void streamAndContainerAreExact() {
    assertThat(
            LogFilter.of(LogStream.STDERR, null, null, null).accepts(line("x", LogStream.STDOUT)))
        .isFalse();
    assertThat(
            LogFilter.of(LogStream.STDERR, null, null, null).accepts(line("x", LogStream.STDERR)))
        .isTrue();
    assertThat(LogFilter.of(null, "we", null, null).accepts(line("x", LogStream.STDOUT))).isFalse();
    assertThat(LogFilter.of(null, "web", null, null).accepts(line("x", LogStream.STDOUT))).isTrue();
  }

  @Test
  void badPatternsSayWhy() {
    assertThatThrownBy(() -> LogFilter.of(null, null, "(", null))
        .isInstanceOfSatisfying(
            StreamException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
              assertThat(e).hasMessageContaining("grep").hasMessageContaining("missing closing )");
            });
    assertThatThrownBy(() -> LogFilter.of(null, null, null, "a(?=b)"))
        .as("lookahead cannot be matched in linear time")
        .hasMessageContaining("exclude");
  }

  @Test
  void patternsAreLimitedTo512Characters() {
    assertThat(LogFilter.of(null, null, "x".repeat(512), null).grep()).hasSize(512);
    assertThatThrownBy(() -> LogFilter.of(null, null, "x".repeat(513), null))
        .hasMessageContaining("512");
  }

  @Test
  void filtersThatSayTheSameAreEqual() {
    LogFilter one = LogFilter.of(LogStream.STDOUT, "web", "a", "b");
    assertThat(one).isEqualTo(LogFilter.of(LogStream.STDOUT, "web", "a", "b"));
    assertThat(one).hasSameHashCodeAs(LogFilter.of(LogStream.STDOUT, "web", "a", "b"));
    assertThat(one).isNotEqualTo(LogFilter.of(LogStream.STDOUT, "web", "a", "c"));
    assertThat(LogFilter.of(null, null, null, null)).isSameAs(LogFilter.ALL);
  }
}
