package io.miststream.benchmarks;

import io.miststream.core.ContainerStatus;
import io.miststream.core.Cursor;
import io.miststream.core.LogLine;
import io.miststream.core.LogStream;
import io.miststream.core.wire.MessageEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/** Numbered log lines that all come to the same number of bytes as JSON. */
final class LoadMessages {
  private static final long SOURCE = 0x1234_5678_9abcL;
  private static final long EPOCH_SECOND = 1_700_000_000L;

  private static final String TEXT = "seq=000000000000 ns=0000000000000000000 ";
  private static final int SEQ_END = TEXT.indexOf(' ');
  private static final int NS_END = TEXT.lastIndexOf(' ');

  private final byte[] text; // the publisher's thread only

  /**
   * @param size bytes of the JSON of each
   */
  LoadMessages(int size) {
    int bare = MessageEncoder.frame(message(0, TEXT), false).length;
    int header = size < 126 ? 2 : size <= 0xFFFF ? 4 : 10;
    int padding = size + header - bare;
    if (padding < 0) {
      throw new IllegalArgumentException("size must be at least " + (bare - header));
    }
    text = (TEXT + "x".repeat(padding)).getBytes(StandardCharsets.ISO_8859_1);
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
    putDigits(seq, SEQ_END);
    putDigits(Clock.nanos(), NS_END);
    return message(seq, new String(text, StandardCharsets.ISO_8859_1));
  }

  private void putDigits(long value, int end) {
    long rest = value;
    for (int at = end - 1; text[at] != '='; at--) {
      text[at] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
  }

  private static LogLine message(long seq, String text) {
    // Every time has nine digits behind the point, and its own place in the order.
    long nanos = seq * 1000 + 1;
    Instant time =
        Instant.ofEpochSecond(EPOCH_SECOND + nanos / 1_000_000_000, nanos % 1_000_000_000);
    Cursor.Mark mark = Cursor.Mark.of(SOURCE, 0, EPOCH_SECOND * 1_000_000_000L + nanos, 0);
    return new LogLine(time, Cursor.of(mark), text, LogStream.STDOUT, "mist-app-1", false);
  }
}
