package io.miststream.docker.testing;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * An engine of a test's own, that can be stopped and started without disturbing anybody: with its
 * own data, socket and bridge. Needs root.
 */
public final class SecondEngine implements AutoCloseable {
  private static final long READY_NANOS = 30_000_000_000L;

  private final Path home;
  private final String bridge;
  private final boolean liveRestore;
  private Process process;

  private SecondEngine(Path home, String bridge, boolean liveRestore) {
    this.home = home;
    this.bridge = bridge;
    this.liveRestore = liveRestore;
  }

  /**
   * Starts one.
   *
   * @param liveRestore whether its containers live on while it is stopped
   */
  public static SecondEngine start(boolean liveRestore) throws IOException {
    Path dockerd = Path.of("/usr/sbin/dockerd");
    if (!Files.isExecutable(dockerd)) {
      DockerFixture.unavailable("no " + dockerd + " to start a second engine with");
    }
    String bridge = "mist" + (System.nanoTime() % 1_000_000_000L);
    String address = "10." + (200 + System.nanoTime() % 50) + "." + (System.nanoTime() / 64 % 250);
    run("ip", "link", "add", bridge, "type", "bridge");
    run("ip", "addr", "add", address + ".1/24", "dev", bridge);
    run("ip", "link", "set", bridge, "up");
    // Short, for the path of a unix socket is at most 107 bytes.
    Path home = Files.createTempDirectory(Path.of("/tmp"), "mist-eng");
    SecondEngine engine = new SecondEngine(home, bridge, liveRestore);
    try {
      engine.start();
      return engine;
    } catch (IOException | RuntimeException e) {
      engine.close();
      throw e;
    }
  }

  /** Where it listens. */
  public URI host() {
    return URI.create("unix://" + home.resolve("d.sock"));
  }

  /** Starts it again after {@link #stop()}; returns when it answers. */
  public void start() throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                "/usr/sbin/dockerd",
                "--data-root=" + home.resolve("data"),
                "--exec-root=" + home.resolve("exec"),
                "--pidfile=" + home.resolve("pid"),
                "-H=" + host(),
                "--bridge=" + bridge,
                "--iptables=false",
                "--ip-masq=false"));
    if (liveRestore) {
      command.add("--live-restore");
    }
    process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(home.resolve("log").toFile()))
            .start();
    long end = System.nanoTime() + READY_NANOS;
    while (Shell.run(Map.of(), List.of("docker", "-H", host().toString(), "version")).exit() != 0) {
      if (System.nanoTime() > end || !process.isAlive()) {
        DockerFixture.unavailable(
            "the second engine did not start: " + Files.readString(home.resolve("log")));
      }
    }
  }

  /** Stops it as an administrator would; returns when it has ended. */
  public void stop() {
    end(() -> process.destroy());
  }

  /** Kills it without warning; returns when it has ended. */
  public void kill() {
    end(() -> process.destroyForcibly());
  }

  private void end(Runnable how) {
    if (process == null) {
      return; // it could not even be started
    }
    how.run();
    try {
      if (!process.waitFor(40, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Stops it and removes all its traces. Remove its containers before. */
  @Override
  public void close() throws IOException {
    stop();
    run("ip", "link", "del", bridge);
    try (Stream<String> mounts = Files.lines(Path.of("/proc/mounts"))) {
      mounts
          .map(line -> line.replaceAll("^\\S+ (\\S+) .*$", "$1"))
          .filter(path -> path.startsWith(home.toString()))
          .sorted(Comparator.reverseOrder())
          .forEach(path -> Shell.run(Map.of(), List.of("umount", "-l", path)));
    }
    run("rm", "-rf", home.toString());
  }

  private static void run(String... command) {
    Shell.Result result = Shell.run(Map.of(), List.of(command));
    if (result.exit() != 0) {
      DockerFixture.unavailable(String.join(" ", command) + ": " + result.output());
    }
  }
}
