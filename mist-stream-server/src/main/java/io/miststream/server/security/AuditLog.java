package io.miststream.server.security;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One line of JSON for each event. What is not ASCII, and every control character, is escaped, so
 * that nobody can write a line of their own; long texts are cut. Of refusals, which anybody can
 * cause, an address gets 60 lines and one more a second, and all together 1000 and 100 more a
 * second: where some begin to be left out the line says so, and the address's next one how many
 * there were.
 */
public final class AuditLog implements Audit {
  /** The logger that {@link #create} writes to, at level INFO. */
  public static final String LOGGER = "io.miststream.audit";

  private static final int LONGEST_TEXT = 256;
  private static final JsonFactory JSON =
      JsonFactory.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

  private static final Set<Kind> REFUSALS = EnumSet.of(Kind.REFUSED, Kind.LOGIN_REFUSED);
  private static final String EVERYBODY = "everybody"; // no address
  private static final int ADDRESSES = 10_000;

  private final Consumer<String> lines;
  private final TokenBuckets each;
  private final TokenBuckets all;

  /** By address, how many refusals were not told; guarded by itself. */
  private final Map<String, Long> leftOut =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
          return size() > ADDRESSES;
        }
      };

  AuditLog(Consumer<String> lines, LongSupplier nanos) {
    this.lines = lines;
    this.each = new TokenBuckets(60, Duration.ofSeconds(1), nanos);
    this.all = new TokenBuckets(1000, Duration.ofMillis(10), nanos);
  }

  /** One that writes to the logger {@value #LOGGER}. */
  public static AuditLog create() {
    Logger logger = LoggerFactory.getLogger(LOGGER);
    return new AuditLog(logger::info, System::nanoTime);
  }

  @Override
  public void record(Event event) {
    if (!REFUSALS.contains(event.kind())) {
      write(event, 0, 0, false);
      return;
    }
    String emptied =
        each.take(event.address()) > 0
            ? event.address()
            : all.take(EVERYBODY) > 0 ? EVERYBODY : null;
    long own = 0;
    long others = 0;
    synchronized (leftOut) {
      if (emptied == null) {
        own = takeLeftOut(event.address());
        others = takeLeftOut(EVERYBODY);
      } else if (leftOut.merge(emptied, 1L, Long::sum) > 1) {
        return; // that there are more was told with the first
      }
    }
    write(event, own, others, emptied != null);
  }

  /** How many were not told, but for the first of them. */
  private long takeLeftOut(String key) {
    Long count = leftOut.remove(key);
    return count == null ? 0 : count - 1;
  }

  private void write(Event event, long own, long others, boolean more) {
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
      if (own > 0) {
        json.writeNumberField("left_out", own);
      }
      if (others > 0) {
        json.writeNumberField("left_out_of_others", others);
      }
      if (more) {
        json.writeStringField("more", "left out");
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
