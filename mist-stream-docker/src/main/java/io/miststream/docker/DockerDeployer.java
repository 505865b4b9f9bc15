package io.miststream.docker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.dockerjava.transport.DockerHttpClient.Request.Method;
import io.miststream.core.App;
import io.miststream.core.AppCatalogue;
import io.miststream.core.DeploymentStage;
import io.miststream.core.deployment.Cancellation;
import io.miststream.core.deployment.Cancellation.CancelledException;
import io.miststream.core.deployment.Deployer;
import io.miststream.core.deployment.DeploymentFailedException;
import io.miststream.core.deployment.DeploymentReporter;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deploys apps on a Docker engine: fetches the source, builds an image with the classic builder,
 * and puts a container of it in the place of the one that ran so far.
 *
 * <p>The container has the name that the catalogue gives the app, if it gives it exactly one, else
 * {@code mist-app-} and its id; and labels with the app's id, the deployment's id and what a crash
 * would need to be cleared up. Images are tagged {@code mist-app-5:deployment-17}; the one before
 * the current is kept.
 *
 * <p>Requests to the engine run on {@code mist-docker-call-n}, clones on {@code mist-docker-git-n};
 * all are daemons. A clone that hangs when it is called off is left to its timeout of 30 s.
 * Thread-safe.
 */
