package io.miststream.benchmarks;

import io.miststream.benchmarks.Benchmark.SkippedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Containers of a benchmark, by the docker command. */
final class Docker implements AutoCloseable {
  /** Nobody else's app. */
  static final int APP = 990_001;

  private static final String LABEL = "mist.benchmark=true";
  private static final String IMAGE = "mist-benchmark";

  private Docker() {}

  /**
   * Makes an image of a static busybox, without a registry.
   *
   * @throws SkippedException if there is no engine
   */
  static Docker open() throws Exception {
    if (!Machine.has("docker")) {
      throw new SkippedException("there is no docker command");
    }
    if (!Files.isExecutable(Path.of("/bin/busybox"))) {
      throw new SkippedException("there is no static /bin/busybox");
    }
    Docker docker = new Docker();
    Path context = Files.createTempDirectory("mist-benchmark");
    Files.copy(Path.of("/bin/busybox"), context.resolve("busybox"));
    Files.writeString(
        context.resolve("Dockerfile"),
        """
        FROM scratch
        COPY busybox /bin/busybox
        RUN ["/bin/busybox", "--install", "-s", "/bin"]
        """);
    try {
      docker.command("build", "-q", "-t", IMAGE, context.toString());
    } catch (IOException e) {
      throw new SkippedException("no Docker engine answers");
    } finally {
      Files.delete(context.resolve("busybox"));
      Files.delete(context.resolve("Dockerfile"));
      Files.delete(context);
    }
    docker.close();
    return docker;
  }

  /**
   * Starts a container of an app.
   *
   * @param options of {@code docker run}
   */
  String run(int appId, List<String> options, String... command) throws Exception {
    List<String> words = new ArrayList<>();
    words.addAll(List.of("run", "-d", "--network", "none", "--label", LABEL));
    words.addAll(List.of("--label", "mist.app.id=" + appId));
    words.addAll(options);
    words.add(IMAGE);
    words.addAll(List.of(command));
    return command(words.toArray(String[]::new));
  }

  /** Runs a docker command; returns what it prints. */
  String command(String... words) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("docker"));
    command.addAll(List.of(words));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("DOCKER_BUILDKIT", "0"); // the other builder may be missing
    Process process = builder.start();
    String printed =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    if (process.waitFor() != 0) {
      throw new IOException(String.join(" ", command) + ": " + printed);
    }
    return printed;
  }

  /** Removes the containers there are. */
  @Override
  public void close() throws IOException, InterruptedException {
    String ids = command("ps", "-aq", "--filter", "label=" + LABEL);
    for (String id : ids.lines().toList()) {
      command("rm", "-f", id);
    }
  }
}
