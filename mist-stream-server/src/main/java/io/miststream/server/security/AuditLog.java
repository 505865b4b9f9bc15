package io.miststream.server.security;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Locale;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One line of JSON for each event. What is not ASCII, and every control character, is escaped, so
 * that nobody can write a line of their own; long texts are cut.
 */
public final class AuditLog implements Audit {
  /** The logger that {@link #create} writes to, at level INFO. */
  public static final String LOGGER = "io.miststream.audit";

  private static final int LONGEST_TEXT = 256;
  private static final JsonFactory JSON =
      JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private final Consumer<String> lines;

  AuditLog(Consumer<String> lines) {
    this.lines = lines;
  }

  /** One that writes to the logger {@value #LOGGER}. */
  public static AuditLog create() {
    Logger logger = LoggerFactory.getLogger(LOGGER);
    return new AuditLog(logger::info);
  }

  @Override
  public void record(Event event) {
    StringWriter line = new StringWriter(256);
    try (JsonGenerator json = JSON.createGenerator(line)) {
      json.writeStartObject();
      json.writeStringField("event", event.kind().name().toLowerCase(Locale.ROOT));
      json.writeStringField("user", cut(event.user()));
      json.writeStringField("address", event.address());
      json.writeStringField("path", cut(event.path()));
      if (event.appId() != AccessPolicy.NO_APP) {
        json.writeNumberField("app", event.appId());
      }
      if (event.deploymentId() != 0) {
        json.writeNumberField("deployment", event.deploymentId());
      }
      if (event.reason() != null) {
        json.writeStringField("reason", cut(event.reason()));
      }
      Duration duration = event.duration();
      if (duration != null) {
        json.writeNumberField("duration_ms", duration.toMillis());
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new UncheckedIOException(e); // not to memory
    }
    lines.accept(line.toString().replace("\u007f", "\\u007F"));
  }

  private static @Nullable String cut(@Nullable String text) {
    return text == null || text.length() <= LONGEST_TEXT
        ? text
        : text.substring(0, LONGEST_TEXT) + "...";
  }
}
