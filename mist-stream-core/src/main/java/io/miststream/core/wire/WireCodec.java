package io.miststream.core.wire;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
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
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Messages as JSON text and back. {@link MessageEncoder} is the fast way out. */
public final class WireCodec {

  // A line of 1 MiB is at most that many characters; anything else is far shorter.
  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder().maxStringLength(2 * LogLine.MAX_BYTES).build())
          .build();

  private WireCodec() {}

  /** The message as JSON; lines carry the name of their container, if they know it. */
  public static String encode(StreamMessage message) {
    boolean named = !(message instanceof LogLine line) || !line.container().isEmpty();
    byte[] frame = MessageEncoder.frame(message, named);
    return Frames.text(frame, 0, frame.length);
  }

  /**
   * Reads one message. Fields it does not know are skipped.
   *
   * @return the message, or null if its type is one that this version does not know
   * @throws StreamException {@code INTERNAL} if it is not JSON or a field is missing or malformed
   */
  public static @Nullable StreamMessage decode(String text) {
    try (JsonParser json = JSON.createParser(text)) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw new IllegalArgumentException("not an object");
      }
      Fields envelope = new Fields();
      Fields data = new Fields();
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String name = json.currentName();
        if (json.nextToken() == JsonToken.START_OBJECT && name.equals("data")) {
          data.read(json);
        } else {
          envelope.readValue(json, name);
        }
      }
      return envelope.optional("type") == null
          ? MetricsCodec.decode(text) // they alone come without an envelope
          : message(envelope, data);
    } catch (IOException | IllegalArgumentException | DateTimeException | StreamException e) {
      throw new StreamException(ErrorCode.INTERNAL, "not a message: " + e.getMessage(), e);
    }
  }

  static String type(StreamMessage message) {
    if (message instanceof LogLine || message instanceof DeploymentLine) {
      return "log";
    } else if (message instanceof ContainerStatus || message instanceof DeploymentStatus) {
      return "status";
    } else if (message instanceof ContainerStats) {
      return "stats";
    } else if (message instanceof Gap) {
      return "gap";
    } else if (message instanceof StreamError || message instanceof DeploymentError) {
      return "error";
    } else if (message instanceof StreamEnd) {
      return "end";
    }
    throw new IllegalArgumentException("no wire form: " + message.getClass());
  }

  private static @Nullable StreamMessage message(Fields envelope, Fields data) {
    String type = envelope.text("type");
    Instant timestamp = Instant.parse(envelope.text("timestamp"));
    return switch (type) {
      case "log" ->
          data.optional("stage") == null
              ? line(timestamp, cursor(envelope, "id"), data)
              : deploymentLine(timestamp, cursor(envelope, "id"), data);
      case "status" ->
          data.optional("deployment_id") == null
              ? status(timestamp, cursor(envelope, "id"), data)
              : deploymentStatus(timestamp, cursor(envelope, "id"), data);
      case "stats" -> stats(timestamp, data);
      case "gap" -> gap(timestamp, cursor(envelope, "id"), data);
      case "error" -> {
        ErrorCode code = errorCode(data);
        yield code == ErrorCode.DEPLOYMENT_FAILED
            ? new DeploymentError(timestamp, cursor(envelope, "id"), data.text("message"))
            : new StreamError(timestamp, data.text("message"), code);
      }
      case "end" -> new StreamEnd(timestamp, cursor(envelope, "id"), data.text("message"));
      default -> null; // whatever its id means
    };
  }

  private static @Nullable Cursor cursor(Fields fields, String name) {
    String text = fields.optional(name);
    return text == null ? null : Cursor.parse(text);
  }

  private static ErrorCode errorCode(Fields data) {
    String wire = data.optional("code"); // the API this one extends has none
    for (ErrorCode code : ErrorCode.values()) {
      if (code.wire().equals(wire)) {
        return code;
      }
    }
    return ErrorCode.INTERNAL;
  }

  private static LogLine line(Instant timestamp, @Nullable Cursor cursor, Fields data) {
    if (cursor == null) {
      throw new IllegalArgumentException("a line without id");
    }
    String container = data.optional("container");
    return new LogLine(
        timestamp,
        cursor,
        data.text("line"),
        stream(data.text("stream")),
        container == null ? "" : container,
        "true".equals(data.optional("partial")));
  }

  private static DeploymentLine deploymentLine(
      Instant timestamp, @Nullable Cursor cursor, Fields data) {
    return new DeploymentLine(
        timestamp,
        cursor,
        data.text("line"),
        stream(data.text("stream")),
        stage(data),
        "true".equals(data.optional("partial")));
  }

  private static DeploymentStatus deploymentStatus(
      Instant timestamp, @Nullable Cursor cursor, Fields data) {
    String appId = data.optional("app_id");
    String duration = data.optional("duration_ms");
    return new DeploymentStatus(
        timestamp,
        cursor,
        Long.parseLong(data.text("deployment_id")),
        state(data.text("status")),
        stage(data),
        Integer.parseInt(data.text("progress")),
        data.text("message"),
        data.text("error_message"),
        appId == null ? null : Long.valueOf(appId),
        duration == null ? null : Long.valueOf(duration));
  }

  private static DeploymentState state(String wire) {
    for (DeploymentState state : DeploymentState.values()) {
      if (state.wire().equals(wire)) {
        return state;
      }
    }
    throw new IllegalArgumentException("unknown status: " + wire);
  }

  private static DeploymentStage stage(Fields data) {
    String wire = data.text("stage");
    for (DeploymentStage stage : DeploymentStage.values()) {
      if (stage.wire().equals(wire)) {
        return stage;
      }
    }
    throw new IllegalArgumentException("unknown stage: " + wire);
  }

  private static ContainerStatus status(Instant timestamp, @Nullable Cursor cursor, Fields data) {
    String startedAt = data.optional("started_at");
    String exitCode = data.optional("exit_code");
    return new ContainerStatus(
        timestamp,
        cursor,
        data.text("container"),
        data.text("state"),
        data.text("status"),
        data.text("container_id"),
        data.text("image"),
        startedAt == null ? null : Instant.parse(startedAt),
        exitCode == null ? null : Integer.valueOf(exitCode),
        data.optional("health"));
  }

  private static ContainerStats stats(Instant timestamp, Fields data) {
    return new ContainerStats(
        timestamp,
        data.text("container"),
        data.number("cpu_percent"),
        data.number("memory_used_mb"),
        data.number("memory_limit_mb"),
        data.number("memory_percent"),
        data.number("network_rx_mb"),
        data.number("network_tx_mb"),
        data.number("block_read_mb"),
        data.number("block_write_mb"),
        Long.parseLong(data.text("pids")));
  }

  private static Gap gap(Instant timestamp, @Nullable Cursor cursor, Fields data) {
    String missed = data.optional("missed");
    return new Gap(
        timestamp,
        cursor,
        reason(data.text("reason")),
        missed == null ? null : Long.valueOf(missed),
        cursor(data, "after"),
        cursor(data, "before"));
  }

  private static Gap.Reason reason(String wire) {
    for (Gap.Reason reason : Gap.Reason.values()) {
      if (reason.wire().equals(wire)) {
        return reason;
      }
    }
    return Gap.Reason
        .SOURCE_RESTARTED; // a newer server's; that something is missing is what counts
  }

  private static LogStream stream(String wire) {
    for (LogStream stream : LogStream.values()) {
      if (stream.wire().equals(wire)) {
        return stream;
      }
    }
    throw new IllegalArgumentException("unknown stream: " + wire);
  }

  /** The scalar fields of one object, as text; nested values are skipped. */
  private static final class Fields {
    private final Map<String, @Nullable String> values = new HashMap<>();

    void read(JsonParser json) throws IOException {
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String name = json.currentName();
        json.nextToken();
        readValue(json, name);
      }
    }

    void readValue(JsonParser json, String name) throws IOException {
      if (json.currentToken().isScalarValue()) {
        values.put(name, json.currentToken() == JsonToken.VALUE_NULL ? null : json.getText());
      } else {
        json.skipChildren();
      }
    }

    @Nullable String optional(String name) {
      return values.get(name);
    }

    double number(String name) {
      return Double.parseDouble(text(name));
    }

    String text(String name) {
      String value = values.get(name);
      if (value == null) {
        throw new IllegalArgumentException("no " + name);
      }
      return value;
    }
  }
}
