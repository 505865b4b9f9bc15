package io.miststream.benchmarks;

import java.io.IOException;
import java.util.List;

/** Ten thousand viewers of ten quiet topics in a heap of 256 MiB, and then one line. */
final class IdleBenchmark implements Benchmark {
  private static final int TOPICS = 10;
  private static final int VIEWERS = 1000; // of each topic

  @Override
  public String name() {
    return "idle";
  }

  @Override
  public String summary() {
    return "10 000 open viewers of ten quiet topics in a 256 MiB heap, then one line to 1 000 of them";
  }

  @Override
  public List<Report> run(Bench bench) throws Exception {
    Report report =
        new Report(
            "10 000 idle viewers",
            "heap KiB/viewer",
            "resident KiB/viewer",
            "threads",
            "connecting all, ms",
            "a line to the last of 1 000, ms");
    System.err.print("idle:");
    for (int round = 1; round <= bench.rounds(); round++) {
      try (Child server = bench.server(FanOut.Way.PRODUCT, "256m");
          Child client = bench.loadClient()) {
        measure(server, client, report.row(FanOut.Way.PRODUCT.title));
      }
      System.err.print(" " + round);
    }
    System.err.println();
    return List.of(report);
  }

  private static void measure(Child server, Child client, Report.Row row) throws IOException {
    String port = server.ask("port").text("port");
    // What the first viewers load and warm up is not theirs to pay for.
    client.ask("connect port=%s path=/ws/container/logs?appId=%d count=10".formatted(port, TOPICS));
    double heap = server.ask("heap").number("used");
    double resident = server.residentBytes();
    double connecting = 0;
    for (int app = 1; app <= TOPICS; app++) {
      connecting +=
          client
              .ask(
                  "connect port=%s path=/ws/container/logs?appId=%d&tail=0 count=%d"
                      .formatted(port, app, VIEWERS))
              .number("ms");
    }
    int viewers = TOPICS * VIEWERS;
    row.add("connecting all, ms", connecting);
    row.add("heap KiB/viewer", (server.ask("heap").number("used") - heap) / 1024 / viewers);
    row.add("resident KiB/viewer", (server.residentBytes() - resident) / 1024 / viewers);
    row.add("threads", server.ask("stats").number("threads"));
    double made = server.ask("once size=200").number("ns");
    double arrived = client.ask("awaitTotal frames=" + VIEWERS).number("ns");
    row.add("a line to the last of 1 000, ms", (arrived - made) / 1e6);
  }
}
