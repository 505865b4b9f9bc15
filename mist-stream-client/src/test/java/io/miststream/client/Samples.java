package io.miststream.client;

import io.miststream.core.ContainerStatus;
import io.miststream.core.Cursor;
import io.miststream.core.LogLine;
import io.miststream.core.LogStream;
import io.miststream.core.StreamEnd;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.awaitility.Awaitility;

/** Messages for tests: the line numbered {@code n} is a second later than the one before. */
final class Samples {
  static {
    Awaitility.setDefaultTimeout(Duration.ofMinutes(1)); // a busy machine fails no test
  }

  static final Instant START = Instant.parse("2025-01-15T10:30:00Z");

  private Samples() {}

  static ContainerStatus status(String state) {
    return new ContainerStatus(
        START, null, "mist-app-1", state, "Up 2 hours", "c1", "shop", START, null, null);
  }

  static LogLine line(int n) {
    return line(n, "line " + n);
  }

  static LogLine line(int n, String text) {
    return new LogLine(
        START.plusSeconds(n), cursor(n), text, LogStream.STDOUT, "mist-app-1", false);
  }

  static Cursor cursor(int n) {
    return Cursor.of(Cursor.Mark.of(1, 0, START.plusSeconds(n).getEpochSecond() * 1000000000L, 0));
  }

  /** The number of the line that a cursor stands behind, 0 for none. */
  static int number(String cursor) {
    return cursor == null
        ? 0
        : (int) (Cursor.parse(cursor).own().time() / 1_000_000_000L - START.getEpochSecond());
  }

  /** The threads of all clients. */
  static List<Thread> clientThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("mist-client-"))
        .toList();
  }

  static StreamEnd end(int n) {
    return new StreamEnd(START.plusSeconds(n), cursor(n), "Log stream ended");
  }
}
