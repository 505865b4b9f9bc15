package io.miststream.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** The same fan-out by what an operator could install instead. */
final class PeersBenchmark implements Benchmark {
  private static final int SIZE = 200;
  private static final int[] VIEWERS = {100, 1000};
  private static final int TAIL_VIEWERS = 100;
  private static final int TAIL_RATE = 2000;
  private static final String MACHINE_CPU = "CPU of the whole machine, µs/frame";

  @Override
  public String name() {
    return "peers";
  }

  @Override
  public String summary() {
    return "the same fan-out by websocketd, nats-server and mosquitto";
  }

  @Override
  public List<Report> run(Bench bench) throws Exception {
    List<Report> reports = new ArrayList<>();
    List<String> missing = new ArrayList<>();
    Map<FanOut.Way, Child> servers = new EnumMap<>(FanOut.Way.class);
    try (Child client = bench.loadClient()) {
      for (FanOut.Way way : List.of(FanOut.Way.PRODUCT, FanOut.Way.NATS, FanOut.Way.MOSQUITTO)) {
        if (way == FanOut.Way.PRODUCT || Machine.has(way.title)) {
          servers.put(way, bench.server(way, "1g"));
        } else {
          missing.add(way.title);
        }
      }
      for (int viewers : VIEWERS) {
        reports.add(
            FanOutBenchmark.measure(
                    bench,
                    client,
                    servers,
                    SIZE,
                    viewers,
                    FanOutBenchmark.RATE,
                    "× of it",
                    FanOutBenchmark.CPU)
                .ratios(FanOutBenchmark.RATE, FanOut.Way.PRODUCT.title, "× of it"));
      }
      reports
          .get(0)
          .note(
              Machine.version("nats-server", "--version")
                  + "; "
                  + Machine.version("mosquitto", "-h")
                  + "; "
                  + Machine.version("websocketd", "--version")
                  + (missing.isEmpty() ? "" : "; not installed: " + String.join(", ", missing))
                  + ".");
    } finally {
      for (Child server : servers.values()) {
        server.close();
      }
    }
    reports.add(tails(bench));
    return reports;
  }

  /** A container's log to a hundred viewers: websocketd runs a docker command for each. */
  private static Report tails(Bench bench) throws Exception {
    Report report =
        new Report(
            "A container at %d lines/s to %d viewers".formatted(TAIL_RATE, TAIL_VIEWERS),
            "frames/s",
            MACHINE_CPU);
    if (!Machine.has("websocketd")) {
      return report.note("Not installed: websocketd.");
    }
    System.err.print("peers, a container's log:");
    try (Docker docker = Docker.open();
        Distribution server = Distribution.serve();
        Child client = bench.loadClient()) {
      String container =
          docker.run(
              Docker.APP,
              List.of(),
              "sh",
              "-c",
              "while true; do i=0; while [ $i -lt %d ]; do echo %s; i=$((i + 1)); done; sleep 0.1; done"
                  .formatted(TAIL_RATE / 10, "x".repeat(100)));
      Process websocketd =
          new ProcessBuilder(
                  "websocketd",
                  "--port=18099",
                  "--address=127.0.0.1",
                  "--loglevel=fatal",
                  "docker",
                  "logs",
                  "-f",
                  "--tail",
                  "0",
                  container)
              .start();
      List<Bench.Measurement> measurements = new ArrayList<>();
      measurements.add(
          counts ->
              tail(
                  bench,
                  client,
                  server.port(),
                  "/ws/container/logs?appId=" + Docker.APP + "&tail=0",
                  counts ? report.row(FanOut.Way.PRODUCT.title) : new Report.Row()));
      measurements.add(
          counts ->
              tail(
                  bench,
                  client,
                  18099,
                  "/",
                  counts ? report.row("websocketd docker logs -f") : new Report.Row()));
      bench.interleave(measurements);
      websocketd.destroy();
    }
    return report.note(
        "The CPU time is that of all processes: server, engine, container and load client.");
  }

  private static void tail(Bench bench, Child client, int port, String path, Report.Row row)
      throws IOException, InterruptedException {
    client.ask("connect port=%d path=%s count=%d".formatted(port, path, TAIL_VIEWERS));
    client.ask("await frames=1");
    Child.Answer before = client.ask("stats");
    double cpu = Machine.busySeconds();
    Thread.sleep(bench.seconds() * 2000L);
    Child.Answer after = client.ask("stats");
    double frames = after.number("frames") - before.number("frames");
    row.add("frames/s", frames * 1e9 / (after.number("ns") - before.number("ns")));
    row.add(MACHINE_CPU, (Machine.busySeconds() - cpu) * 1e6 / frames);
    client.ask("close");
  }
}
