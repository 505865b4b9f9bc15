package io.miststream.cli;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.miststream.core.deployment.Deployment;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Deployments as text. */
final class Deployed {
  private static final JsonFactory JSON = new JsonFactory();
  private static final List<String> HEADINGS =
      List.of("ID", "APP", "STATUS", "PROGRESS", "CREATED", "DURATION");

  private Deployed() {}

  /** How long something took. */
  static String time(long millis) {
    long seconds = millis / 1000;
    return seconds < 60
        ? String.format(Locale.ROOT, "%.1fs", millis / 1000.0)
        : seconds / 60 + "m" + seconds % 60 + "s";
  }

  /** A row for each, under headings. */
  static String table(List<Deployment> deployments) {
    List<List<String>> rows = new ArrayList<>(List.of(HEADINGS));
    for (Deployment one : deployments) {
      rows.add(
          List.of(
              "" + one.id(),
              "" + one.appId(),
              one.state().wire(),
              one.progress() + "%",
              one.createdAt().truncatedTo(ChronoUnit.SECONDS).toString(),
              duration(one)));
    }
    StringBuilder table = new StringBuilder();
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < row.size(); i++) {
        int column = i;
        int width = rows.stream().mapToInt(each -> each.get(column).length()).max().orElse(0);
        line.append(row.get(i)).append(" ".repeat(width - row.get(i).length() + 2));
      }
      table.append(line.toString().stripTrailing()).append('\n');
    }
    return table.toString();
  }

  /** All there is to say of one, some lines. */
  static String summary(Deployment one) {
    StringBuilder text = new StringBuilder();
    add(text, "deployment", one.id() + " of app " + one.appId());
    String stage = one.stage().wire().isEmpty() ? "" : ", " + one.stage().wire();
    add(text, "status", one.state().wire() + " (" + one.progress() + "%" + stage + ")");
    add(text, "message", one.message());
    add(text, "error", one.errorMessage());
    add(text, "created", one.createdAt().toString());
    add(text, "finished", one.finishedAt() == null ? "" : one.finishedAt().toString());
    add(text, "duration", one.durationMillis() == null ? "" : duration(one));
    return text.toString();
  }

  private static void add(StringBuilder text, String what, String value) {
    if (!value.isEmpty()) {
      text.append("%-12s%s%n".formatted(what, Printable.plain(value)));
    }
  }

  private static String duration(Deployment one) {
    return one.durationMillis() == null ? "-" : time(one.durationMillis());
  }

  /** One as the server tells it. */
  static String json(Deployment one) {
    StringWriter text = new StringWriter();
    try (JsonGenerator json = JSON.createGenerator(text)) {
      json.writeStartObject();
      json.writeNumberField("deployment_id", one.id());
      json.writeNumberField("app_id", one.appId());
      json.writeStringField("status", one.state().wire());
      json.writeStringField("stage", one.stage().wire());
      json.writeNumberField("progress", one.progress());
      json.writeStringField("message", one.message());
      json.writeStringField("error_message", one.errorMessage());
      json.writeStringField("created_at", one.createdAt().toString());
      json.writeFieldName("finished_at");
      json.writeString(one.finishedAt() == null ? null : one.finishedAt().toString());
      json.writeFieldName("duration_ms");
      if (one.durationMillis() == null) {
        json.writeNull();
      } else {
        json.writeNumber(one.durationMillis());
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // in memory
    }
    return text.toString();
  }
}
