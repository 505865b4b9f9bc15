package io.miststream.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.docker.testing.TestDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** A process of the command. What it prints goes to files. */
final class CommandProcess implements AutoCloseable {
  private static final int PATIENCE_SECONDS = 120;

  private final Process process;
  private final Path directory;

  private CommandProcess(Process process, Path directory) {
    this.process = process;
    this.directory = directory;
  }

  static CommandProcess start(String... arguments) throws IOException {
    return start(ServerProcess.command(arguments));
  }

  static CommandProcess start(ProcessBuilder builder) throws IOException {
    return start(builder, false);
  }

  /** Starts one whose output goes to a pipe, that of {@link #process}. */
  static CommandProcess startPiped(String... arguments) throws IOException {
    return start(ServerProcess.command(arguments), true);
  }

  private static CommandProcess start(ProcessBuilder builder, boolean piped) throws IOException {
    Path directory = Files.createTempDirectory("mist-command");
    if (!piped) {
      builder.redirectOutput(directory.resolve("out").toFile());
    }
    builder.redirectError(directory.resolve("err").toFile());
    return new CommandProcess(builder.start(), directory);
  }

  Process process() {
    return process;
  }

  String out() throws IOException {
    return text("out");
  }

  String err() throws IOException {
    return text("err");
  }

  /** As far as it is written: the last character may not be whole yet. */
  private String text(String file) throws IOException {
    return new String(Files.readAllBytes(directory.resolve(file)), UTF_8);
  }

  /** Waits for its end; returns the exit code. */
  int exit() throws InterruptedException {
    assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)).as("it ends").isTrue();
    return process.exitValue();
  }

  /** SIGKILL, if it still runs. */
  @Override
  public void close() throws IOException {
    process.destroyForcibly().onExit().join();
    TestDirectory.remove(directory);
  }
}
