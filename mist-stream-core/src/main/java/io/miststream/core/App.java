package io.miststream.core;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * An app as the catalogue describes it.
 *
 * @param id a positive number
 * @param name for people, empty if it has none
 * @param containers exact names of its containers; empty where label or name patterns tell
 * @param git where its source is, or null
 * @param path a local directory with its source instead, or null; without either it can be watched
 *     but not deployed
 * @param build how its image is built
 * @param run how its container is run
 * @param secrets texts that no line of a deployment may show
 */
public record App(
    long id,
    String name,
    List<String> containers,
    @Nullable Git git,
    @Nullable Path path,
    Build build,
    Run run,
    Set<String> secrets) {

  /** Copies the collections. */
  public App {
    if (id <= 0) {
      throw new IllegalArgumentException("id must be positive");
    }
    Objects.requireNonNull(name);
    containers = List.copyOf(containers);
    secrets = Set.copyOf(secrets);
  }

  /** Whether there is something to build it from. */
  public boolean isDeployable() {
    return git != null || path != null;
  }

  /** Without tokens, values of variables and secrets. */
  @Override
  public String toString() {
    return "App[id=" + id + ", name=" + name + "]";
  }

  /**
   * A repository.
   *
   * @param url {@code https://}, {@code ssh://}, {@code git@host:path} or {@code file://}
   * @param ref branch, tag or commit; empty for the repository's own default branch
   * @param token sent as the password over HTTPS, or null
   * @param sshKey file of a private key for SSH, or null
   */
  public record Git(String url, String ref, @Nullable String token, @Nullable Path sshKey) {
    /** Without the token. */
    @Override
    public String toString() {
      return "Git[ref=" + ref + "]";
    }
  }

  /**
   * How an image is built.
   *
   * @param dockerfile path within the source
   * @param args build arguments by their names
   */
  public record Build(String dockerfile, Map<String, String> args) {

    /** {@code Dockerfile}, and no arguments. */
    public static final Build DEFAULT = new Build("Dockerfile", Map.of());

    /** Copies the map. */
    public Build {
      args = Map.copyOf(args);
    }

    /** Without the arguments' values. */
    @Override
    public String toString() {
      return "Build[dockerfile=" + dockerfile + ", args=" + args.keySet() + "]";
    }
  }

  /**
   * How a container is run.
   *
   * @param env environment variables by their names
   * @param ports as {@code docker run --publish} takes them
   * @param volumes as {@code docker run --volume} takes them
   * @param healthTimeout how long the new container may take to become healthy, if it has a health
   *     check; one without has to stay up for a moment
   */
  public record Run(
      Map<String, String> env, List<String> ports, List<String> volumes, Duration healthTimeout) {

    /** Nothing set, and 60 s to become healthy. */
    public static final Run DEFAULT =
        new Run(Map.of(), List.of(), List.of(), Duration.ofSeconds(60));

    /** Copies the collections. */
    public Run {
      env = Map.copyOf(env);
      ports = List.copyOf(ports);
      volumes = List.copyOf(volumes);
      if (healthTimeout.isNegative() || healthTimeout.isZero()) {
        throw new IllegalArgumentException("healthTimeout must be positive");
      }
    }

    /** Without the variables' values. */
    @Override
    public String toString() {
      return "Run[env=" + env.keySet() + ", ports=" + ports + ", volumes=" + volumes + "]";
    }
  }
}
