package io.miststream.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.miststream.core.LogLine;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Frames, timestamps and lines together, from the engine's bytes to whole lines. */
class LogReadTest {

  private static List<RawLine> lines(LogRead read) throws IOException {
    List<RawLine> lines = new ArrayList<>();
    for (RawLine line = read.next(); line != null; line = read.next()) {
      lines.add(line);
    }
    return lines;
  }

  private static List<RawLine> lines(LogBytes log) throws IOException {
    return lines(LogBytes.read(new ByteArrayInputStream(log.bytes()), false, true));
  }

  private static List<String> texts(List<RawLine> lines) {
    return lines.stream().map(RawLine::text).toList();
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void timesAreNanosecondsSinceTheEpoch() throws IOException {
    List<RawLine> lines =
        lines(new LogBytes(false).chunk(1, 123_456_789, "a\n").chunk(2, 7_000_000_001L, "b\n"));
    assertThat(lines)
        .extracting(RawLine::time)
        .containsExactly(LogBytes.BASE + 123_456_789, LogBytes.BASE + 7_000_000_001L);
    assertThat(lines).extracting(RawLine::lane).containsExactly(0, 1);
  }

  @Test
  void timesWithAnOffsetAreUnderstood() {
    LogTime time = new LogTime();
    byte[] text = utf8("2025-01-15T11:30:00.5+01:00 x");
    assertThat(time.parse(text, 0, text.length)).isEqualTo(28);
    assertThat(time.nanos()).isEqualTo(LogBytes.BASE + 500_000_000);
    text = utf8("2024-02-29T23:59:59Z x");
    assertThat(time.parse(text, 0, text.length)).isEqualTo(21);
    assertThat(time.nanos())
        .isEqualTo(
            java.time.Instant.parse("2024-02-29T23:59:59Z").getEpochSecond() * 1_000_000_000L);
    for (String bad :
        List.of(
            "",
            "2025",
            "2025-01-15 11:30:00.5Z x",
            "2025-13-15T11:30:00Z x",
            "2025-01-15T11:30:00.123456789 x",
            "2025-01-15T11:x0:00Z x")) {
      assertThat(time.parse(utf8(bad), 0, bad.length())).isEqualTo(-1);
    }
  }

  @Test
  void linesOfTheSameTimeAreNumbered() throws IOException {
    List<RawLine> lines =
        lines(
            new LogBytes(false)
                .chunk(1, 1, "a\n")
                .chunk(1, 1, "b\n")
                .chunk(2, 1, "c\n")
                .chunk(1, 2, "d\n"));
    assertThat(lines).extracting(RawLine::ordinal).containsExactly(0, 1, 0, 0);
  }

  @Test
  void oneCarriageReturnAndTheLineFeedAreDropped() throws IOException {
    assertThat(
            texts(
                lines(
                    new LogBytes(false)
                        .chunk(1, 1, "crlf\r\n")
                        .chunk(1, 2, "\r\r\n")
                        .chunk(1, 3, "\n")
                        .chunk(1, 4, "a\rb\n")
                        .chunk(1, 5, "nul\0\n")
                        .chunk(1, 6, "last"))))
        .containsExactly("crlf", "\r", "", "a\rb", "nul\0", "last");
  }

  @Test
  void invalidBytesAreReplacedAndSplitCharactersAreNot() throws IOException {
    byte[] split = utf8("x".repeat(LogChunks.CHUNK_BYTES - 2) + "😀 你好");
    LogBytes log =
        new LogBytes(false).line(1, 1, split, true).chunk(1, 2, new byte[] {'a', -1, '\n'});
    assertThat(texts(lines(log)))
        .containsExactly(new String(split, StandardCharsets.UTF_8), "a\ufffd");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 16383, 16384, 16385, 32768, 100_000})
  void chunksAreJoinedPerStream(int size) throws IOException {
    for (boolean local : new boolean[] {false, true}) {
      byte[] out = utf8("o".repeat(size));
      byte[] err = utf8("e".repeat(size));
      LogBytes a = new LogBytes(false).line(1, 1, out, local);
      LogBytes b = new LogBytes(false).line(2, 2, err, local);
      // One chunk of each in turn.
      LogBytes both = new LogBytes(false);
      int i = 0;
      int j = 0;
      byte[] first = a.bytes();
      byte[] second = b.bytes();
      while (i < first.length || j < second.length) {
        i = copyFrame(first, i, both);
        j = copyFrame(second, j, both);
      }
      assertThat(texts(lines(both))).containsExactlyInAnyOrder("o".repeat(size), "e".repeat(size));
    }
  }

