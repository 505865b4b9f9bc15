package io.miststream.docker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.dockerjava.transport.DockerHttpClient.Request.Method;
import io.miststream.core.App;
import io.miststream.core.DeploymentStage;
import io.miststream.core.LogStream;
import io.miststream.core.deployment.Cancellation;
import io.miststream.core.deployment.Cancellation.CancelledException;
import io.miststream.core.deployment.DeploymentFailedException;
import io.miststream.core.deployment.DeploymentReporter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts a new container in the place of an app's old one.
 *
 * <p>The new one is made under a name of its own and without a restart policy, and gets its real
 * name last: that is the moment from which on there is no way back. Until then everything that is
 * needed to go back is written in its labels, for whoever comes after a crash.
 */
final class Rollout {

  /** Labels of every container that is made here. */
  static final String DEPLOYMENT_LABEL = "mist.deployment.id";

  /** Which server's deployments a container belongs to. */
  static final String OWNER_LABEL = "mist.deployment.owner";

  private static final String NAME_LABEL = "mist.deployment.name";
  private static final String REPLACES_LABEL = "mist.deployment.replaces"; // ids
  private static final String RESTART_LABEL = "mist.deployment.restarts"; // those that ran
  private static final String REPLACED = ".replaced-";

  private static final Logger LOG = LoggerFactory.getLogger(Rollout.class);
  private static final Pattern PORT = Pattern.compile(":(\\d+)(?: failed|: bind)");
  private static final Duration STOP_TIMEOUT = Duration.ofSeconds(10);
  private static final int POLL_MILLIS = 100;
  private static final int LAST_LINES = 20; // of each output
  private static final int LOOKED_AT = 200;

  /** A container that is to be replaced. */
  private record Old(String id, String name, boolean running) {}

  private final EngineApi api;
  private final App app;
  private final DeploymentReporter report;
  private final Cancellation cancellation;
  private final String appLabel;
  private final Duration staysUp;
  private final String name;
  private List<Old> olds = List.of();
  private String created = "";
  private boolean stopping;

  /**
   * @param staysUp how long a new container without a health check has to run
   */
  Rollout(
      EngineApi api,
      App app,
      DeploymentReporter report,
      Cancellation cancellation,
      String appLabel,
      Duration staysUp) {
    this.api = api;
    this.app = app;
    this.report = report;
    this.cancellation = cancellation;
    this.appLabel = appLabel;
    this.staysUp = staysUp;
    name = app.containers().size() == 1 ? app.containers().get(0) : "mist-app-" + app.id();
  }

  private static String temporaryName(String name, String deployment) {
    return name + ".deployment-" + deployment;
  }

  /**
   * Finds what is to be replaced.
   *
   * @return the image it runs, empty if there is nothing
   */
  String find() throws IOException, DeploymentFailedException {
    String id = Long.toString(app.id());
    List<JsonNode> named = new ArrayList<>();
    List<JsonNode> labelled = new ArrayList<>();
    for (JsonNode listed : list(api, appLabel + "=" + id)) {
      labelled.add(listed);
    }
    JsonNode holder = inspect(api, name);
    if (!holder.isMissingNode()) {
      String owner = label(holder, appLabel);
      if (!owner.isEmpty() && !owner.equals(id)) {
        throw new DeploymentFailedException(
            "The container " + name + " belongs to app " + owner + " and stays as it is");
      }
      named.add(holder);
    }
    if (named.isEmpty()) {
      named = labelled;
      if (labelled.size() > 1) {
        named = labelled.stream().filter(c -> !label(c, DEPLOYMENT_LABEL).isEmpty()).toList();
      }
    }
    for (JsonNode container : named) {
      if (container.path("HostConfig").path("AutoRemove").asBoolean()) {
        throw new DeploymentFailedException(
            "The container "
                + nameOf(container)
                + " was started with --rm: it could not be brought back. Start it without.");
      }
    }
    olds =
        named.stream().map(c -> new Old(c.path("Id").asText(), nameOf(c), isRunning(c))).toList();
    return named.isEmpty() ? "" : named.get(0).path("Image").asText();
  }

