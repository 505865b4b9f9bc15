package io.miststream.benchmarks;

import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;

/** Runs benchmarks, prints what they measured and keeps the latest of each. */
public final class Main {
  private static final Path PAGE = Path.of("docs/BENCHMARKS.md");
  private static final List<Benchmark> ALL =
      List.of(
          new FanOutBenchmark(),
          new LatencyBenchmark(),
          new HistoryBenchmark(),
          new IdleBenchmark(),
          new StalledBenchmark(),
          new PeersBenchmark(),
          new StartupBenchmark(),
          new JmhBenchmarks());

  private Main() {}

  /**
   * The command line.
   *
   * @param arguments {@code --list}, or names (all if there is none) and {@code --rounds N}, {@code
   *     --seconds N}
   */
  public static void main(String[] arguments) throws Exception {
    int rounds = 5;
    int seconds = 2;
    List<String> names = new ArrayList<>();
    for (int i = 0; i < arguments.length; i++) {
      switch (arguments[i]) {
        case "--list" -> {
          ALL.forEach(b -> System.out.printf("%-10s %s%n", b.name(), b.summary()));
          return;
        }
        case "--rounds" -> rounds = Integer.parseInt(arguments[++i]);
        case "--seconds" -> seconds = Integer.parseInt(arguments[++i]);
        default -> names.add(arguments[i]);
      }
    }
    List<String> known = ALL.stream().map(Benchmark::name).toList();
    if (!known.containsAll(names)) {
      System.err.println("There are " + String.join(", ", known) + ".");
      System.exit(2);
    }
    Page page = new Page(PAGE, known);
    String machine = Machine.describe();
    for (Benchmark benchmark : ALL) {
      if (names.isEmpty() || names.contains(benchmark.name())) {
        page.replace(benchmark.name(), run(benchmark, new Bench(rounds, seconds), machine));
        page.write();
      }
    }
  }

  private static String run(Benchmark benchmark, Bench bench, String machine) throws Exception {
    StringBuilder text = new StringBuilder(benchmark.summary()).append(".\n\n");
    text.append(LocalDate.now(ZoneOffset.UTC)).append("; ").append(machine).append("; ");
    text.append(bench.rounds()).append(" rounds.\n");
    try {
      for (Report report : benchmark.run(bench)) {
        text.append('\n').append(report.markdown());
      }
    } catch (Benchmark.SkippedException e) {
      text.append("\nSkipped: ").append(e.getMessage()).append('\n');
    }
    System.out.println("## " + benchmark.name() + "\n\n" + text);
    return text.toString();
  }
}
