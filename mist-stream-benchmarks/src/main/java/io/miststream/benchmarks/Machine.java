package io.miststream.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import java.util.stream.Stream;
import org.glassfish.tyrus.core.TyrusWebSocketEngine;

/** What the figures were measured on. */
final class Machine {
  /** USER_HZ, which is 100 on every Linux there is. */
  static final double TICKS_PER_SECOND = 100;

  private Machine() {}

  static String describe() throws IOException {
    return cores()
        + ", "
        + memoryGiB()
        + " GiB, "
        + System.getProperty("os.name")
        + " "
        + System.getProperty("os.version")
        + ", "
        + System.getProperty("java.vm.name")
        + " "
        + System.getProperty("java.runtime.version")
        + ", Tyrus "
        + tyrus()
        + ", Docker "
        + version("docker", "version", "--format", "{{.Server.Version}}");
  }

  private static String tyrus() throws IOException {
    Properties properties = new Properties();
    try (InputStream in =
        TyrusWebSocketEngine.class.getResourceAsStream(
            "/META-INF/maven/org.glassfish.tyrus/tyrus-core/pom.properties")) {
      properties.load(in);
    }
    return properties.getProperty("version");
  }

  /** The first line that a command prints, or that there is none. */
  static String version(String... command) throws IOException {
    if (!has(command[0])) {
      return "not installed";
    }
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (BufferedReader printed = process.inputReader(StandardCharsets.UTF_8)) {
      return String.valueOf(printed.readLine());
    }
  }

  private static String cores() throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      String model =
          lines
              .filter(line -> line.startsWith("model name"))
              .map(line -> line.substring(line.indexOf(':') + 1).strip())
              .findFirst()
              .orElse(System.getProperty("os.arch"));
      return Runtime.getRuntime().availableProcessors() + " × " + model;
    }
  }

  private static long memoryGiB() throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/meminfo"))) {
      return lines
          .filter(line -> line.startsWith("MemTotal"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) >> 20)
          .findFirst()
          .orElse(0);
    }
  }

  /** CPU time that all processes together have used, in seconds. */
  static double busySeconds() throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/stat"))) {
      String[] ticks = lines.findFirst().orElseThrow().strip().split(" +", -1);
      long busy = 0;
      for (int i = 1; i < ticks.length; i++) {
        boolean idle = i == 4 || i == 5; // idle, iowait; guest time is in user time already
        busy += idle || i > 8 ? 0 : Long.parseLong(ticks[i]);
      }
      return busy / TICKS_PER_SECOND;
    }
  }

  /** Whether a command is on the path. */
  static boolean has(String command) {
    String path = System.getenv().getOrDefault("PATH", "");
    return Stream.of(path.split(":", -1))
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, command)));
  }
}