  private static int copyFrame(byte[] from, int at, LogBytes to) {
    if (at >= from.length) {
      return at;
    }
    int size = (((from[at + 6] & 0xFF) << 8) | (from[at + 7] & 0xFF)) + 8;
    to.raw(Arrays.copyOfRange(from, at, at + size));
    return at + size;
  }

  @Test
  void anotherTimeEndsAnOpenLine() throws IOException {
    String full = "f".repeat(LogChunks.CHUNK_BYTES);
    List<RawLine> lines =
        lines(new LogBytes(false).chunk(1, 1, full).chunk(2, 2, "err\n").chunk(1, 3, "next\n"));
    assertThat(texts(lines)).containsExactly("err", full, "next");
    assertThat(lines.get(0).otherOpenTime()).isEqualTo(LogBytes.BASE + 1);
    assertThat(lines.get(1).otherOpenTime()).isEqualTo(RawLine.NONE);
  }

  @Test
  void anOpenLineAtTheEndIsOnlyALineIfNobodyPrintsAnyMore() throws IOException {
    byte[] log = new LogBytes(false).chunk(1, 1, "f".repeat(LogChunks.CHUNK_BYTES)).bytes();
    assertThat(lines(LogBytes.read(new ByteArrayInputStream(log), false, true))).hasSize(1);
    LogRead running = LogBytes.read(new ByteArrayInputStream(log), false, false);
    assertThat(lines(running)).isEmpty();
    assertThat(running.openTime(0)).isEqualTo(LogBytes.BASE + 1);
  }

