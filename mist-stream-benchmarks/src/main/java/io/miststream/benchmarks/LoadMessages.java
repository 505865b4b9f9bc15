package io.miststream.benchmarks;

import io.miststream.core.ContainerStatus;
import io.miststream.core.Cursor;
import io.miststream.core.LogLine;
import io.miststream.core.LogStream;
import io.miststream.core.wire.MessageEncoder;
import java.time.Instant;

/** Numbered log lines that all come to the same number of bytes as JSON. */
final class LoadMessages {
  private static final long SOURCE = 0x1234_5678_9abcL;
  private static final long EPOCH_SECOND = 1_700_000_000L;

  private final String padding;

  /**
   * @param size bytes of the JSON of each
   */
  LoadMessages(int size) {
    int bare = MessageEncoder.frame(line(0, 0, ""), false).length - 2;
    if (size < bare) {
      throw new IllegalArgumentException("size must be at least " + bare);
    }
    padding = "x".repeat(size - bare - (size > 125 && bare <= 125 ? 0 : 2));
  }

  static ContainerStatus running(long appId) {
    return new ContainerStatus(
        Instant.EPOCH,
        null,
        "mist-app-" + appId,
        "running",
        "Up 2 hours",
        String.format("%064x", appId),
        "load",
        Instant.EPOCH,
        null,
        null);
  }

  /** Message {@code seq}, made now. */
  LogLine line(long seq) {
    return line(seq, Clock.nanos(), padding);
  }

  private static LogLine line(long seq, long now, String padding) {
    // Every time has nine digits behind the point, and its own place in the order.
    long nanos = seq * 1000 + 1;
    Instant time =
        Instant.ofEpochSecond(EPOCH_SECOND + nanos / 1_000_000_000, nanos % 1_000_000_000);
    Cursor.Mark mark = Cursor.Mark.of(SOURCE, 0, EPOCH_SECOND * 1_000_000_000L + nanos, 0);
    String text = "seq=" + digits(seq, 12) + " ns=" + digits(now, 19) + " " + padding;
    return new LogLine(time, Cursor.of(mark), text, LogStream.STDOUT, "mist-app-1", false);
  }

  private static String digits(long value, int width) {
    String text = Long.toString(value);
    return "0".repeat(width - text.length()) + text;
  }
}
