package io.miststream.docker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.LogLine;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * Lines of any length, in chunks as an engine makes them. Input: how small the pieces are that
 * arrive, whether a TTY's, and for each line what it is made of and how long it is.
 */
class LogLinesFuzz {
  private static final int LINE_BYTES = 4;
  private static final int MAX_LINES = 64;
  private static final long MOST_BYTES = 3L << 19;
  private static final String[] CONTENT = {"x", "é", "€", "😀", "\u001b[1m", "a b", "\t", "2025-"};

  private record Line(int lane, String text) {}

  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    if (data.length < 2) {
      return;
    }
    ByteBuffer in = ByteBuffer.wrap(data);
    int longest = 1 + (in.get() & 0xFF) * 64;
    boolean tty = (in.get() & 1) != 0;
    List<Line> lines = new ArrayList<>();
    ByteArrayOutputStream answer = new ByteArrayOutputStream();
    while (in.remaining() >= LINE_BYTES && lines.size() < MAX_LINES) {
      int kind = in.get();
      Line line = new Line(tty ? 0 : kind & 1, text(kind, in.get(), in.getShort() & 0xFFFF));
      if (answer.size() + 2L * line.text.length() > MOST_BYTES) {
        break;
      }
      write(line, Instant.ofEpochSecond(1_700_000_000, 1 + lines.size()), tty, answer);
      lines.add(line);
    }
    assertThat(read(answer.toByteArray(), tty, longest)).isEqualTo(lines);
  }

  /** Short ones bytewise; long ones around the sizes where something happens. */
  private static String text(int kind, byte size, int more) {
    String content = CONTENT[kind >> 1 & 7];
    int length =
        switch (size & 3) {
          case 0 -> more & 0xFF;
          case 1 -> LogChunks.CHUNK_BYTES * (1 + (more >> 8 & 3)) + (byte) more;
          case 2 -> LogLine.MAX_BYTES + (byte) more;
          default -> more * 8;
        };
    int each = content.getBytes(UTF_8).length;
    // Bytes that are left over come first, so that all cuts move by them.
    return "-".repeat(length % each) + content.repeat(length / each);
  }

  private static void write(Line line, Instant time, boolean tty, ByteArrayOutputStream answer) {
    byte[] bytes = (line.text + "\n").getBytes(UTF_8);
    byte[] prefix = (time + " ").getBytes(UTF_8); // of nine digits, as the engine has it
    for (int from = 0; from < bytes.length; from += LogChunks.CHUNK_BYTES) {
      int size = Math.min(LogChunks.CHUNK_BYTES, bytes.length - from);
      if (!tty) {
        answer.writeBytes(new byte[] {(byte) (line.lane + 1), 0, 0, 0});
        answer.writeBytes(ByteBuffer.allocate(4).putInt(prefix.length + size).array());
      }
      answer.writeBytes(prefix);
      answer.write(bytes, from, size);
    }
  }

  private static List<Line> read(byte[] answer, boolean tty, int longest) throws IOException {
    List<Line> lines = new ArrayList<>();
    try (LogRead read = LogReadFuzz.read(LogReadFuzz.inPieces(answer, longest), tty, true)) {
      StringBuilder text = new StringBuilder();
      for (RawLine line = read.next(); line != null; line = read.next()) {
        assertThat(line.bytes()).isLessThanOrEqualTo(LogLine.MAX_BYTES);
        assertThat(line.text()).doesNotContain("\ufffd"); // no character is cut
        text.append(line.text());
        if (!line.partial()) {
          lines.add(new Line(line.lane(), text.toString()));
          text.setLength(0);
        }
      }
      assertThat(text).isEmpty();
      read.checkComplete();
    }
    return lines;
  }
}
