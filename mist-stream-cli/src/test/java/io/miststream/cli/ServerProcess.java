package io.miststream.cli;

import io.miststream.docker.testing.TestDirectory;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.awaitility.Awaitility;

/** The real distribution, started as a user would. */
final class ServerProcess implements AutoCloseable {
  static {
    Awaitility.setDefaultTimeout(Duration.ofMinutes(1)); // a busy machine fails no test
  }

  /** Where the distribution is. */
  static final Path HOME = Path.of("target", "mist-stream");

  private static final Path COMMAND = HOME.resolve("bin").resolve("mist-stream");

  private static final String JAVA_OPTS = "MIST_JAVA_OPTS";

  /** The optimizing compiler costs such a process more than it gives. */
  private static final String SHORT_LIVED = "-XX:TieredStopAtLevel=1";

  private static final Pattern CHANGING =
      Pattern.compile("MIST_.*|_?JAVA_.*OPTIONS|JDK_JAVA_OPTIONS|(?i:.*_proxy)");
  private static final List<String> DEFAULT_SIGNALS = defaultSignals();

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

  /**
   * A process of the command that depends on nothing of how the tests were started: neither on
   * variables nor on ignored signals, as a shell's background jobs have them.
   */
  static ProcessBuilder command(String... arguments) {
    ProcessBuilder builder = fresh(COMMAND.toAbsolutePath().toString());
    builder.command().addAll(List.of(arguments));
    // Each has a directory of its own, for one server at a time has it open.
    Path data = Path.of("target", "data", UUID.randomUUID().toString());
    builder.environment().put("XDG_DATA_HOME", data.toAbsolutePath().toString());
    builder.environment().put(JAVA_OPTS, SHORT_LIVED);
    return builder;
  }

  /** A process with default signals and on our Java, without variables that change what it does. */
  static ProcessBuilder fresh(String... command) {
    List<String> all = new ArrayList<>(DEFAULT_SIGNALS);
    all.addAll(List.of(command));
    ProcessBuilder builder = new ProcessBuilder(all);
    builder.environment().keySet().removeIf(name -> CHANGING.matcher(name).matches());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    return builder;
  }

  private static List<String> defaultSignals() {
    List<String> env = List.of("env", "--default-signal");
    try {
      // Only GNU's knows that.
      Process tried =
          new ProcessBuilder("env", "--default-signal", "true").redirectErrorStream(true).start();
      return tried.onExit().join().exitValue() == 0 ? env : List.of();
    } catch (IOException e) {
      return List.of();
    }
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
    environment.forEach(
        (name, value) ->
            builder
                .environment()
                .put(name, name.equals(JAVA_OPTS) ? SHORT_LIVED + " " + value : value));
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
    if (!process.waitFor(60, TimeUnit.SECONDS)) {
      throw new AssertionError("still running a minute after SIGTERM");
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