  /** Replaces it. If this fails, {@link #undo} has to be called. */
  void run(ObjectNode options, String image, String owner)
      throws IOException, DeploymentFailedException, CancelledException {
    cancellation.check();
    create(options, image, owner);
    stopOld();
    report.status(
        DeploymentStage.STARTING_NEW,
        DeploymentStage.STARTING_NEW.from(),
        "Starting new container...");
    start();
    awaitUp();
    commit();
  }

  private void create(ObjectNode options, String image, String owner)
      throws IOException, DeploymentFailedException {
    String deployment = Long.toString(report.deploymentId());
    options.put("Image", image);
    options
        .putObject("Labels")
        .put(appLabel, Long.toString(app.id()))
        .put(DEPLOYMENT_LABEL, deployment)
        .put(OWNER_LABEL, owner)
        .put(NAME_LABEL, name)
        .put(REPLACES_LABEL, olds.stream().map(Old::id).collect(Collectors.joining(",")))
        .put(
            RESTART_LABEL,
            olds.stream().filter(Old::running).map(Old::id).collect(Collectors.joining(",")));
    try {
      created =
          api.send(
                  Method.POST,
                  "/containers/create?name=" + EngineApi.encode(temporaryName(name, deployment)),
                  options,
                  EngineApi.DEADLINE,
                  EngineApi::never)
              .path("Id")
              .asText();
    } catch (EngineRefusedException e) {
      throw new DeploymentFailedException(
          "The new container cannot be created: " + e.getMessage(), e);
    }
  }

  private void stopOld() throws IOException, CancelledException {
    boolean none = olds.stream().noneMatch(Old::running);
    report.status(
        DeploymentStage.STOPPING_OLD,
        DeploymentStage.STOPPING_OLD.from(),
        none ? "No previous container is running" : "Stopping previous container...");
    for (Old old : olds) {
      cancellation.check();
      if (old.running()) {
        stopping = true;
        tolerant(
            Method.POST,
            "/containers/" + old.id() + "/stop?t=" + STOP_TIMEOUT.toSeconds(),
            STOP_TIMEOUT.plus(EngineApi.DEADLINE));
      }
    }
    cancellation.check();
  }

  /** That it is so already, or has never been there, is fine. */
  private void tolerant(Method method, String path, Duration deadline) throws IOException {
    try {
      api.send(method, path, EngineApi.NO_BODY, deadline, cancellation::onCancel);
    } catch (EngineRefusedException e) {
      if (!e.isNotFound() && !e.isSoAlready()) {
        throw e;
      }
    }
  }

  private void start() throws IOException, DeploymentFailedException, CancelledException {
    try {
      api.send(
          Method.POST,
          "/containers/" + created + "/start",
          EngineApi.NO_BODY,
          EngineApi.DEADLINE.multipliedBy(3),
          cancellation::onCancel);
    } catch (EngineRefusedException e) {
      String message = String.valueOf(e.getMessage());
      Matcher port = PORT.matcher(message);
      if ((message.contains("already allocated") || message.contains("already in use"))
          && port.find()) {
        throw new DeploymentFailedException(
            "Port " + port.group(1) + " is already in use by another program or container", e);
      }
      throw new DeploymentFailedException("The new container cannot be started: " + message, e);
    }
    cancellation.check();
  }

  private void awaitUp() throws IOException, DeploymentFailedException, CancelledException {
    Wakeup wakeup = new Wakeup();
    long begin = System.nanoTime();
    boolean told = false;
    while (true) {
      cancellation.onCancel(wakeup::signal);
      cancellation.check();
      JsonNode state = api.get("/containers/" + created + "/json").path("State");
      JsonNode health = state.path("Health");
      boolean checked = !health.isMissingNode() && !health.path("Status").asText().equals("none");
      long waited = System.nanoTime() - begin;
      if (!state.path("Running").asBoolean()) {
        tellLastLines();
        throw new DeploymentFailedException(
            "The new container exited "
                + (waited <= staysUp.toNanos() ? "at once " : "")
                + "with code "
                + state.path("ExitCode").asInt()
                + (state.path("OOMKilled").asBoolean() ? ": it ran out of memory" : ""));
      }
      Duration patience = checked ? app.run().healthTimeout() : staysUp;
      if (checked && health.path("Status").asText().equals("healthy")) {
        return;
      }
      if (waited > patience.toNanos()) {
        if (!checked) {
          return;
        }
        tellLastLines();
        throw new DeploymentFailedException(
            "The new container did not become healthy within "
                + words(patience)
                + lastCheck(health));
      }
      if (checked && !told) {
        told = true;
        report.status(
            DeploymentStage.STARTING_NEW,
            DeploymentStage.STARTING_NEW.progress(0.5),
            "Waiting for the new container's health check...");
      }
      wakeup.await(POLL_MILLIS);
    }
  }

