package io.miststream.benchmarks;

import java.nio.file.Path;
import java.util.List;

/** Runs benchmarks and prints what they measured. */
public final class Main {
  private static final List<Benchmark> ALL = List.of(new FanOutBenchmark());

  private Main() {}

  /**
   * The command line.
   *
   * @param arguments {@code --list}, or names, with {@code --rounds N}, {@code --seconds N}, {@code
   *     --out FILE}
   */
  public static void main(String[] arguments) throws Exception {
    int rounds = 5;
    int seconds = 2;
    Path out = null;
    List<String> names = new java.util.ArrayList<>();
    for (int i = 0; i < arguments.length; i++) {
      switch (arguments[i]) {
        case "--list" -> {
          ALL.forEach(b -> System.out.printf("%-10s %s%n", b.name(), b.summary()));
          return;
        }
        case "--rounds" -> rounds = Integer.parseInt(arguments[++i]);
        case "--seconds" -> seconds = Integer.parseInt(arguments[++i]);
        case "--out" -> out = Path.of(arguments[++i]);
        default -> names.add(arguments[i]);
      }
    }
    Bench bench = new Bench(rounds, seconds);
    System.out.println("%s; %d rounds.%n".formatted(Machine.describe(), rounds));
    for (Benchmark benchmark : ALL) {
      if (names.isEmpty() || names.contains(benchmark.name())) {
        for (Report report : benchmark.run(bench)) {
          System.out.println(report.markdown());
        }
      }
    }
  }
}
