package io.miststream.docker;

import com.github.dockerjava.transport.DockerHttpClient;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Makes the bytes an engine would send. */
final class LogBytes {
  private static final DateTimeFormatter NINE_DIGITS =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSSSSS'Z'").withZone(ZoneOffset.UTC);

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final boolean tty;

  LogBytes(boolean tty) {
    this.tty = tty;
  }

  static String time(long nanos) {
    return String.format(
        "2025-01-15T10:30:%02d.%09dZ", nanos / 1_000_000_000, nanos % 1_000_000_000);
  }

  /** 2025-01-15T10:30:00Z in nanoseconds since the epoch. */
  static final long BASE = 1_736_937_000_000_000_000L;

  LogBytes chunk(int stream, long nanos, byte[] payload) {
    return chunk(stream, time(nanos), payload);
  }

  /** One with a time of any day. */
  LogBytes chunk(int stream, Instant at, String payload) {
    return chunk(stream, NINE_DIGITS.format(at), payload.getBytes(StandardCharsets.UTF_8));
  }

  private LogBytes chunk(int stream, String at, byte[] payload) {
    byte[] time = (at + " ").getBytes(StandardCharsets.US_ASCII);
    int length = time.length + payload.length;
    if (!tty) {
      out.writeBytes(
          new byte[] {
            (byte) stream,
            0,
            0,
            0,
            (byte) (length >>> 24),
            (byte) (length >>> 16),
            (byte) (length >>> 8),
            (byte) length
          });
    }
    out.writeBytes(time);
    out.writeBytes(payload);
    return this;
  }

  LogBytes chunk(int stream, long nanos, String payload) {
    return chunk(stream, nanos, payload.getBytes(StandardCharsets.UTF_8));
  }

  /** A whole line as the engine logs it, in chunks; {@code local} without the last line feed. */
  LogBytes line(int stream, long nanos, byte[] line, boolean local) {
    int from = 0;
    for (; line.length - from >= LogChunks.CHUNK_BYTES; from += LogChunks.CHUNK_BYTES) {
      chunk(stream, nanos, java.util.Arrays.copyOfRange(line, from, from + LogChunks.CHUNK_BYTES));
    }
    byte[] last = java.util.Arrays.copyOfRange(line, from, line.length);
    if (!local || from == 0) {
      last = java.util.Arrays.copyOf(last, last.length + 1);
      last[last.length - 1] = '\n';
    }
    return chunk(stream, nanos, last);
  }

  LogBytes raw(byte... bytes) {
    out.writeBytes(bytes);
    return this;
  }

  byte[] bytes() {
    return out.toByteArray();
  }

  /** The bytes as they might arrive: a few at a time. */
  static InputStream inPieces(byte[] bytes, Random random, int longest) {
    return new ByteArrayInputStream(bytes) {
      @Override
      public synchronized int read(byte[] b, int off, int len) {
        return super.read(b, off, Math.min(len, 1 + random.nextInt(longest)));
      }
    };
  }

  /** What {@link LogRead} makes of an answer. */
  static LogRead read(InputStream body, boolean tty, boolean endsOpenLines) {
    DockerHttpClient.Response response =
        new DockerHttpClient.Response() {
          @Override
          public int getStatusCode() {
            return 200;
          }

          @Override
          public Map<String, List<String>> getHeaders() {
            return Map.of();
          }

          @Override
          public InputStream getBody() {
            return body;
          }

          @Override
          public void close() {}
        };
    return new LogRead(
        new EngineStream(response),
        tty,
        endsOpenLines,
        () -> System.currentTimeMillis() * 1_000_000L);
  }
}
