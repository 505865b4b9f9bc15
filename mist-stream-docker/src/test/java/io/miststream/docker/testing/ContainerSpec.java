package io.miststream.docker.testing;

import java.util.ArrayList;
import java.util.List;

/** What a container shall be like. Not thread-safe. */
public final class ContainerSpec {
  /** A part of a script that waits for {@link TestContainer#go}, unless that has been before. */
  public static final String AWAIT_GO = "[ -p /go ] || { mkfifo /go; read go < /go; }; ";

  private final DockerFixture docker;
  private final List<String> options = new ArrayList<>();
  private long appId;
  private boolean label = true;
  private String name;

  ContainerSpec(DockerFixture docker, long appId) {
    this.docker = docker;
    this.appId = appId;
    this.name = "mist-test-" + appId + "-" + DockerFixture.newAppId();
  }

  /** The app it belongs to, instead of a new one. */
  public ContainerSpec app(long id) {
    appId = id;
    return this;
  }

  /** Without the label that says which app it belongs to. */
  public ContainerSpec unlabelled() {
    label = false;
    return this;
  }

  /** Its name, instead of one of its own. */
  public ContainerSpec name(String newName) {
    name = newName;
    return this;
  }

  /** Its log driver, with options such as {@code max-size=10k}. */
  public ContainerSpec logDriver(String driver, String... logOptions) {
    options("--log-driver", driver);
    for (String option : logOptions) {
      options("--log-opt", option);
    }
    return this;
  }

  /** With a terminal. */
  public ContainerSpec tty() {
    return options("-t");
  }

  /** More options of {@code docker run}. */
  public ContainerSpec options(String... more) {
    options.addAll(List.of(more));
    return this;
  }

  /** Starts it with a shell script. */
  public TestContainer run(String script) {
    List<String> command = new ArrayList<>(List.of("run", "-d", "--name", name));
    command.addAll(List.of("--label", docker.runLabel()));
    if (label) {
      command.addAll(List.of("--label", "mist.app.id=" + appId));
    }
    if (options.stream().noneMatch(o -> o.startsWith("--network") || o.equals("-p"))) {
      command.addAll(List.of("--network", "none")); // which is started sooner
    }
    command.addAll(options);
    command.addAll(List.of(DockerFixture.IMAGE, "sh", "-c", script));
    // The client may complain about something else before or behind it.
    String id =
        docker
            .docker(command.toArray(String[]::new))
            .lines()
            .filter(line -> line.matches("[0-9a-f]{64}"))
            .findFirst()
            .orElseThrow();
    return new TestContainer(docker, appId, name, id);
  }

  /** Starts one that prints nothing of its own; see {@link TestContainer#print}. */
  public TestContainer runSilent() {
    return run("trap 'exit 0' TERM; while :; do sleep 1000 & wait; done");
  }

  /** Starts one that does nothing until {@link TestContainer#go}, and then the script. */
  public TestContainer runOnGo(String script) {
    return run(AWAIT_GO + script);
  }
}