  @Test
  void longLinesComeInPiecesCutBetweenCharacters() throws IOException {
    Random random = new Random(1);
    for (String unit : List.of("x", "é", "你", "😀", "a😀b你")) {
      for (int extra : new int[] {0, 1, 2, 3, 5, 16384, 2 << 20}) {
        int size = LogLine.MAX_BYTES + extra;
        int shift = random.nextInt(4);
        String text = "x".repeat(shift) + unit.repeat((size - shift) / utf8(unit).length);
        byte[] bytes = utf8(text + "x".repeat(size - utf8(text).length));
        String whole = new String(bytes, StandardCharsets.UTF_8);
        List<RawLine> pieces = lines(new LogBytes(false).line(1, 1, bytes, false));
        assertThat(String.join("", texts(pieces)).equals(whole)).isTrue();
        assertThat(pieces).allMatch(p -> p.bytes() <= LogLine.MAX_BYTES && p.bytes() > 0);
        for (int i = 0; i < pieces.size(); i++) {
          assertThat(pieces.get(i).partial()).isEqualTo(i < pieces.size() - 1);
          assertThat(pieces.get(i).ordinal()).isEqualTo(i);
        }
        // Other chunks, same pieces: the local driver, and a carriage return behind.
        assertThat(texts(lines(new LogBytes(false).line(1, 1, bytes, true))))
            .isEqualTo(texts(pieces));
        byte[] cr = Arrays.copyOf(bytes, bytes.length + 1);
        cr[bytes.length] = '\r';
        assertThat(texts(lines(new LogBytes(false).line(1, 1, cr, false))))
            .isEqualTo(texts(pieces));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void whereTheNetworkCutsDoesNotMatter(boolean tty) throws IOException {
    for (int seed = 0; seed < 60; seed++) {
      Random random = new Random(seed);
      LogBytes log = new LogBytes(tty);
      List<List<String>> expected = List.of(new ArrayList<>(), new ArrayList<>());
      boolean local = random.nextBoolean();
      for (int i = 0; i < 60; i++) {
        int lane = tty ? 0 : random.nextInt(2);
        int size = random.nextInt(5) == 0 ? random.nextInt(60_000) : random.nextInt(80);
        String line = (lane == 0 ? "o" : "é").repeat(size);
        log.line(lane + 1, i * 1_000L, utf8(line), local);
        expected.get(lane).add(line);
      }
      int longest = random.nextBoolean() ? 7 : 40_000;
      List<RawLine> lines =
          lines(LogBytes.read(LogBytes.inPieces(log.bytes(), random, longest), tty, true));
      for (int lane = 0; lane < 2; lane++) {
        int own = lane;
        assertThat(lines.stream().filter(l -> l.lane() == own).map(RawLine::text).toList())
            .isEqualTo(expected.get(lane));
      }
    }
  }

  @Test
  void aTerminalsTimestampsAreNotMistakenForItsText() throws IOException {
    String full = "t".repeat(LogChunks.CHUNK_BYTES);
    LogBytes log =
        new LogBytes(true)
            .chunk(1, 5_000, "plain T 2025-01-15T\r\n")
            .chunk(1, 6_000, LogBytes.time(5_999) + " printed before\r\n")
            .chunk(1, 7_000, full)
            .chunk(1, 7_000, full)
            .chunk(1, 7_000, "end\r\n")
            .chunk(1, 8_000, "prompt> ")
            .chunk(1, 9_000, "next run\r\n");
    assertThat(texts(lines(LogBytes.read(new ByteArrayInputStream(log.bytes()), true, true))))
        .containsExactly(
            "plain T 2025-01-15T",
            LogBytes.time(5_999) + " printed before",
            full + full + "end",
            "prompt> ",
            "next run");
  }

  @Test
  void aTerminalsTimestampsAreKnownByTheEnginesClockNotOurs() throws IOException {
    Instant engine = Instant.now().plusSeconds(3600);
    byte[] log =
        new LogBytes(true)
            .chunk(1, engine.minusSeconds(2), "prompt> ")
            .chunk(1, engine.minusSeconds(1), "next run\r\n")
            .bytes();
    TtyChunks chunks = new TtyChunks(new ByteArrayInputStream(log), () -> Progress.nanos(engine));
    assertThat(chunks.next()).isTrue();
    assertThat(chunks.length).isEqualTo("prompt> ".length());
    assertThat(chunks.next()).isTrue();
    assertThat(chunks.next()).isFalse();
  }

  @Test
  void theEnginesComplaintIsNoLine() throws IOException {
    byte[] complaint = utf8("Error grabbing logs: gone\n");
    LogBytes log = new LogBytes(false).chunk(1, 1, "a\n");
    log.raw(
        (byte) 3,
        (byte) 0,
        (byte) 0,
        (byte) 0,
        (byte) 0,
        (byte) 0,
        (byte) 0,
        (byte) complaint.length);
    log.raw(complaint);
    LogRead read = LogBytes.read(new ByteArrayInputStream(log.bytes()), false, true);
    assertThat(texts(lines(read))).containsExactly("a");
    assertThatThrownBy(read::checkComplete).hasMessage("Error grabbing logs: gone");
  }

  @Test
  void anAnswerThatIsCutIsAFailure() {
    byte[] log = new LogBytes(false).chunk(1, 1, "hello\n").bytes();
    for (int length = 1; length < log.length; length++) {
      byte[] cut = Arrays.copyOf(log, length);
      assertThatThrownBy(() -> lines(LogBytes.read(new ByteArrayInputStream(cut), false, true)))
          .isInstanceOf(IOException.class);
    }
    assertThatThrownBy(() -> lines(new LogBytes(false).raw(utf8("<html>not a log at all</html>"))))
        .isInstanceOf(IOException.class);
  }
}
