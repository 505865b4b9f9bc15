package io.miststream.docker;

import com.fasterxml.jackson.databind.JsonNode;
import io.miststream.core.ContainerStatus;
import io.miststream.core.Cursor;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What the engine said about a container when it was asked.
 *
 * @param id full id
 * @param sentence Docker's words for the state
 * @param tty whether its log has no frames and one stream
 * @param logDriver such as {@code json-file}
 * @param maxLogBytes size at which its log rotates, 0 if it does not
 * @param maxLogFiles how many files of that size are kept
 * @param created when it was created
 * @param finishedAt end of the run before the current one, or of the last, null if there was none
 */
record ContainerInfo(
    String id,
    String name,
    String image,
    String state,
    String sentence,
    boolean tty,
    String logDriver,
    long maxLogBytes,
    int maxLogFiles,
    Instant created,
    @Nullable Instant startedAt,
    @Nullable Instant finishedAt,
    @Nullable Integer exitCode,
    @Nullable String health) {

  private static final long LOCAL_DRIVER_MAX_BYTES = 20L << 20;
  private static final int LOCAL_DRIVER_FILES = 5;
  private static final int SOURCE_DIGITS = 12;

  /** Reads the answer of {@code GET /containers/{id}/json}. */
  static ContainerInfo of(JsonNode inspect, String sentence) {
    JsonNode state = inspect.path("State");
    JsonNode log = inspect.path("HostConfig").path("LogConfig");
    String driver = log.path("Type").asText();
    String status = state.path("Status").asText();
    Instant startedAt = instant(state.path("StartedAt"));
    boolean up = status.equals("running") || status.equals("paused");
    String health = state.path("Health").path("Status").asText("");
    return new ContainerInfo(
        inspect.path("Id").asText(),
        name(inspect.path("Name").asText()),
        inspect.path("Config").path("Image").asText(),
        status,
        sentence.isEmpty() ? status : sentence,
        inspect.path("Config").path("Tty").asBoolean(),
        driver,
        maxBytes(driver, log.path("Config").path("max-size").asText("")),
        log.path("Config").path("max-file").asInt(driver.equals("local") ? LOCAL_DRIVER_FILES : 1),
        Objects.requireNonNullElse(instant(inspect.path("Created")), Instant.EPOCH),
        startedAt,
        instant(state.path("FinishedAt")),
        up || startedAt == null ? null : state.path("ExitCode").asInt(),
        health.isEmpty() || health.equals("none") ? null : health);
  }

  /** A name as people know it. */
  static String name(String dockerName) {
    return dockerName.startsWith("/") ? dockerName.substring(1) : dockerName;
  }

  /** What a cursor calls a container. */
  static long source(String id) {
    return Long.parseUnsignedLong(id.substring(0, SOURCE_DIGITS), 16);
  }

  long source() {
    return source(id);
  }

  /** Whether it prints now: between two runs of its restart policy it does not. */
  boolean isUp() {
    return state.equals("running") || state.equals("paused");
  }

  /** Whether it is up or was before: until then it has printed nothing. */
  boolean hasRun() {
    return isUp() || startedAt != null;
  }

  /** Whether it is up in a run that began at another time than {@code other}'s. */
  boolean isAnotherRun(ContainerInfo other) {
    return isUp() && !Objects.equals(startedAt, other.startedAt);
  }

  boolean isLocalDriver() {
    return logDriver.equals("local");
  }

  ContainerStatus toStatus(@Nullable Cursor cursor) {
    return new ContainerStatus(
        Instant.now(), cursor, name, state, sentence, id, image, startedAt, exitCode, health);
  }

  /** The same container in another state. */
  ContainerInfo withState(String newState, String newSentence, @Nullable Integer newExitCode) {
    return new ContainerInfo(
        id,
        name,
        image,
        newState,
        newSentence,
        tty,
        logDriver,
        maxLogBytes,
        maxLogFiles,
        created,
        startedAt,
        finishedAt,
        newExitCode,
        null);
  }

  private static @Nullable Instant instant(JsonNode text) {
    if (!text.isTextual()) {
      return null;
    }
    Instant instant = OffsetDateTime.parse(text.asText()).toInstant();
    // Docker writes the year 1 where there is no time.
    return instant.getEpochSecond() <= 0 ? null : instant;
  }

  private static long maxBytes(String driver, String option) {
    if (option.isEmpty() || option.equals("-1")) {
      return driver.equals("local") ? LOCAL_DRIVER_MAX_BYTES : 0;
    }
    String text = option.toLowerCase(Locale.ROOT).replaceAll("i?b$", "");
    int shift = "kmgtp".indexOf(text.charAt(text.length() - 1)) * 10 + 10;
    String digits = shift > 0 ? text.substring(0, text.length() - 1) : text;
    try {
      return (long) (Double.parseDouble(digits.trim()) * (1L << Math.max(shift, 0)));
    } catch (NumberFormatException e) {
      return LOCAL_DRIVER_MAX_BYTES; // the engine understood it, so it rotates at some size
    }
  }
}
