package io.miststream.core;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;

/** Input: a regular expression, a line feed, and a line to look for it in. */
class LogFilterFuzz {
  private static final Cursor SOMEWHERE = Cursor.of(Cursor.Mark.of(1, 0, 0, 0));

  public static void fuzzerTestOneInput(byte[] data) {
    String text = new String(data, UTF_8);
    int end = text.indexOf('\n');
    String pattern = end < 0 ? text : text.substring(0, end);
    LogLine line =
        new LogLine(
            Instant.EPOCH,
            SOMEWHERE,
            end < 0 ? "" : text.substring(end + 1),
            LogStream.STDOUT,
            "",
            false);
    LogFilter grep;
    try {
      grep = LogFilter.of(null, null, pattern, null);
    } catch (StreamException e) {
      assertThat(e.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
      return;
    }
    assertThat(pattern.length()).isLessThanOrEqualTo(LogFilter.MAX_PATTERN);
    assertThat(grep).isEqualTo(LogFilter.of(null, null, grep.grep(), null));
    LogFilter exclude = LogFilter.of(null, null, null, pattern);
    assertThat(exclude.accepts(line)).isNotEqualTo(grep.accepts(line));
  }
}
