package io.miststream.core.wire;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import io.miststream.core.ContainerStats;
import io.miststream.core.ContainerStatus;
import io.miststream.core.Cursor;
import io.miststream.core.DeploymentError;
import io.miststream.core.DeploymentLine;
import io.miststream.core.DeploymentStatus;
import io.miststream.core.ErrorCode;
import io.miststream.core.Gap;
import io.miststream.core.HostMetrics;
import io.miststream.core.LogLine;
import io.miststream.core.StreamEnd;
import io.miststream.core.StreamError;
import io.miststream.core.StreamMessage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Turns messages into frames, reusing its buffers: the frame of a message is in {@link #buffer()}
 * from {@link #start()} for {@link #length()} bytes until the next call. Not thread-safe.
 *
 * <p>The cursor is the last field of a message, so that {@link #id} can find it without parsing.
 */
public final class MessageEncoder {

  /** Of a message that nobody has numbered. */
  public static final long NO_SEQ = 0;

  private static final JsonFactory JSON =
      new JsonFactoryBuilder()
          .enable(JsonWriteFeature.COMBINE_UNICODE_SURROGATES_IN_UTF8)
          .rootValueSeparator((String) null)
          .build();

  /** Where in a message its type is, of which one alone begins with an l. */
  private static final int TYPE_VALUE = "{\"type\":\"".length();

  private static final byte[] ID_FIELD = "\"id\":\"".getBytes(StandardCharsets.ISO_8859_1);

  /** Above this, a buffer that one long line needed is not kept for the next message. */
  private static final int KEPT_BUFFER = 256 << 10;

  private static final class Out extends ByteArrayOutputStream {
    Out() {
      super(1024);
    }

    byte[] array() {
      return buf;
    }
  }

  private Out out = new Out();
  private @Nullable JsonGenerator json;
  private int start;

  // The last time written, to the second.
  private long second;
  private byte[] timeText = {};
  private int timeLength;

  /**
   * Encodes and frames a message.
   *
   * @param named whether lines carry the name of their container, as they do where an app has
   *     several
   */
  public void encode(StreamMessage message, boolean named) {
    encode(message, named, NO_SEQ);
  }

  /**
   * The same with the number its reporter has given it.
   *
   * @param seq a positive number, or {@link #NO_SEQ}
   */
  public void encode(StreamMessage message, boolean named, long seq) {
    try {
      if (json == null || out.array().length > KEPT_BUFFER) {
        out = new Out();
        json = JSON.createGenerator(out);
      }
      out.reset();
      for (int i = 0; i < Frames.MAX_HEADER; i++) {
        out.write(0); // room for the header, whose length is known last
      }
      write(message, named, seq, json);
      json.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // the buffer is memory: cannot happen
    }
    int payload = out.size() - Frames.MAX_HEADER;
    start = Frames.MAX_HEADER - Frames.headerLength(payload);
    Frames.putHeader(out.array(), start, payload);
  }

  /** A message as a frame of its own. */
  public static byte[] frame(StreamMessage message, boolean named) {
    MessageEncoder encoder = new MessageEncoder();
    encoder.encode(message, named);
    return Arrays.copyOfRange(
        encoder.buffer(), encoder.start(), encoder.start() + encoder.length());
  }

  /** Holds the last message's frame. */
  public byte[] buffer() {
    return out.array();
  }

  /** Where in {@link #buffer()} the frame begins. */
  public int start() {
    return start;
  }

  /** The frame's length in bytes. */
  public int length() {
    return out.size() - start;
  }

  /**
   * The cursor text in a frame made here.
   *
   * @param end index behind the frame's last byte
   * @param last what was found before: returned if the frame has no cursor, and overwritten if the
   *     new one is as long
   */
  public static byte @Nullable [] id(byte[] frames, int end, byte @Nullable [] last) {
    int quote = end - 2; // "}
    if (quote < 0 || frames[quote] != '"') {
      return last;
    }
    int from = quote;
    while (from > 0 && frames[from - 1] != '"') {
      from--;
    }
    int field = from - ID_FIELD.length;
    if (field <= 0 || !Arrays.equals(frames, field, from, ID_FIELD, 0, ID_FIELD.length)) {
      return last;
    }
    int length = quote - from;
    byte[] id = last != null && last.length == length ? last : new byte[length];
    System.arraycopy(frames, from, id, 0, length);
    return id;
  }

  /** Whether the frame made here that begins at {@code at} is a log line's. */
  public static boolean isLine(byte[] frames, int at) {
    return frames[at + Frames.headerLengthAt(frames, at) + TYPE_VALUE] == 'l';
  }

  private void write(StreamMessage message, boolean named, long seq, JsonGenerator json)
      throws IOException {
    if (message instanceof HostMetrics metrics) {
      MetricsCodec.write(metrics, json);
      return;
    }
    json.writeStartObject();
    json.writeStringField("type", WireCodec.type(message));
    json.writeFieldName("timestamp");
    writeTime(message.timestamp(), json);
    json.writeObjectFieldStart("data");
    if (message instanceof LogLine line) {
      json.writeStringField("line", line.line());
      json.writeStringField("stream", line.stream().wire());
      if (named) {
        json.writeStringField("container", line.container());
      }
      if (line.partial()) {
        json.writeBooleanField("partial", true);
      }
    } else if (message instanceof ContainerStatus status) {
      write(status, json);
    } else if (message instanceof ContainerStats stats) {
      write(stats, json);
    } else if (message instanceof Gap gap) {
      json.writeStringField("reason", gap.reason().wire());
      if (gap.missed() == null) {
        json.writeNullField("missed");
      } else {
        json.writeNumberField("missed", gap.missed());
      }
      writeText(json, "after", gap.after());
      writeText(json, "before", gap.before());
    } else if (message instanceof StreamError error) {
      json.writeStringField("message", error.message());
      json.writeStringField("code", error.code().wire());
    } else if (message instanceof StreamEnd end) {
      json.writeStringField("message", end.message());
    } else if (message instanceof DeploymentStatus status) {
      write(status, json);
    } else if (message instanceof DeploymentLine line) {
      json.writeStringField("line", line.line());
      json.writeStringField("stream", line.stream().wire());
      json.writeStringField("stage", line.stage().wire());
      if (line.partial()) {
        json.writeBooleanField("partial", true);
      }
    } else if (message instanceof DeploymentError error) {
      json.writeStringField("message", error.message());
      json.writeStringField("code", ErrorCode.DEPLOYMENT_FAILED.wire());
    } else {
      throw new IllegalArgumentException("no wire form: " + message.getClass());
    }
    json.writeEndObject();
    if (seq != NO_SEQ) {
      json.writeNumberField("seq", seq);
    }
    Cursor cursor = message.cursor();
    if (cursor != null) {
      json.writeStringField("id", cursor.toString());
    }
    json.writeEndObject();
  }

  /** As {@link Instant#toString}, of which it formats each second but once. */
  private void writeTime(Instant time, JsonGenerator json) throws IOException {
    if (time.getEpochSecond() != second || timeLength == 0) {
      second = time.getEpochSecond();
      String text = Instant.ofEpochSecond(second).toString();
      timeLength = text.length() - 1; // without the Z
      timeText = Arrays.copyOf(text.getBytes(StandardCharsets.ISO_8859_1), timeLength + 11);
    }
    int end = timeLength;
    int nanos = time.getNano();
    if (nanos != 0) {
      timeText[end++] = '.';
      // Three, six or nine digits, whichever say it all.
      int digits = nanos % 1_000_000 == 0 ? 3 : nanos % 1_000 == 0 ? 6 : 9;
      int rest = digits == 3 ? nanos / 1_000_000 : digits == 6 ? nanos / 1_000 : nanos;
      end += digits;
      for (int at = end - 1; at >= end - digits; at--) {
        timeText[at] = (byte) ('0' + rest % 10);
        rest /= 10;
      }
    }
    timeText[end++] = 'Z';
    json.writeRawUTF8String(timeText, 0, end);
  }

  private static void write(ContainerStatus status, JsonGenerator json) throws IOException {
    json.writeStringField("container", status.container());
    json.writeStringField("state", status.state());
    json.writeStringField("status", status.status());
    json.writeStringField("container_id", status.containerId());
    json.writeStringField("image", status.image());
    writeText(json, "started_at", status.startedAt());
    if (status.exitCode() == null) {
      json.writeNullField("exit_code");
    } else {
      json.writeNumberField("exit_code", status.exitCode());
    }
    writeText(json, "health", status.health());
  }

  private static void write(ContainerStats stats, JsonGenerator json) throws IOException {
    json.writeStringField("container", stats.container());
    json.writeNumberField("cpu_percent", stats.cpuPercent());
    json.writeNumberField("memory_used_mb", stats.memoryUsedMb());
    json.writeNumberField("memory_limit_mb", stats.memoryLimitMb());
    json.writeNumberField("memory_percent", stats.memoryPercent());
    json.writeNumberField("network_rx_mb", stats.networkRxMb());
    json.writeNumberField("network_tx_mb", stats.networkTxMb());
    json.writeNumberField("block_read_mb", stats.blockReadMb());
    json.writeNumberField("block_write_mb", stats.blockWriteMb());
    json.writeNumberField("pids", stats.pids());
  }

  private static void write(DeploymentStatus status, JsonGenerator json) throws IOException {
    json.writeNumberField("deployment_id", status.deploymentId());
    json.writeStringField("status", status.state().wire());
    json.writeStringField("stage", status.stage().wire());
    json.writeNumberField("progress", status.progress());
    json.writeStringField("message", status.message());
    json.writeStringField("error_message", status.errorMessage());
    if (status.appId() != null) {
      json.writeNumberField("app_id", status.appId());
    }
    if (status.durationMillis() != null) {
      json.writeNumberField("duration_ms", status.durationMillis());
    }
  }

  private static void writeText(JsonGenerator json, String name, @Nullable Object value)
      throws IOException {
    if (value == null) {
      json.writeNullField(name);
    } else {
      json.writeStringField(name, value.toString());
    }
  }
}
