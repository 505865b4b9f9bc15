package io.miststream.docker;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import com.github.dockerjava.transport.DockerHttpClient.Request.Method;
import io.miststream.core.App;
import io.miststream.core.DeploymentStage;
import io.miststream.core.LogStream;
import io.miststream.core.deployment.Cancellation;
import io.miststream.core.deployment.Cancellation.CancelledException;
import io.miststream.core.deployment.DeploymentFailedException;
import io.miststream.core.deployment.DeploymentReporter;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** One build with the engine's classic builder. */
final class ImageBuild {
  private static final Pattern STEP = Pattern.compile("Step (\\d+)/(\\d+) : (.*)", Pattern.DOTALL);
  private static final Pattern RUNNING = Pattern.compile(" ---> Running in ([0-9a-f]{12,64})\n");
  private static final Pattern IMAGE = Pattern.compile(" ---> ([0-9a-f]{12,64})\n");
  private static final String CACHED = " ---> Using cache\n";
  private static final Pattern COLOURS = Pattern.compile("\u001b\\[[0-9;]*m");
  private static final String STDERR_BEGIN = "\u001b[91m";
  private static final String STDERR_END = "\u001b[0m";
  private static final int LONGEST_STEP = 200;
  private static final Duration UPLOAD_SILENCE = Duration.ofSeconds(60);

  /** How long a cancelled deployment waits for the engine to end the step it is at. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final EngineApi api;
  private final BuildTrace trace;
  private final DeploymentReporter report;
  private final LineBuffer out;
  private final LineBuffer err;
  private final Set<String> stages = new LinkedHashSet<>();
  private int step;
  private int steps;
  private String stepText = "";
  private boolean notNew; // what the step ends with was there before

  private ImageBuild(EngineApi api, BuildTrace trace, DeploymentReporter report) {
    this.api = api;
    this.trace = trace;
    this.report = report;
    out = new LineBuffer(report, LogStream.STDOUT);
    err = new LineBuffer(report, LogStream.STDERR);
  }

  /**
   * Builds and tags an image.
   *
   * @param source without links in it
   * @param reference the image's new tag; those that earlier build stages leave get it too, with a
   *     suffix, for without a tag nobody would find them again
   */
  static void run(
      EngineApi api,
      BuildTrace trace,
      Path source,
      App.Build build,
      String reference,
      DeploymentReporter report,
      Cancellation cancellation)
      throws IOException, DeploymentFailedException, CancelledException {
    new ImageBuild(api, trace, report).run(source, build, reference, cancellation);
  }

