package io.miststream.docker.testing;

import java.util.ArrayList;
import java.util.List;

/** A container on the engine of a {@link DockerFixture}. */
public final class TestContainer {
  private static final int KILLED = 128 + 9;

  private final DockerFixture docker;
  private final long appId;
  private final String name;
  private final String id;

  TestContainer(DockerFixture docker, long appId, String name, String id) {
    this.docker = docker;
    this.appId = appId;
    this.name = name;
    this.id = id;
  }

  /** The app it belongs to. */
  public long appId() {
    return appId;
  }

  /** Its name. */
  public String name() {
    return name;
  }

  /** Its full id. */
  public String id() {
    return id;
  }

  /** Lets a script of {@link ContainerSpec#runOnGo} begin. */
  public void go() {
    Shell.Result gone =
        docker.tryDocker(
            "exec", id, "sh", "-c", "while [ ! -p /go ]; do usleep 1000; done; echo > /go");
    // The script may see it, and the container end, before the command itself is over.
    if (gone.exit() != 0 && gone.exit() != KILLED) {
      throw new IllegalStateException("docker exec: " + gone.output());
    }
  }

  /** Runs a command in the container's shell. */
  public void exec(String command) {
    docker.docker("exec", id, "sh", "-c", command);
  }

  /** Has the container itself print lines to standard output, or to standard error. */
  public void print(boolean error, String... lines) {
    List<String> command = new ArrayList<>(List.of("exec", id, "sh", "-c"));
    command.add("for line; do echo \"$line\"; done > /proc/1/fd/" + (error ? 2 : 1));
    command.add("sh");
    command.addAll(List.of(lines));
    docker.docker(command.toArray(String[]::new));
  }

  /** Stops it at once. */
  public void stop() {
    docker.docker("stop", "-t", "0", id);
  }

  /** Starts it again. */
  public void start() {
    docker.docker("start", id);
  }

  /** Freezes it. */
  public void pause() {
    docker.docker("pause", id);
  }

  /** Lets it go on. */
  public void unpause() {
    docker.docker("unpause", id);
  }

  /** Takes it away. */
  public void remove() {
    docker.docker("rm", "-f", id);
  }

  /** Docker's word for its state. */
  public String state() {
    return docker.docker("inspect", "-f", "{{.State.Status}}", id);
  }
}
