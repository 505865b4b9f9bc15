package io.miststream.server.security;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import java.util.function.Consumer;
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
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

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
    ObjectNode line = JSON.createObjectNode();
    line.put("event", event.kind().name().toLowerCase(Locale.ROOT));
    line.put("user", event.user() == null ? null : cut(event.user()));
    line.put("address", event.address());
    line.put("path", cut(event.path()));
    if (event.appId() != AccessPolicy.NO_APP) {
      line.put("app", event.appId());
    }
    if (event.deploymentId() != 0) {
      line.put("deployment", event.deploymentId());
    }
    if (event.reason() != null) {
      line.put("reason", cut(event.reason()));
    }
    if (event.duration() != null) {
      line.put("duration_ms", event.duration().toMillis());
    }
    try {
      lines.accept(JSON.writeValueAsString(line).replace("\u007f", "\\u007F"));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree can always be written", e);
    }
  }

  private static String cut(String text) {
    return text.length() <= LONGEST_TEXT ? text : text.substring(0, LONGEST_TEXT) + "...";
  }
}
