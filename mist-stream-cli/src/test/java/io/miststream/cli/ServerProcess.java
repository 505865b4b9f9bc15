package io.miststream.cli;

import io.miststream.docker.testing.TestDirectory;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** The real distribution, started as a user would. */
final class ServerProcess implements AutoCloseable {
  private static final Path COMMAND = Path.of("target", "mist-stream", "bin", "mist-stream");

  private final Process process;
  private final Path own;
  private final Path errors;
  private final URI uri;

  private ServerProcess(Process process, Path own, Path errors, URI uri) {
    this.process = process;
    this.own = own;
    this.errors = errors;
    this.uri = uri;
  }

  /** A process of the command; its variables are those of this one without any of ours. */
  static ProcessBuilder command(String... arguments) {
    List<String> command = new ArrayList<>(List.of(COMMAND.toAbsolutePath().toString()));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().keySet().removeIf(name -> name.startsWith("MIST_"));
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    // Each has a directory of its own, for one server at a time has it open.
    Path data = Path.of("target", "data", UUID.randomUUID().toString());
    builder.environment().put("XDG_DATA_HOME", data.toAbsolutePath().toString());
    return builder;
  }

  /** Starts a server on a free port; returns when it says that it listens. */
  static ServerProcess start(URI dockerHost, Map<String, String> environment, String... options)
      throws IOException {
    return startOn(0, dockerHost, environment, options);
  }

  static ServerProcess startOn(
      int port, URI dockerHost, Map<String, String> environment, String... options)
      throws IOException {
    List<String> arguments =
        new ArrayList<>(List.of("serve", "--port", "" + port, "--docker-host", "" + dockerHost));
    arguments.addAll(List.of(options));
    Path own = Files.createTempDirectory("mist-server");
    if (!arguments.contains("--data-dir")) {
      arguments.addAll(List.of("--data-dir", own.resolve("data").toString()));
    }
    Path errors = Files.createFile(own.resolve("err"));
    ProcessBuilder builder = command(arguments.toArray(String[]::new));
    builder.environment().putAll(environment);
    Process process = builder.redirectError(errors.toFile()).start();
    BufferedReader out = new BufferedReader(process.inputReader(StandardCharsets.UTF_8));
    String line = out.readLine();
    if (line == null || !line.startsWith("listening on ")) {
      process.destroyForcibly();
      throw new IllegalStateException("it said: " + line + "\n" + Files.readString(errors));
    }
    return new ServerProcess(
        process, own, errors, URI.create(line.substring("listening on ".length())));
  }

  URI uri() {
    return uri;
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return process.isAlive();
  }

  String errors() throws IOException {
    return Files.readString(errors);
  }

  /** SIGTERM; returns the exit code. */
  int stop() throws InterruptedException {
    process.destroy();
    if (!process.waitFor(20, TimeUnit.SECONDS)) {
      throw new AssertionError("still running 20 s after SIGTERM");
    }
    return process.exitValue();
  }

  /** SIGKILL. */
  void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly().onExit().join();
    TestDirectory.remove(own);
  }
}
