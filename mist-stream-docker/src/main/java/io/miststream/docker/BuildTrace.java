package io.miststream.docker;

import com.fasterxml.jackson.databind.JsonNode;
import com.github.dockerjava.transport.DockerHttpClient.Request.Method;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a build has made on the engine, in a file, so that it can also be taken away after a crash.
 *
 * <p>Labels would not do: the classic builder puts them on in steps of their own at the end, which
 * the steps of an interrupted build do not have, and whoever counts steps would see too many.
 */
final class BuildTrace {
  private static final Logger LOG = LoggerFactory.getLogger(BuildTrace.class);
  private static final String TAG = "tag ";
  private static final String SINCE = "since ";
  private static final String CONTAINER = "container ";
  private static final String IMAGE = "image ";
  private static final String STEP = "step ";
  private static final String BASE = "base ";
  private static final String END = "end";
  private static final long CLOCK_SECONDS = 2;
  private static final int LAST_STEP_MILLIS = 400;
  private static final int LATE_MILLIS = 10_000;
  private static final int GONE_MILLIS = 700;
  private static final int POLL_MILLIS = 20;
  private static final Duration LONGEST_STEP = Duration.ofMinutes(10);

  private final EngineApi api;
  private final Path file;
  private CompletableFuture<?> build = CompletableFuture.completedFuture(null);
  private @Nullable UploadRequest request;

  /**
   * @param file is made with the first entry
   */
  BuildTrace(EngineApi api, Path file) {
    this.api = api;
    this.file = file;
  }

  /** A build begins: what is older is not of its making, whatever its output says. */
  void begin() throws IOException {
    api.measureClock();
    append(SINCE, Progress.instant(api.now()).minusSeconds(CLOCK_SECONDS).toString());
  }

  /**
   * The engine builds.
   *
   * @param end comes when it does nothing more for this build
   */
  void building(UploadRequest building, CompletableFuture<?> end) {
    request = building;
    build = end;
  }

  /** Whether the engine has ended the build, so that {@link #remove} finds all of it. */
  boolean isComplete() {
    return build.isDone();
  }

  /**
   * Removes it all on a thread of its own as soon as the engine has ended the build.
   *
   * @param then follows if that went well
   */
  void removeLater(Runnable then) {
    build =
        build
            .orTimeout(LONGEST_STEP.toNanos(), TimeUnit.NANOSECONDS)
            .whenComplete((nothing, failure) -> api.later(() -> removeNow(then)));
  }

  private void removeNow(Runnable then) {
    try {
      if (request != null) {
        request.close();
      }
      remove();
      then.run();
    } catch (IOException e) {
      LOG.warn("what a cancelled build has made stays until the next start", e);
    }
  }

  /** A tag that is about to be put on. */
  void tag(String reference) throws IOException {
    append(TAG, reference);
  }

  /** A step begins. */
  void step(String text) throws IOException {
    append(STEP, text.split("\\s", 2)[0].toUpperCase(Locale.ROOT));
  }

  /** The image that the next step is based on. */
  void base(String id) throws IOException {
    append(BASE, id);
  }

  /** The engine has ended the build, well or not, so nothing comes any more. */
  void end() throws IOException {
    append(END, "");
  }

  /** A container in which a step runs. */
  void container(String id) throws IOException {
    append(CONTAINER, id);
  }

  /** An image that a step has made. */
  void image(String id) throws IOException {
    append(IMAGE, id);
  }

