package io.miststream.core.wire;

import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.miststream.core.ContainerStats;
import io.miststream.core.ContainerStatus;
import io.miststream.core.Cursor;
import io.miststream.core.DeploymentError;
import io.miststream.core.DeploymentLine;
import io.miststream.core.DeploymentStage;
import io.miststream.core.DeploymentState;
import io.miststream.core.DeploymentStatus;
import io.miststream.core.ErrorCode;
import io.miststream.core.Gap;
import io.miststream.core.LogLine;
import io.miststream.core.LogStream;
import io.miststream.core.StreamEnd;
import io.miststream.core.StreamError;
import io.miststream.core.StreamException;
import io.miststream.core.StreamMessage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WireCodecTest {
  private static final Instant TIME = Instant.parse("2025-01-15T10:30:01.123456789Z");
  private static final Cursor CURSOR =
      Cursor.of(Cursor.Mark.of(0x4f5c1b2a3d4eL, 0, 1_736_937_001_123_456_789L, 0));

  /** One of each kind, by the name of the file in src/test/resources/wire that shows it. */
  private static final Map<String, StreamMessage> SAMPLES =
      new TreeMap<>(
          Map.ofEntries(
              entry(
                  "status",
                  new ContainerStatus(
                      TIME,
                      null,
                      "mist-app-1",
                      "running",
                      "Up 2 hours",
                      "4f5c1b2a3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8",
                      "shop:latest",
                      Instant.parse("2025-01-15T08:30:00Z"),
                      null,
                      "healthy")),
              entry(
                  "status-exited",
                  new ContainerStatus(
                      TIME,
                      CURSOR,
                      "mist-app-1",
                      "exited",
                      "Exited (137) 1 second ago",
                      "4f5c1b2a3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8",
                      "shop:latest",
                      Instant.parse("2025-01-15T08:30:00Z"),
                      137,
                      null)),
              entry(
                  "log",
                  new LogLine(
                      TIME,
                      CURSOR,
                      "2025-01-15 10:30:01 [INFO] Server listening on port 3000",
                      LogStream.STDOUT,
                      "mist-app-1",
                      false)),
              entry(
                  "log-partial",
                  new LogLine(
                      TIME,
                      CURSOR,
                      "\u001b[31m\"日本\" 🚀\\\u0000\t",
                      LogStream.STDERR,
                      "worker",
                      true)),
              entry("gap", new Gap(TIME, CURSOR, Gap.Reason.SLOW_VIEWER, 1234L, CURSOR, CURSOR)),
              entry("gap-unknown", new Gap(TIME, CURSOR, Gap.Reason.LOG_ROTATED, null, null, null)),
              entry(
                  "error",
                  new StreamError(TIME, "Container not found", ErrorCode.CONTAINER_NOT_FOUND)),
              entry("end", new StreamEnd(TIME, null, "Log stream ended")),
              entry(
                  "deployment-status",
                  new DeploymentStatus(
                      TIME,
                      CURSOR,
                      15,
                      DeploymentState.BUILDING,
                      DeploymentStage.BUILDING_IMAGE,
                      50,
                      "Building Docker image...",
                      "",
                      1L,
                      null)),
              entry(
                  "deployment-status-failed",
                  new DeploymentStatus(
                      TIME,
                      CURSOR,
                      15,
                      DeploymentState.FAILED,
                      DeploymentStage.BUILDING_IMAGE,
                      50,
                      "Deployment failed",
                      "Docker build failed: exit code 1",
                      1L,
                      12345L)),
              entry(
                  "deployment-log",
                  new DeploymentLine(
                      TIME,
                      CURSOR,
                      "Step 3/8 : COPY package*.json ./",
                      LogStream.STDOUT,
                      DeploymentStage.BUILDING_IMAGE,
                      false)),
              entry(
                  "stats",
                  new ContainerStats(
                      TIME, "mist-app-1", 12.34, 256.5, 512, 50.1, 1.25, 0.5, 8, 4.75, 17)),
              entry("metrics", MetricsCodecTest.SAMPLES.get("metrics")),
              entry(
                  "deployment-error",
                  new DeploymentError(TIME, CURSOR, "Docker build failed: exit code 1"))));

  private static String golden(String name) throws IOException {
    try (InputStream in = WireCodecTest.class.getResourceAsStream("/wire/" + name + ".json")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
    }
  }

  @Test
  void everyKindLooksAsDocumented() throws IOException {
    for (Map.Entry<String, StreamMessage> sample : SAMPLES.entrySet()) {
      boolean named = sample.getKey().equals("log-partial");
      byte[] frame = MessageEncoder.frame(sample.getValue(), named);
      assertThat(Frames.text(frame, 0, frame.length)).isEqualTo(golden(sample.getKey()));
    }
  }

  @Test
  void everyKindIsReadBack() {
    for (Map.Entry<String, StreamMessage> sample : SAMPLES.entrySet()) {
      StreamMessage read = WireCodec.decode(WireCodec.encode(sample.getValue()));
      assertThat(read).isEqualTo(sample.getValue());
    }
  }

  @Test
  void everyKindThereIsHasASample() {
    assertThat(SAMPLES.values().stream().map(Object::getClass).distinct())
        .containsExactlyInAnyOrderElementsOf(List.of(StreamMessage.class.getPermittedSubclasses()));
  }

  @Test
  void theContainerOfALineIsOnlyNamedOnRequest() {
    byte[] frame = MessageEncoder.frame(SAMPLES.get("log"), false);
    assertThat(Frames.text(frame, 0, frame.length)).doesNotContain("container");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 100, 125, 126, 127, 65_535, 65_536, 70_000, 1 << 20})
  void framesHaveTheShortestHeader(int lineLength) {
    LogLine line = new LogLine(TIME, CURSOR, "x".repeat(lineLength), LogStream.STDOUT, "c", false);
    byte[] frame = MessageEncoder.frame(line, false);
    assertThat(frame[0]).isEqualTo((byte) 0x81);
    assertThat(Frames.length(frame, 0)).isEqualTo(frame.length);
    assertThat(WireCodec.decode(Frames.text(frame, 0, frame.length)))
        .isEqualTo(new LogLine(TIME, CURSOR, line.line(), LogStream.STDOUT, "", false));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 125, 126, 65_535, 65_536, 1 << 24})
  void headersAreThoseOfRfc6455(int payload) {
    byte[] out = new byte[Frames.MAX_HEADER];
    int length = Frames.putHeader(out, 0, payload);
    assertThat(length).isEqualTo(Frames.headerLength(payload));
    assertThat(length).isEqualTo(payload < 126 ? 2 : payload < 65_536 ? 4 : 10);
    assertThat(Frames.length(out, 0)).isEqualTo(length + payload);
  }

  /** The encoder keeps the text of the last second it wrote. */
  @Test
  void timesAreThoseOfInstant() {
    MessageEncoder encoder = new MessageEncoder();
    for (long second : new long[] {0, 0, 1_736_937_001, 1_736_937_002, -1, 253_402_300_800L, 0}) {
      for (int nanos :
          new int[] {0, 1, 999_999_999, 100_000_000, 1_000_000, 120_000, 1_000, 10, 0}) {
        Instant time = Instant.ofEpochSecond(second, nanos);
        encoder.encode(new StreamEnd(time, null, ""), false);
        assertThat(Frames.text(encoder.buffer(), encoder.start(), encoder.length()))
            .contains("\"timestamp\":\"" + time + "\"");
      }
    }
  }

  @Test
  void theIdIsFoundWithoutParsing() {
    byte[] line = MessageEncoder.frame(SAMPLES.get("log"), false);
    byte[] id = MessageEncoder.id(line, line.length, null);
    assertThat(id).asString(StandardCharsets.ISO_8859_1).isEqualTo(CURSOR.toString());
    assertThat(MessageEncoder.id(line, line.length, id)).isSameAs(id);
    byte[] end = MessageEncoder.frame(SAMPLES.get("end"), false);
    assertThat(MessageEncoder.id(end, end.length, null)).isNull();
    assertThat(MessageEncoder.id(end, end.length, id)).isSameAs(id);
  }

  @Test
  void linesAreKnownWithoutParsing() {
    SAMPLES.forEach(
        (name, message) ->
            assertThat(MessageEncoder.isLine(MessageEncoder.frame(message, false), 0))
                .as(name)
                .isEqualTo(message instanceof LogLine || message instanceof DeploymentLine));
  }

  @Test
  void anUnpairedSurrogateIsStillGoodJson() {
    LogLine line = new LogLine(TIME, CURSOR, "a\ud83d \ude80b", LogStream.STDOUT, "c", false);
    assertThat(WireCodec.encode(line)).contains("a\\uD83D \\uDE80b");
    assertThat(WireCodec.decode(WireCodec.encode(line))).isEqualTo(line);
  }

  @Test
  void whatAnotherVersionAddsIsSkipped() {
    assertThat(
            WireCodec.decode(
                "{\"type\":\"hello\",\"timestamp\":\"2025-01-15T10:30:00Z\",\"data\":{},"
                    + "\"id\":\"no cursor\"}"))
        .isNull();
    Gap gap = new Gap(TIME, CURSOR, Gap.Reason.SOURCE_RESTARTED, 3L, CURSOR, null);
    assertThat(WireCodec.decode(WireCodec.encode(gap).replace("source_restarted", "meteorite")))
        .isEqualTo(gap);
    assertThat(
            WireCodec.decode(
                "{\"v\":[1,{}],\"type\":\"end\",\"timestamp\":\"2025-01-15T10:30:00Z\","
                    + "\"data\":{\"message\":\"m\",\"more\":{\"a\":[{}]},\"n\":1}}"))
        .isEqualTo(new StreamEnd(Instant.parse("2025-01-15T10:30:00Z"), null, "m"));
  }

  @Test
  void aLineThatDoesNotNameItsContainerIsEncodedAsItCame() {
    byte[] frame = MessageEncoder.frame(SAMPLES.get("log"), false);
    String text = Frames.text(frame, 0, frame.length);
    assertThat(WireCodec.encode(WireCodec.decode(text))).isEqualTo(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ",\"code\":\"from_the_future\""})
  void anErrorWhoseCodeIsUnknownIsStillTold(String code) {
    assertThat(
            WireCodec.decode(
                "{\"type\":\"error\",\"timestamp\":\"2025-01-15T10:30:00Z\","
                    + "\"data\":{\"message\":\"m\""
                    + code
                    + "}}"))
        .isEqualTo(new StreamError(Instant.parse("2025-01-15T10:30:00Z"), "m", ErrorCode.INTERNAL));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "null",
        "{",
        "{\"type\":\"log\"}",
        "{\"type\":\"end\",\"timestamp\":\"2025-01-15T10:30:00Z\",\"data\":{\"message\":\"\"},\"id\":\"no\"}",
        "{\"type\":\"log\",\"timestamp\":\"now\",\"data\":{\"line\":\"x\"}}",
        "{\"type\":\"end\",\"timestamp\":\"2025-01-15T10:30:00Z\",\"data\":{}}",
        "{\"type\":\"end\",\"timestamp\":\"2025-01-15T10:30:00Z\",\"data\":{\"message\":\"m\"},"
            + "\"id\":\"?\"}"
      })
  void whatIsNoMessageIsAnError(String text) {
    assertThatThrownBy(() -> WireCodec.decode(text))
        .isInstanceOfSatisfying(
            StreamException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INTERNAL));
  }
}