  private static String words(Duration time) {
    return time.toMillis() % 1000 == 0 ? time.toSeconds() + " s" : time.toMillis() + " ms";
  }

  private static String lastCheck(JsonNode health) {
    JsonNode log = health.path("Log");
    String last =
        log.path(log.size() - 1)
            .path("Output")
            .asText()
            .lines()
            .filter(line -> !line.isBlank())
            .reduce("", (before, line) -> line.strip());
    return last.isEmpty() ? "" : ": " + last;
  }

  /**
   * So that whoever watches sees why: the newest lines of either output. What was written last may
   * have been logged first, for the engine copies the two one beside the other.
   */
  private void tellLastLines() {
    record Piece(boolean out, String text) {}
    List<Piece> pieces = new ArrayList<>();
    try (EngineStream log =
        api.open(
            "/containers/" + created + "/logs?stdout=1&stderr=1&timestamps=1&tail=" + LOOKED_AT,
            1)) {
      LogFrames frames = new LogFrames(log);
      while (frames.next()) {
        pieces.add(
            new Piece(
                frames.stream == LogChunks.STDOUT,
                new String(frames.buffer, frames.offset, frames.length, StandardCharsets.UTF_8)));
      }
    } catch (IOException e) {
      LOG.debug("no log of container {}", created, e);
    }
    LineBuffer out = new LineBuffer(report, LogStream.STDOUT);
    LineBuffer err = new LineBuffer(report, LogStream.STDERR);
    long ofOut = pieces.stream().filter(Piece::out).count();
    long ofErr = pieces.size() - ofOut;
    for (Piece piece : pieces) {
      long further = piece.out() ? ofOut-- : ofErr--;
      if (further <= LAST_LINES) {
        (piece.out() ? out : err).add(piece.text());
      }
    }
    out.flush();
    err.flush();
  }

  private void commit() throws IOException, CancelledException {
    report.status(
        DeploymentStage.STARTING_NEW,
        DeploymentStage.STARTING_NEW.to(),
        "Removing previous container...");
    cancellation.onCancel(null);
    cancellation.check();
    ObjectNode update = EngineApi.JSON.createObjectNode();
    update.putObject("RestartPolicy").put("Name", "unless-stopped");
    api.send(
        Method.POST,
        "/containers/" + created + "/update",
        update,
        EngineApi.DEADLINE,
        EngineApi::never);
    for (Old old : olds) {
      rename(api, old.id(), old.name() + REPLACED + report.deploymentId());
    }
    rename(api, created, name);
    created = "";
    for (Old old : olds) {
      try {
        removeContainer(api, old.id(), false);
      } catch (IOException e) {
        LOG.warn("the replaced container {} of app {} stays", old.id(), app.id(), e);
      }
    }
  }

  /** Puts everything back, as far as it had come. */
  void undo() throws IOException {
    if (!created.isEmpty()) {
      restore(
          api,
          created,
          Long.toString(report.deploymentId()),
          olds.stream().map(Old::id).toList(),
          olds.stream().filter(Old::running).map(Old::id).toList(),
          stopping);
    }
  }

