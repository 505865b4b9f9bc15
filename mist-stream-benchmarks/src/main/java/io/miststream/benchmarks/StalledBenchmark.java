package io.miststream.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** A thousand viewers, of which a tenth stops reading: does the heap grow, do the others wait? */
final class StalledBenchmark implements Benchmark {
  private static final int VIEWERS = 1000;
  private static final int STALLED = 100;
  private static final int RATE = 50;
  private static final int SIZE = 4096;
  private static final int HEAPS = 5;

  @Override
  public String name() {
    return "stalled";
  }

  @Override
  public String summary() {
    return "1 000 viewers at 50 messages/s of 4 KiB, with and without 100 that do not read";
  }

  @Override
  public List<Report> run(Bench bench) throws Exception {
    List<String> columns = new ArrayList<>(List.of("p50 µs", "p99 µs", "p99.9 µs"));
    for (int i = 0; i < HEAPS; i++) {
      columns.add(heap(i));
    }
    Report report =
        new Report("Stalled viewers", columns.toArray(String[]::new))
            .note(
                "The heap after a collection: before the latencies are taken, after them, and then"
                    + " every 5 s.");
    List<Bench.Measurement> measurements = new ArrayList<>();
    System.err.print("stalled:");
    try (Child server = bench.server(FanOut.Way.PRODUCT, "256m");
        Child client = bench.loadClient()) {
      for (int stalled : new int[] {0, STALLED}) {
        Report.Row row = report.row(stalled == 0 ? "all read" : stalled + " do not read");
        measurements.add(
            counts -> measure(bench, server, client, stalled, counts ? row : new Report.Row()));
      }
      bench.interleave(measurements);
    }
    return List.of(report);
  }

  private static void measure(Bench bench, Child server, Child client, int stalled, Report.Row row)
      throws IOException, InterruptedException {
    client.ask(
        "connect port=%s path=/ws/container/logs?appId=1&tail=0 count=%d stalled=%d"
            .formatted(server.ask("port").text("port"), VIEWERS, stalled));
    server.ask("start size=%d rate=%d".formatted(SIZE, RATE));
    Thread.sleep(5000); // until the stalled ones' socket buffers are full
    addHeap(row, server, 0);
    client.ask("latency");
    Thread.sleep(5000L * bench.seconds());
    Child.Answer latency = client.ask("latency");
    row.add("p50 µs", latency.number("p50"));
    row.add("p99 µs", latency.number("p99"));
    row.add("p99.9 µs", latency.number("p999"));
    addHeap(row, server, 1);
    for (int i = 2; i < HEAPS; i++) {
      Thread.sleep(5000);
      addHeap(row, server, i);
    }
    server.ask("stop");
    Child.Answer stats = client.ask("stats");
    if (stats.number("errors") > 0) {
      throw new IOException(stats.text("error"));
    }
    client.ask("close");
  }

  private static void addHeap(Report.Row row, Child server, int number) throws IOException {
    row.add(heap(number), server.ask("heap").number("used") / (1 << 20));
  }

  private static String heap(int number) {
    return "heap MiB " + (number + 1);
  }
}
