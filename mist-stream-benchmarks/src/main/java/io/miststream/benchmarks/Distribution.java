package io.miststream.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** The product as it is shipped: {@code mist-stream serve}. */
final class Distribution implements AutoCloseable {
  private static final String COMMAND = "mist-stream-cli/target/mist-stream/bin/mist-stream";
  private static final String ANNOUNCEMENT = "listening on http://";

  private final Process process;
  private final int port;

  private Distribution(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  /** Starts it, and waits until it listens. It takes whichever core is free, as the engine does. */
  static Distribution serve() throws IOException {
    Process process = start(0, "");
    BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
    String line = out.readLine();
    while (line != null && !line.startsWith(ANNOUNCEMENT)) {
      line = out.readLine();
    }
    if (line == null) {
      throw new IOException("mist-stream serve did not start");
    }
    return new Distribution(
        process, Integer.parseInt(line.substring(line.lastIndexOf(':') + 1).strip()));
  }

  /** Makes an archive of what it loads; it lies outside, and is used by whoever names it. */
  static Path archive() throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(COMMAND + "-archive").redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    if (builder.start().waitFor() != 0) {
      throw new IOException("no archive was made");
    }
    Path made = Path.of(COMMAND).resolveSibling("../lib/mist-stream.jsa");
    Path aside = Files.createTempDirectory("mist-archive").resolve("mist-stream.jsa");
    return Files.move(made, aside);
  }

  /**
   * Starts it without waiting.
   *
   * @param javaOptions further ones, separated by spaces
   */
  static Process start(int port, String javaOptions) throws IOException {
    // Not the user's own, which another server may have open.
    String data = Files.createTempDirectory("mist-benchmark").toString();
    ProcessBuilder builder =
        new ProcessBuilder(COMMAND, "serve", "--port", String.valueOf(port), "--data-dir", data)
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().put("MIST_JAVA_OPTS", javaOptions);
    return builder.start();
  }

  int port() {
    return port;
  }

  @Override
  public void close() throws InterruptedException {
    process.destroy();
    process.waitFor();
  }
}