public final class DockerDeployer implements Deployer, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(DockerDeployer.class);
  private static final String OWNER_FILE = "owner";
  private static final String TRACE_FILE = "build";
  private static final Pattern DEPLOYMENT = Pattern.compile("[1-9][0-9]{0,17}");
  private static final Pattern TAG = Pattern.compile(".*:deployment-(\\d+)(-stage-\\d+)?");
  private static final Duration SILENCE = Duration.ofSeconds(10);

  private final EngineApi api;
  private final AppCatalogue catalogue;
  private final String appLabel;
  private final Duration staysUp;
  private final Path workDirectory;

  private DockerDeployer(Builder builder) {
    api = EngineApi.connect(builder.dockerHost, SILENCE);
    catalogue = builder.catalogue;
    appLabel = builder.appLabel;
    staysUp = builder.staysUp;
    workDirectory = builder.workDirectory.toAbsolutePath();
  }

  /**
   * Everything that can be set.
   *
   * @param catalogue the apps
   * @param workDirectory where sources are while they are built; kept from one run of the server to
   *     the next, used by one server at a time, and made if it is not there
   */
  public static Builder builder(AppCatalogue catalogue, Path workDirectory) {
    return new Builder(catalogue, workDirectory);
  }

  @Override
  public @Nullable String problem(long appId) {
    App app = catalogue.app(appId).orElse(null);
    if (app == null) {
      return "There is no app " + appId;
    }
    return app.isDeployable()
        ? null
        : "App " + appId + " has neither a git repository nor a path to deploy from";
  }

  @Override
  public void deploy(long appId, DeploymentReporter report, Cancellation cancellation)
      throws DeploymentFailedException, CancelledException {
    String problem = problem(appId);
    App app = catalogue.app(appId).orElse(null);
    if (problem != null || app == null) {
      throw new DeploymentFailedException(problem == null ? "There is no app " + appId : problem);
    }
    Secrets secrets = Secrets.of(app);
    report.secrets(secrets.texts());
    Path home = workDirectory.resolve(Long.toString(report.deploymentId()));
    BuildTrace trace = new BuildTrace(api, home.resolve(TRACE_FILE));
    Rollout rollout = new Rollout(api, app, report, cancellation, appLabel, staysUp);
    boolean done = false;
    String failure = "Called off";
    String left = "";
    try {
      deploy(app, home, trace, rollout, report, cancellation);
      done = true;
    } catch (DeploymentFailedException e) {
      failure = String.valueOf(e.getMessage());
    } catch (IOException e) {
      failure = words(e);
    } catch (CancelledException e) {
      // What is put back is the same.
    } finally {
      cancellation.onCancel(null);
      boolean ended = trace.isComplete();
      left = done ? "" : undo(rollout, trace, ended);
      if (left.isEmpty() && ended) {
        Directories.remove(home);
      } else {
        GitSource.remove(home); // the trace is for the next recovery
      }
      if (!ended) {
        trace.removeLater(() -> Directories.remove(home));
      }
    }
    if (!done) {
      // Not the exception: what is in it may tell a secret.
      LOG.debug("deployment {}: {}{}", report.deploymentId(), secrets.hide(failure), left);
      if (left.isEmpty()) {
        cancellation.check();
      }
      throw new DeploymentFailedException(secrets.hide(failure + left));
    }
  }

  private static String words(IOException e) {
    return e instanceof EngineUnreachableException
        ? "The Docker engine cannot be reached: " + e.getMessage()
        : e instanceof EngineRefusedException
            ? "The Docker engine refused: " + e.getMessage()
            : "The server's work directory cannot be used: " + e;
  }

  private void deploy(
      App app,
      Path home,
      BuildTrace trace,
      Rollout rollout,
      DeploymentReporter report,
      Cancellation cancellation)
      throws IOException, DeploymentFailedException, CancelledException {
    report.status(
        DeploymentStage.CLONING_REPO,
        DeploymentStage.CLONING_REPO.from(),
        app.git() == null ? "Using the local directory..." : "Cloning repository...");
    ObjectNode options = RunOptions.of(app.run());
    String owner = owner();
    Directories.remove(home);
    Files.createDirectories(home);
    rollout.find(); // what speaks against it is better said before a build than after
    Path source = source(app, home, report, cancellation);
    cancellation.check();
    report.status(
        DeploymentStage.BUILDING_IMAGE,
        DeploymentStage.BUILDING_IMAGE.from(),
        "Building Docker image...");
    String image = repository(app) + ":deployment-" + report.deploymentId();
    ImageBuild.run(api, trace, source, app.build(), image, report, cancellation);
    report.status(
        DeploymentStage.BUILDING_IMAGE, DeploymentStage.BUILDING_IMAGE.to(), "Docker image built");
    String before = rollout.find();
    rollout.run(options, image, owner);
    try {
      removeOldImages(app, report.deploymentId(), before);
    } catch (IOException e) {
      LOG.warn("old images of app {} stay", app.id(), e); // the next deployment tries again
    }
  }

  private static String repository(App app) {
    return "mist-app-" + app.id();
  }

  private static Path source(
      App app, Path home, DeploymentReporter report, Cancellation cancellation)
      throws DeploymentFailedException, CancelledException {
    App.Git git = app.git();
    Path source = git == null ? app.path() : GitSource.fetch(git, home, report, cancellation);
    String place = git == null ? "directory" : "repository";
    String dockerfile = app.build().dockerfile();
    try {
      if (source == null || !Files.isDirectory(source)) {
        throw new DeploymentFailedException("There is no directory " + source);
      }
      Path root = source.toRealPath();
      Path file = root.resolve(dockerfile);
      if (!file.normalize().startsWith(root)
          || (Files.exists(file) && !file.toRealPath().startsWith(root))) {
        throw new DeploymentFailedException(
            "The Dockerfile " + dockerfile + " is outside of the " + place);
      }
      if (!Files.isRegularFile(file)) {
        throw new DeploymentFailedException(
            "There is no Dockerfile at " + dockerfile + " in the " + place);
      }
      return root;
    } catch (InvalidPathException e) {
      throw new DeploymentFailedException("build.dockerfile is no path: " + dockerfile, e);
    } catch (IOException e) {
      throw new DeploymentFailedException("The " + place + " cannot be read: " + e, e);
    }
  }

  /** What could not be taken back, as the end of a sentence; empty if everything was. */
  private static String undo(Rollout rollout, BuildTrace trace, boolean ended) {
    try {
      rollout.undo();
    } catch (IOException e) {
      LOG.error("a deployment could not be taken back", e);
      return "; and what ran before could not be put back: " + e.getMessage();
    }
    try {
      if (ended) {
        trace.remove();
      }
    } catch (IOException e) {
      LOG.warn("images of a deployment could not be removed", e);
      return "; and what it has built could not be removed: " + e.getMessage();
    }
    return "";
  }

  private void removeOldImages(App app, long current, String before) throws IOException {
    List<JsonNode> images = new ArrayList<>();
    api.get("/images/json?filters=" + EngineApi.filter("reference", List.of(repository(app))))
        .forEach(images::add);
    Set<Long> kept = new HashSet<>(Set.of(current));
    List<String> tags = new ArrayList<>();
    for (JsonNode image : images) {
      for (JsonNode tag : image.path("RepoTags")) {
        tags.add(tag.asText());
        if (image.path("Id").asText().equals(before)) {
          kept.add(deployment(tag.asText()));
        }
      }
    }
    if (before.isEmpty()) {
      tags.stream()
          .map(DockerDeployer::deployment)
          .filter(n -> n < current)
          .max(Long::compare)
          .ifPresent(kept::add);
    }
    for (String tag : tags) {
      long deployment = deployment(tag);
      if (deployment > 0 && !kept.contains(deployment)) {
        try {
          api.send(Method.DELETE, "/images/" + tag);
        } catch (EngineRefusedException e) {
          LOG.debug("image {} stays", tag, e); // it is in use
        }
      }
    }
  }

  /** The deployment whose image has this tag, 0 if it is none of ours. */
  private static long deployment(String tag) {
    Matcher matcher = TAG.matcher(tag);
    return matcher.matches() ? Long.parseLong(matcher.group(1)) : 0;
  }

  /** A name for the server that this work directory belongs to, for others use the engine too. */
  private synchronized String owner() throws IOException {
    Files.createDirectories(workDirectory);
    Path file = workDirectory.resolve(OWNER_FILE);
    if (!Files.exists(file)) {
      Path made = Files.createTempFile(workDirectory, OWNER_FILE, "");
      Files.writeString(made, UUID.randomUUID().toString());
      Files.move(made, file, StandardCopyOption.ATOMIC_MOVE);
    }
    return Files.readString(file).strip();
  }

  @Override
  public void recover() {
    try {
      Set<String> settled = recoverContainers();
      try (Stream<Path> homes = Files.list(workDirectory)) {
        for (Path home : homes.filter(DockerDeployer::isHome).toList()) {
          GitSource.remove(home);
          if (!settled.contains(home.getFileName().toString())) {
            new BuildTrace(api, home.resolve(TRACE_FILE)).remove();
          }
          Directories.remove(home);
        }
      }
    } catch (IOException e) {
      LOG.error("what interrupted deployments have left could not be cleared away", e);
    }
  }

  /** The deployments whose images stay. */
  private Set<String> recoverContainers() throws IOException {
    Set<String> settled = new HashSet<>();
    for (JsonNode container : Rollout.list(api, Rollout.OWNER_LABEL + "=" + owner())) {
      String deployment = Rollout.label(container, Rollout.DEPLOYMENT_LABEL);
      try {
        if (Rollout.recover(api, container)) {
          settled.add(deployment);
        }
      } catch (EngineRefusedException e) {
        LOG.error("what deployment {} has left could not be cleared away", deployment, e);
        settled.add(deployment);
      }
    }
    return settled;
  }

  private static boolean isHome(Path path) {
    return DEPLOYMENT.matcher(path.getFileName().toString()).matches();
  }

  /** Closes the connections to the engine. End all deployments before; any that are left fail. */
  @Override
  public void close() {
    try {
      api.close();
    } catch (IOException e) {
      // There is nothing left to be done about it.
    }
  }

  /** Builds a {@link DockerDeployer}. Not thread-safe. */
  public static final class Builder {
    private final AppCatalogue catalogue;
    private final Path workDirectory;
    private @Nullable URI dockerHost;
    private String appLabel = "mist.app.id";
    private Duration staysUp = Duration.ofMillis(1500);

    private Builder(AppCatalogue catalogue, Path workDirectory) {
      this.catalogue = Objects.requireNonNull(catalogue);
      this.workDirectory = Objects.requireNonNull(workDirectory);
    }

    /**
     * Where the engine listens, {@code unix://} or {@code tcp://}; by default what the environment
     * variable {@code DOCKER_HOST} says, else {@code unix:///var/run/docker.sock}.
     */
    public Builder dockerHost(URI host) {
      dockerHost = EngineApi.checkHost(host);
      return this;
    }

    /** Key of the label that holds a container's app id; {@code mist.app.id} by default. */
    public Builder appLabel(String key) {
      appLabel = Objects.requireNonNull(key);
      return this;
    }

    /** How long a new container without a health check has to run; 1.5 s by default. */
    Builder staysUp(Duration time) {
      staysUp = time;
      return this;
    }

    /** The deployer. Nothing connects yet. */
    public DockerDeployer build() {
      return new DockerDeployer(this);
    }
  }
}
