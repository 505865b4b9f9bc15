package io.miststream.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A process that is told what to do a line at a time, and answers each with a line: {@code ok} and
 * {@code key=value} pairs.
 */
final class Child implements AutoCloseable {

  /** The values of an answer. */
  record Answer(Map<String, String> values) {
    double number(String key) {
      return Double.parseDouble(text(key));
    }

    String text(String key) {
      String value = values.get(key);
      if (value == null) {
        throw new IllegalArgumentException("no " + key + " in " + values);
      }
      return value;
    }
  }

  private final String name;
  private final Process process;
  private final BufferedReader answers;
  private final PrintWriter commands;

  private Child(String name, Process process) {
    this.name = name;
    this.process = process;
    this.answers = process.inputReader(StandardCharsets.UTF_8);
    this.commands = new PrintWriter(process.outputWriter(StandardCharsets.UTF_8), true);
  }

  /**
   * Starts one of our own programs in a JVM like this one.
   *
   * @param core the core it is bound to
   */
  static Child java(Class<?> main, int core, List<String> options, String... arguments)
      throws IOException {
    List<String> command = new ArrayList<>(pinned(core));
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
    command.addAll(List.of(arguments));
    Child child = new Child(main.getSimpleName(), start(command));
    child.read();
    return child;
  }

  /** The words that bind what follows to a core. */
  static List<String> pinned(int core) {
    return List.of("taskset", "-c", String.valueOf(core));
  }

  private static Process start(List<String> command) throws IOException {
    return new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
  }

  /** Has it do something, and waits for its answer. */
  Answer ask(String command) throws IOException {
    commands.println(command);
    return read();
  }

  /** Has it do something, and waits for its answer, as it is. */
  String line(String command) throws IOException {
    commands.println(command);
    return readLine();
  }

  private Answer read() throws IOException {
    return new Answer(parse(readLine()));
  }

  private String readLine() throws IOException {
    String line = answers.readLine();
    if (line == null || !line.startsWith("ok")) {
      throw new IOException(name + " answered " + line);
    }
    return line.substring(2).strip();
  }

  /** Splits {@code key=value} pairs. */
  static Map<String, String> parse(String text) {
    Map<String, String> values = new HashMap<>();
    for (String word : text.strip().split(" ", -1)) {
      int equals = word.indexOf('=');
      if (equals > 0) {
        values.put(word.substring(0, equals), word.substring(equals + 1));
      }
    }
    return values;
  }

  /** Resident memory in bytes. */
  double residentBytes() throws IOException {
    return residentBytes(process.pid());
  }

  /** Resident memory of a process in bytes. */
  static double residentBytes(long pid) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
      if (line.startsWith("VmRSS:")) {
        return 1024 * Double.parseDouble(line.replaceAll("\\D", ""));
      }
    }
    throw new IOException("no VmRSS of " + pid);
  }

  /** CPU time of a process in nanoseconds, all its threads together. */
  static long cpuNanos(long pid) throws IOException {
    String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
    // Behind the name, which can hold anything: fields 3 and on, of which 14 and 15 are the times.
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    double ticks = Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
    return (long) (ticks * 1e9 / Machine.TICKS_PER_SECOND);
  }

  /** Ends it; it may take a moment to do so in order. */
  @Override
  public void close() throws IOException {
    commands.close();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