  private void run(Path source, App.Build build, String reference, Cancellation cancellation)
      throws IOException, DeploymentFailedException, CancelledException {
    trace.begin();
    trace.tag(reference);
    Upload upload = upload(source, build);
    UploadRequest request =
        api.upload(
            "/build?version=1&rm=1&forcerm=1&t="
                + EngineApi.encode(reference)
                + "&dockerfile="
                + EngineApi.encode(build.dockerfile())
                + "&buildargs="
                + EngineApi.encode(EngineApi.JSON.writeValueAsString(build.args())),
            upload);
    CompletableFuture<Void> end =
        api.run(
            () -> {
              try (request;
                  EngineStream answer = request.send()) {
                read(answer, cancellation);
              }
              return true;
            });
    trace.building(request, end);
    CompletableFuture<Void> enough = new CompletableFuture<>();
    cancellation.onCancel(
        () -> {
          request.giveUp();
          enough.completeOnTimeout(null, PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
        });
    try {
      await(CompletableFuture.anyOf(end, enough), request, upload);
    } catch (IOException | DeploymentFailedException e) {
      cancellation.check();
      throw e;
    } finally {
      cancellation.onCancel(null);
    }
    cancellation.check();
    if (stages.isEmpty()) {
      throw new DeploymentFailedException("Docker build failed: the engine broke it off");
    }
    int number = 0;
    for (String id : stages) {
      number++;
      if (number < stages.size()) {
        String tag = reference + "-stage-" + number;
        trace.tag(tag);
        int colon = tag.indexOf(':');
        api.send(
            Method.POST,
            "/images/"
                + id
                + "/tag?repo="
                + tag.substring(0, colon)
                + "&tag="
                + tag.substring(colon + 1));
      }
    }
  }

  private static Upload upload(Path source, App.Build build) throws DeploymentFailedException {
    try {
      return new Upload(new BuildContext(source, build.dockerfile()).tar());
    } catch (IllegalArgumentException e) {
      throw new DeploymentFailedException("No pattern in .dockerignore: " + e.getMessage(), e);
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  private static void await(CompletableFuture<?> end, UploadRequest request, Upload upload)
      throws IOException, DeploymentFailedException {
    while (true) {
      try {
        end.get(EngineApi.DEADLINE.toNanos(), TimeUnit.NANOSECONDS);
        return;
      } catch (TimeoutException e) {
        if (!request.isAnswered() && upload.isSilentFor(UPLOAD_SILENCE)) {
          request.close();
          throw EngineApi.late(UPLOAD_SILENCE, e);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        request.giveUp();
        throw new EngineUnreachableException("interrupted", e);
      } catch (ExecutionException e) {
        throw failure(e.getCause(), upload);
      }
    }
  }

  private static IOException failure(@Nullable Throwable cause, Upload upload)
      throws DeploymentFailedException {
    if (cause instanceof DeploymentFailedException failed) {
      throw failed;
    } else if (cause instanceof EngineRefusedException) {
      throw new DeploymentFailedException("Docker build failed: " + cause.getMessage(), cause);
    } else if (cause instanceof RuntimeException unexpected) {
      throw unexpected;
    } else if (cause instanceof Error error) {
      throw error;
    }
    IOException unread = upload.failure();
    if (unread != null) {
      throw unreadable(unread);
    }
    return cause instanceof IOException e ? e : new IOException(cause);
  }

  private static DeploymentFailedException unreadable(IOException e) {
    return new DeploymentFailedException(
        "The source cannot be read: " + EngineUnreachableException.reason(e), e);
  }

  /** Reads it to its end, also where that is cancelled: that tells what there is to be removed. */
  private void read(EngineStream answer, Cancellation cancellation)
      throws IOException, DeploymentFailedException {
    try (MappingIterator<JsonNode> items =
        EngineApi.JSON.readerFor(JsonNode.class).readValues(answer)) {
      while (items.hasNextValue()) {
        JsonNode item = items.nextValue();
        if (item.has("stream")) {
          output(item.path("stream").asText(), cancellation.isCancelled());
        } else if (item.has("aux")) {
          String id = item.path("aux").path("ID").asText();
          stages.remove(id);
          stages.add(id);
        } else if (item.has("error")) {
          trace.end();
          throw failure(item, cancellation.isCancelled());
        } else if (!cancellation.isCancelled()
            && item.has("status")
            && item.path("progressDetail").isEmpty()) {
          pulled(item);
        }
      }
      trace.end();
    } catch (JsonProcessingException e) {
      // Cut within an item: whoever sees that there is no image says so.
    }
    if (!cancellation.isCancelled()) {
      out.flush();
      err.flush();
    }
  }

  private void output(String fragment, boolean quiet) throws IOException {
    Matcher begin = STEP.matcher(fragment);
    boolean isStep = begin.matches() && Integer.parseInt(begin.group(1)) == step + 1;
    if (isStep) {
      step++;
      steps = Integer.parseInt(begin.group(2));
      stepText = begin.group(3).strip();
      trace.step(stepText);
      notNew = stepText.regionMatches(true, 0, "FROM ", 0, 5);
    }
    note(fragment);
    if (quiet) {
      return;
    }
    if (isStep) {
      report.status(
          DeploymentStage.BUILDING_IMAGE,
          DeploymentStage.BUILDING_IMAGE.progress((step - 1.0) / steps),
          "Building Docker image... step " + step + "/" + steps);
    }
    if (fragment.startsWith(STDERR_BEGIN) && fragment.endsWith(STDERR_END)) {
      err.add(fragment.substring(STDERR_BEGIN.length(), fragment.length() - STDERR_END.length()));
    } else {
      out.add(fragment);
    }
  }

  /** Notes what there is to be taken away again if the build comes to nothing. */
  private void note(String fragment) throws IOException {
    Matcher container = RUNNING.matcher(fragment);
    Matcher image = IMAGE.matcher(fragment);
    if (container.matches()) {
      trace.container(container.group(1));
    } else if (fragment.equals(CACHED)) {
      notNew = true;
    } else if (image.matches()) {
      trace.base(image.group(1));
      if (!notNew) {
        trace.image(image.group(1));
      }
    }
  }

  /** What a pull says once; not its bars, which are for terminals. */
  private void pulled(JsonNode item) {
    String id = item.path("id").asText();
    report.log(LogStream.STDOUT, (id.isEmpty() ? "" : id + ": ") + item.path("status").asText());
  }

  private DeploymentFailedException failure(JsonNode item, boolean quiet) {
    if (!quiet) {
      out.flush();
      err.flush();
    }
    JsonNode detail = item.path("errorDetail");
    int code = detail.path("code").asInt();
    String message = COLOURS.matcher(detail.path("message").asText()).replaceAll("").strip();
    if (message.isEmpty()) {
      message = item.path("error").asText();
    }
    String where = step == 0 ? "" : " in step " + step + "/" + steps + ": " + shortStep();
    if (code != 0) {
      return new DeploymentFailedException("Docker build failed: exit code " + code + where);
    }
    if (message.contains("BuildKit")) {
      return new DeploymentFailedException(
          "Docker build failed: this needs BuildKit, and images are built without it" + where);
    }
    return new DeploymentFailedException("Docker build failed: " + message + where);
  }

  private String shortStep() {
    return stepText.length() <= LONGEST_STEP
        ? stepText
        : stepText.substring(0, LONGEST_STEP - 1) + "…";
  }
}
