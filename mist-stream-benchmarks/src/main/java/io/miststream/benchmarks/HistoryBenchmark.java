package io.miststream.benchmarks;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** A million lines of history to one viewer. */
final class HistoryBenchmark implements Benchmark {
  private static final int LINES = 1_000_000;
  private static final String RATE = "lines/s";

  @Override
  public String name() {
    return "history";
  }

  @Override
  public String summary() {
    return "1 000 000 lines of 120 bytes to one viewer, beside docker logs | wc -l";
  }

  @Override
  public List<Report> run(Bench bench) throws Exception {
    Report report = new Report("History", RATE, "× docker logs");
    System.err.print("history:");
    try (Docker docker = Docker.open();
        Distribution server = Distribution.serve();
        Child client = bench.loadClient()) {
      String container =
          docker.run(
              Docker.APP,
              List.of(),
              "awk",
              "BEGIN { for (i = 0; i < %d; i++) printf \"seq=%%012d %%0102d\\n\", i, 0 }"
                  .formatted(LINES));
      docker.command("wait", container);
      List<Bench.Measurement> measurements = new ArrayList<>();
      measurements.add(
          counts -> {
            double rate = dockerLogs(container);
            if (counts) {
              report.row("docker logs &#124; wc -l").add(RATE, rate);
            }
          });
      measurements.add(
          counts -> {
            double rate = product(server, client);
            if (counts) {
              report.row(FanOut.Way.PRODUCT.title).add(RATE, rate);
            }
          });
      bench.interleave(measurements);
    }
    return List.of(report.ratios(RATE, "docker logs &#124; wc -l", "× docker logs"));
  }

  private static double dockerLogs(String container) throws IOException, InterruptedException {
    long begun = System.nanoTime();
    Process process =
        new ProcessBuilder("sh", "-c", "docker logs " + container + " | wc -l").start();
    String counted = process.inputReader(StandardCharsets.UTF_8).readLine();
    process.waitFor();
    if (!String.valueOf(LINES).equals(counted)) {
      throw new IOException("docker logs: " + counted);
    }
    return LINES * 1e9 / (System.nanoTime() - begun);
  }

  private static double product(Distribution server, Child client) throws IOException {
    long begun = System.nanoTime();
    client.ask(
        "connect port=%d path=/ws/container/logs?appId=%d&tail=all&follow=none count=1"
            .formatted(server.port(), Docker.APP));
    client.ask("awaitEnd");
    double rate = LINES * 1e9 / (System.nanoTime() - begun);
    Child.Answer stats = client.ask("stats");
    client.ask("close");
    if (stats.number("errors") > 0 || stats.number("frames") != LINES) {
      throw new IOException("history: " + stats.values());
    }
    return rate;
  }
}
