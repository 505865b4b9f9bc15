package io.miststream.core.deployment;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import io.miststream.core.DeploymentStage;
import io.miststream.core.DeploymentState;
import io.miststream.core.LogStream;
import io.miststream.core.wire.MessageEncoder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What an outside builder says of a deployment: NDJSON, an event a line, such as {@code
 * {"seq":7,"type":"log","data":{"line":"…"}}}.
 *
 * <p>Events are numbered from 1 without a hole. Those that have been taken before are passed over,
 * so that a builder that got no answer sends the same again.
 */
public final class DeploymentEvents {

  /** Longest event in bytes: a line of 1 MiB with every character escaped, and what is around. */
  public static final int MAX_EVENT_BYTES = 8 << 20;

  private static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder().maxStringLength(MAX_EVENT_BYTES).build())
          .build();

  /** Why an event was not taken. Those before it have been. */
  public static final class RejectedException extends Exception {
    private static final long serialVersionUID = 1L;

    private final boolean conflict;
    private final long lastSeq;

    RejectedException(boolean conflict, int line, String message, long lastSeq) {
      super("line " + line + ": " + message);
      this.conflict = conflict;
      this.lastSeq = lastSeq;
    }

    /** Whether the event does not fit what was taken before, instead of being none at all. */
    public boolean isConflict() {
      return conflict;
    }

    /** The number of the last event taken, 0 if there is none. */
    public long lastSeq() {
      return lastSeq;
    }
  }

  private final @Nullable DeploymentReporter report; // null: it is over
  private final long lastSeq; // of one that is over
  private final Object lock;

  /** Events of a deployment that goes on. */
  DeploymentEvents(DeploymentReporter report) {
    this.report = report;
    this.lastSeq = 0;
    this.lock = report;
  }

  /** Events of one that is over: none but those it has taken before. */
  DeploymentEvents(long lastSeq) {
    this.report = null;
    this.lastSeq = lastSeq;
    this.lock = this;
  }

  private long last() {
    return report == null ? lastSeq : report.lastSeq();
  }

  /**
   * Takes events, and returns when they are saved. One caller at a time; others wait.
   *
   * @return the number of the last event taken
   * @throws RejectedException at the first one that is malformed or does not follow
   * @throws IOException if they cannot be read
   * @throws JournalException if they cannot be saved
   */
  public long take(InputStream ndjson) throws IOException, RejectedException {
    synchronized (lock) {
      int number = 0;
      try {
        for (byte[] line = line(ndjson); line != null; line = line(ndjson)) {
          number++;
          if (line.length > MAX_EVENT_BYTES) {
            throw rejected(number, "is longer than " + MAX_EVENT_BYTES + " bytes");
          }
          if (!isBlank(line)) {
            take(number, line);
          }
        }
      } finally {
        if (report != null && !report.isOver()) {
          report.flush(); // also before saying how much has been taken
        }
      }
      return last();
    }
  }

  private void take(int number, byte[] line) throws RejectedException {
    Map<String, @Nullable String> event;
    try {
      event = fields(line);
    } catch (IOException e) {
      throw rejected(number, "is not a JSON object");
    }
    long seq = number(number, event, "seq");
    long last = last();
    if (seq < 1) {
      throw rejected(number, "seq must be a positive whole number");
    }
    if (seq <= last) {
      return;
    }
    if (seq > last + 1) {
      throw new RejectedException(true, number, "seq is " + seq + ", expected " + (last + 1), last);
    }
    DeploymentReporter to = report;
    if (to == null || to.isOver()) {
      throw new RejectedException(true, number, "the deployment is over", last);
    }
    try {
      to.event(seq);
      apply(to, number, event);
    } catch (IllegalArgumentException e) {
      throw rejected(number, String.valueOf(e.getMessage()));
    } catch (IllegalStateException e) { // stopped at this moment
      throw new RejectedException(true, number, "the deployment is over", last);
    } finally {
      to.event(MessageEncoder.NO_SEQ);
    }
  }

  private void apply(DeploymentReporter to, int number, Map<String, @Nullable String> event)
      throws RejectedException {
    String type = text(number, event, "type");
    switch (type) {
      case "log" -> {
        String line = text(number, event, "data.line");
        to.log(stream(number, event.get("data.stream")), line);
      }
      case "error" -> to.error(text(number, event, "data.message"));
      case "status" -> status(to, number, event);
      default -> throw rejected(number, "type must be status, log or error");
    }
  }

  private void status(DeploymentReporter to, int number, Map<String, @Nullable String> event)
      throws RejectedException {
    String message = orElse(event.get("data.message"), "");
    String wire = event.get("data.status");
    DeploymentState state = wire == null ? null : state(number, wire);
    if (state == DeploymentState.SUCCESS) {
      to.succeed(message.isEmpty() ? "Deployment complete" : message);
    } else if (state == DeploymentState.FAILED) {
      String reason = orElse(event.get("data.error_message"), "");
      to.fail(reason.isEmpty() ? message.isEmpty() ? "Deployment failed" : message : reason);
    } else if (state == DeploymentState.STOPPED) {
      to.stopped(message.isEmpty() ? "Deployment stopped" : message);
    } else if (state == DeploymentState.PENDING) {
      if (to.hasBegun()) {
        throw rejected(number, "status pending cannot follow another");
      }
      to.pending(message);
    } else {
      DeploymentStage stage = stage(number, text(number, event, "data.stage"));
      if (state != null && state != stage.state()) {
        throw rejected(number, "stage " + stage.wire() + " is not of status " + state.wire());
      }
      long progress =
          event.get("data.progress") == null
              ? stage.from()
              : number(number, event, "data.progress");
      if (progress < 0 || progress > 100) {
        throw rejected(number, "data.progress must be 0 to 100");
      }
      to.status(stage, (int) progress, message);
    }
  }

  private DeploymentState state(int number, String wire) throws RejectedException {
    for (DeploymentState state : DeploymentState.values()) {
      if (state.wire().equals(wire)) {
        return state;
      }
    }
    throw rejected(
        number, "data.status must be pending, building, deploying, success, failed or stopped");
  }

  private DeploymentStage stage(int number, String wire) throws RejectedException {
    for (DeploymentStage stage : DeploymentStage.values()) {
      if (stage.wire().equals(wire)
          && stage != DeploymentStage.NONE
          && stage != DeploymentStage.COMPLETED) {
        return stage;
      }
    }
    throw rejected(
        number, "data.stage must be cloning_repo, building_image, stopping_old or starting_new");
  }

  private LogStream stream(int number, @Nullable String wire) throws RejectedException {
    for (LogStream stream : LogStream.values()) {
      if (wire == null || stream.wire().equals(wire)) {
        return stream;
      }
    }
    throw rejected(number, "data.stream must be stdout or stderr");
  }

  private String text(int number, Map<String, @Nullable String> event, String name)
      throws RejectedException {
    String value = event.get(name);
    if (value == null) {
      throw rejected(number, name + " is missing");
    }
    return value;
  }

  private long number(int number, Map<String, @Nullable String> event, String name)
      throws RejectedException {
    try {
      return Long.parseLong(text(number, event, name));
    } catch (NumberFormatException e) {
      throw rejected(number, name + " must be a whole number");
    }
  }

  private static String orElse(@Nullable String value, String other) {
    return value == null ? other : value;
  }

  private RejectedException rejected(int line, String message) {
    return new RejectedException(false, line, message, last());
  }

  /**
   * The number of the last event in a journal, 0 if there is none.
   *
   * @throws IOException if it cannot be read, or is damaged
   */
  static long lastSeq(InputStream journal) throws IOException {
    long last = 0;
    for (byte[] line = line(journal); line != null; line = line(journal)) {
      String seq = fields(line).get("seq");
      try {
        last = seq == null ? last : Long.parseLong(seq);
      } catch (NumberFormatException e) {
        throw new IOException("not the number of an event: " + seq, e);
      }
    }
    return last;
  }

  /** The scalar fields, those of data as {@code data.name}. */
  private static Map<String, @Nullable String> fields(byte[] line) throws IOException {
    Map<String, @Nullable String> fields = new HashMap<>();
    try (JsonParser json = JSON.createParser(line)) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        throw new IOException("not an object");
      }
      read(json, "", fields);
      if (json.nextToken() != null) {
        throw new IOException("more than an object");
      }
    }
    return fields;
  }

  private static void read(JsonParser json, String prefix, Map<String, @Nullable String> fields)
      throws IOException {
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String name = prefix + json.currentName();
      JsonToken value = json.nextToken();
      if (value == JsonToken.START_OBJECT && name.equals("data")) {
        read(json, "data.", fields);
      } else if (value.isScalarValue()) {
        fields.put(name, value == JsonToken.VALUE_NULL ? null : json.getText());
      } else {
        json.skipChildren();
      }
    }
  }

  /** The next line without its end, or more than it may have; null at the end. */
  private static byte @Nullable [] line(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    int b = in.read();
    if (b < 0) {
      return null;
    }
    for (; b >= 0 && b != '\n' && line.size() <= MAX_EVENT_BYTES; b = in.read()) {
      line.write(b);
    }
    return line.toByteArray();
  }

  private static boolean isBlank(byte[] line) {
    for (byte b : line) {
      if (b != ' ' && b != '\t' && b != '\r') {
        return false;
      }
    }
    return true;
  }
}
