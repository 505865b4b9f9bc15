package io.miststream.docker.testing;

import static org.junit.jupiter.api.Assumptions.abort;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * An engine, a small image on it that is built without a registry, and containers that are all
 * taken away again at the end.
 *
 * <p>Where there is no engine, tests abort with the reason, unless the system property {@code
 * mist.docker.required} is {@code true}: then they fail.
 */
public final class DockerFixture implements AutoCloseable {

  /** The image: static busybox and nothing else. */
  public static final String IMAGE = "mist-test-busybox";

  private static final String LABEL = "mist.test";
  // Ids are unique among runs that share an engine, as far as chance goes.
  private static final AtomicLong APP_IDS =
      new AtomicLong(ThreadLocalRandom.current().nextLong(1_000_000, 1_000_000_000) * 1000);

  private final URI host;
  private final String run = UUID.randomUUID().toString();

  private DockerFixture(URI host) {
    this.host = host;
  }

  /** The engine that {@code DOCKER_HOST} or the default socket leads to. */
  public static DockerFixture connect() {
    String named = System.getenv("DOCKER_HOST");
    return connect(
        URI.create(named == null || named.isBlank() ? "unix:///var/run/docker.sock" : named));
  }

  /** The engine at this address. */
  public static DockerFixture connect(URI host) {
    DockerFixture fixture = new DockerFixture(host);
    Shell.Result version = fixture.tryDocker("version", "--format", "{{.Server.Version}}");
    if (version.exit() != 0) {
      unavailable("no Docker engine at " + host + ": " + version.output());
    }
    fixture.buildImage();
    return fixture;
  }

  /** Aborts the test, or fails it where tests must run. */
  public static void unavailable(String reason) {
    if (Boolean.getBoolean("mist.docker.required")) {
      throw new IllegalStateException(reason);
    }
    abort(reason);
  }

  /** Where the engine listens. */
  public URI host() {
    return host;
  }

  /** An app id that nobody else uses. */
  public static long newAppId() {
    return APP_IDS.incrementAndGet();
  }

  /** Describes a container of a new app; {@link ContainerSpec#run} starts it. */
  public ContainerSpec container() {
    return new ContainerSpec(this, newAppId());
  }

  /** Runs the docker command and returns what it printed. */
  public String docker(String... arguments) {
    Shell.Result result = tryDocker(arguments);
    if (result.exit() != 0) {
      throw new IllegalStateException(
          "docker " + String.join(" ", arguments) + ": " + result.output());
    }
    return result.output();
  }

  Shell.Result tryDocker(String... arguments) {
    List<String> command = new ArrayList<>();
    command.add(client());
    command.add("-H");
    command.add(host.toString());
    command.addAll(List.of(arguments));
    return Shell.run(Map.of("DOCKER_BUILDKIT", "0"), command);
  }

  String runLabel() {
    return LABEL + "=" + run;
  }

  /** The distribution's client before any other: that one knows the classic builder. */
  private static String client() {
    return Files.isExecutable(Path.of("/usr/bin/docker")) ? "/usr/bin/docker" : "docker";
  }

  private void buildImage() {
    if (tryDocker("image", "inspect", IMAGE).exit() == 0) {
      return;
    }
    Path busybox =
        Stream.of("/bin/busybox", "/usr/bin/busybox", "/bin/busybox-static")
            .map(Path::of)
            .filter(Files::isExecutable)
            .findFirst()
            .orElse(null);
    if (busybox == null) {
      unavailable("no busybox to build the test image of; install busybox-static");
      return;
    }
    try {
      Path context = Files.createTempDirectory("mist-test-image");
      Path binary = context.resolve("busybox");
      Path dockerfile = context.resolve("Dockerfile");
      try {
        Files.copy(busybox, binary);
        Files.writeString(
            dockerfile,
            """
            FROM scratch
            COPY busybox /bin/busybox
            RUN ["/bin/busybox","--install","-s","/bin"]
            """);
        docker("build", "-q", "-t", IMAGE, context.toString());
      } finally {
        Files.deleteIfExists(binary);
        Files.deleteIfExists(dockerfile);
        Files.delete(context);
      }
    } catch (IOException e) {
      throw new IllegalStateException("the test image could not be built", e);
    }
  }

  /** Takes away every container this fixture has made. The image stays, for the next run. */
  @Override
  public void close() {
    String containers = docker("ps", "-aq", "--filter", "label=" + runLabel());
    if (!containers.isEmpty()) {
      List<String> command = new ArrayList<>(List.of("rm", "-f"));
      containers.lines().forEach(command::add);
      tryDocker(command.toArray(String[]::new));
    }
  }
}