  private void append(String what, String which) throws IOException {
    Files.writeString(
        file, what + which + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  /**
   * Takes all of it away, the newest first; what is in use, or has another tag by now, stays.
   *
   * @throws IOException if the engine cannot be reached
   */
  void remove() throws IOException {
    if (!Files.exists(file)) {
      return;
    }
    List<String> lines = new ArrayList<>(Files.readAllLines(file));
    Collections.reverse(lines);
    String begin = first(lines, SINCE);
    Instant since = begin.isEmpty() ? Instant.MAX : Instant.parse(begin);
    if (!lines.contains(END) && !removeLastStep(lines, since, LAST_STEP_MILLIS)) {
      removeLastStepLater(lines, since);
    }
    // Tags first: an image with one stays, and what it is based on with it.
    for (String kind : List.of(TAG, CONTAINER, IMAGE)) {
      for (String line : lines) {
        if (line.startsWith(kind)) {
          remove(kind, line.substring(kind.length()), since);
        }
      }
    }
  }

  /** A busy engine may still be at that step when the server starts again. */
  private void removeLastStepLater(List<String> lines, Instant since) {
    Threads.named("mist-docker-late")
        .newThread(
            () -> {
              try {
                removeLastStep(lines, since, LATE_MILLIS);
              } catch (IOException e) {
                LOG.debug("The image of a step may stay", e);
              }
            })
        .start();
  }

  /**
   * After a crash the engine ends the build only after the step it is at, and nobody has heard what
   * that has made. It is an image that nobody uses, based on the one before. Other builds may be
   * based on that, too: so it counts as ours only if it was made of the step's container, or if
   * what it is based on is ours.
   *
   * @return false if it has not come within the time, though it may
   */
  private boolean removeLastStep(List<String> lines, Instant since, int millis) throws IOException {
    String base = first(lines, BASE);
    String container = lastStepsContainer(lines);
    // A command is killed, and makes nothing.
    if (base.isEmpty()
        || first(lines, STEP).equals("RUN")
        || (container.isEmpty() && !lines.contains(IMAGE + base))) {
      return true;
    }
    long end = System.nanoTime() + millis * 1_000_000L;
    Wakeup pause = new Wakeup();
    while (true) {
      for (JsonNode image : api.get("/images/json?all=1")) {
        String id = image.path("Id").asText();
        if (image.path("ParentId").asText().startsWith("sha256:" + base)
            && image.path("Created").asLong() >= since.getEpochSecond()
            && !lines.contains(IMAGE + id.substring(7, 7 + base.length()))
            && (container.isEmpty() || isMadeOf(id, container))) {
          remove(IMAGE, id, since);
          return true;
        }
      }
      if (System.nanoTime() > end) {
        return false;
      }
      pause.await(POLL_MILLIS);
    }
  }

  private static String lastStepsContainer(List<String> newestFirst) {
    for (String line : newestFirst) {
      if (line.startsWith(CONTAINER)) {
        return line.substring(CONTAINER.length());
      } else if (line.startsWith(STEP)) {
        break;
      }
    }
    return "";
  }

  private boolean isMadeOf(String image, String container) throws IOException {
    try {
      return api.get("/images/" + image + "/json").path("Container").asText().startsWith(container);
    } catch (EngineRefusedException e) {
      return false; // gone since it was listed
    }
  }

  private static String first(List<String> lines, String kind) {
    return lines.stream()
        .filter(line -> line.startsWith(kind))
        .map(line -> line.substring(kind.length()))
        .findFirst()
        .orElse("");
  }

  private void remove(String kind, String which, Instant since) throws IOException {
    Wakeup pause = new Wakeup();
    long end = System.nanoTime() + GONE_MILLIS * 1_000_000L;
    while (true) {
      try {
        if (kind.equals(TAG)) {
          removeImage(which);
        } else if (kind.equals(CONTAINER)) {
          removeContainer(which, since);
        } else {
          JsonNode image = api.get("/images/" + which + "/json");
          if (image.path("RepoTags").isEmpty() && created(image).isAfter(since)) {
            removeImage(which);
          }
        }
        return;
      } catch (EngineRefusedException e) {
        // It is gone, or something of somebody else is based on it; or the container of a step is
        // about to go, one that the engine had no time to tell of.
        if (!String.valueOf(e.getMessage()).contains("is being used by")
            || System.nanoTime() > end) {
          return;
        }
        pause.await(POLL_MILLIS);
      }
    }
  }

  /** The engine itself takes a broken off build's container away, but not at once. */
  private void removeContainer(String id, Instant since) throws IOException {
    Wakeup pause = new Wakeup();
    long end = System.nanoTime() + GONE_MILLIS * 1_000_000L;
    while (System.nanoTime() < end) {
      JsonNode container = api.get("/containers/" + id + "/json");
      if (created(container).isBefore(since)
          || !container.path("Config").path("Image").asText().startsWith("sha256:")) {
        return;
      }
      pause.await(POLL_MILLIS);
    }
    api.send(Method.DELETE, "/containers/" + id + "?force=1&v=1");
  }

  /** Without its parents: they may be somebody else's, and those of this build come next. */
  private void removeImage(String which) throws IOException {
    api.send(Method.DELETE, "/images/" + which + "?noprune=1");
  }

  private static Instant created(JsonNode inspected) {
    return OffsetDateTime.parse(inspected.path("Created").asText()).toInstant();
  }
}