  /**
   * Brings to an end what a crash has interrupted: forwards if the new container had its name
   * already, else backwards.
   *
   * @return whether it went forwards
   */
  static boolean recover(EngineApi api, JsonNode container) throws IOException {
    String id = container.path("Id").asText();
    String deployment = label(container, DEPLOYMENT_LABEL);
    List<String> replaced = ids(container, REPLACES_LABEL);
    if (nameOf(container).equals(temporaryName(label(container, NAME_LABEL), deployment))) {
      // A stop that was asked for before the crash may come to its end only now.
      boolean stopping =
          container.path("State").path("Status").asText().equals("created")
              && OffsetDateTime.parse(container.path("Created").asText())
                  .toInstant()
                  .isAfter(Instant.now().minus(STOP_TIMEOUT.multipliedBy(2)));
      restore(api, id, deployment, replaced, ids(container, RESTART_LABEL), stopping);
      return false;
    }
    for (String old : replaced) {
      JsonNode is = inspect(api, old);
      if (nameOf(is).endsWith(REPLACED + deployment)) {
        removeContainer(api, old, false);
      }
    }
    return true;
  }

  private static List<String> ids(JsonNode container, String label) {
    return Arrays.stream(label(container, label).split(",")).filter(id -> !id.isEmpty()).toList();
  }

  private static void restore(
      EngineApi api,
      String created,
      String deployment,
      List<String> olds,
      List<String> running,
      boolean stopping)
      throws IOException {
    quietly(api, Method.POST, "/containers/" + created + "/kill"); // it may hold a port
    for (String old : olds) {
      JsonNode is = inspect(api, old);
      if (is.isMissingNode()) {
        LOG.warn("container {} is gone, and cannot be put back", old);
        continue;
      }
      String suffix = REPLACED + deployment;
      if (nameOf(is).endsWith(suffix)) {
        rename(api, old, nameOf(is).substring(0, nameOf(is).length() - suffix.length()));
      }
      if (running.contains(old)) {
        if (stopping && isRunning(is)) {
          // The engine goes on with a stop that nobody waits for: it would end it later.
          quietly(api, Method.POST, "/containers/" + old + "/kill");
          awaitStopped(api, old);
        }
        quietly(api, Method.POST, "/containers/" + old + "/start");
      }
    }
    removeContainer(api, created, true);
  }

  private static void awaitStopped(EngineApi api, String id) throws IOException {
    Wakeup pause = new Wakeup();
    long end = System.nanoTime() + EngineApi.DEADLINE.toNanos();
    while (isRunning(inspect(api, id)) && System.nanoTime() < end) {
      pause.await(20);
    }
  }

  private static void quietly(EngineApi api, Method method, String path) throws IOException {
    try {
      api.send(method, path);
    } catch (EngineRefusedException e) {
      if (path.endsWith("/start") && !e.isSoAlready()) {
        throw e;
      }
    }
  }

  private static void rename(EngineApi api, String id, String to) throws IOException {
    api.send(Method.POST, "/containers/" + id + "/rename?name=" + EngineApi.encode(to));
  }

  private static void removeContainer(EngineApi api, String id, boolean volumes)
      throws IOException {
    try {
      api.send(Method.DELETE, "/containers/" + id + "?force=1" + (volumes ? "&v=1" : ""));
    } catch (EngineRefusedException e) {
      if (!e.isNotFound()) {
        throw e;
      }
    }
  }

  /** Containers, running or not, that have a label, as they are. */
  static List<JsonNode> list(EngineApi api, String label) throws IOException {
    List<JsonNode> containers = new ArrayList<>();
    for (JsonNode listed :
        api.get("/containers/json?all=1&filters=" + EngineApi.filter("label", List.of(label)))) {
      JsonNode container = inspect(api, listed.path("Id").asText());
      if (!container.isMissingNode()) {
        containers.add(container);
      }
    }
    return containers;
  }

  /** A container as it is, missing if there is none. */
  static JsonNode inspect(EngineApi api, String idOrName) throws IOException {
    try {
      JsonNode container = api.get("/containers/" + idOrName + "/json");
      // A name could also be the beginning of somebody's id.
      return container.path("Id").asText().equals(idOrName) || nameOf(container).equals(idOrName)
          ? container
          : MissingNode.getInstance();
    } catch (EngineRefusedException e) {
      if (e.isNotFound()) {
        return MissingNode.getInstance();
      }
      throw e;
    }
  }

  static String label(JsonNode container, String key) {
    return container.path("Config").path("Labels").path(key).asText();
  }

  private static String nameOf(JsonNode container) {
    return ContainerInfo.name(container.path("Name").asText());
  }

  private static boolean isRunning(JsonNode container) {
    return container.path("State").path("Running").asBoolean();
  }
}
