package io.miststream.docker.testing;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs programs. */
final class Shell {
  private static final long SECONDS = 120;

  /** What a program said and how it ended. */
  record Result(int exit, String output) {}

  private Shell() {}

  static Result run(Map<String, String> environment, List<String> command) {
    try {
      Path output = Files.createTempFile("mist-shell", ".out");
      try {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().putAll(environment);
        // Into a file, so that a program that prints much never waits for us.
        Process process = builder.redirectOutput(output.toFile()).start();
        process.getOutputStream().close();
        if (!process.waitFor(SECONDS, TimeUnit.SECONDS)) {
          process.destroyForcibly();
          throw new IllegalStateException("no end after " + SECONDS + " s: " + command);
        }
        String text = Files.readString(output, StandardCharsets.ISO_8859_1);
        return new Result(process.exitValue(), text.trim());
      } finally {
        Files.delete(output);
      }
    } catch (IOException e) {
      return new Result(127, String.valueOf(e.getMessage()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted", e);
    }
  }
}
