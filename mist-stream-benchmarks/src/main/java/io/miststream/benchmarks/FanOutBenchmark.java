package io.miststream.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Messages to 1, 100 and 1 000 viewers, as fast as they are taken, by every way there is. */
final class FanOutBenchmark implements Benchmark {
  private static final Set<FanOut.Way> WAYS =
      EnumSet.range(FanOut.Way.PRODUCT, FanOut.Way.NIO_COALESCED);
  private static final int[] SIZES = {200, 2048};
  private static final int[] VIEWERS = {1, 100, 1000};

  static final String RATE = "frames/s";
  static final String CPU = "server CPU µs/frame";
  private static final String ALLOCATED = "bytes allocated/frame";

  @Override
  public String name() {
    return "fanout";
  }

  @Override
  public String summary() {
    return "frames per second, CPU and allocation, beside stock Tyrus and plain NIO loops";
  }

  @Override
  public List<Report> run(Bench bench) throws Exception {
    List<Report> reports = new ArrayList<>();
    Map<FanOut.Way, Child> servers = new EnumMap<>(FanOut.Way.class);
    try (Child client = bench.loadClient()) {
      for (FanOut.Way way : WAYS) {
        servers.put(way, bench.server(way, "4g"));
      }
      for (int size : SIZES) {
        for (int viewers : VIEWERS) {
          reports.add(
              measure(
                      bench,
                      client,
                      servers,
                      size,
                      viewers,
                      RATE,
                      "× sendText",
                      "× NIO 64 KiB",
                      CPU,
                      ALLOCATED)
                  .ratios(RATE, FanOut.Way.SEND_TEXT.title, "× sendText")
                  .ratios(RATE, FanOut.Way.NIO_COALESCED.title, "× NIO 64 KiB"));
        }
      }
    } finally {
      for (Child server : servers.values()) {
        server.close();
      }
    }
    return reports;
  }

  /** One table: a row for each server. */
  static Report measure(
      Bench bench,
      Child client,
      Map<FanOut.Way, Child> servers,
      int size,
      int viewers,
      String... columns)
      throws Exception {
    Report report =
        new Report(
            "Fan-out: %d-byte messages, %d viewer%s"
                .formatted(size, viewers, viewers == 1 ? "" : "s"),
            columns);
    System.err.printf("fanout %d bytes, %d viewers:", size, viewers);
    List<Bench.Measurement> measurements = new ArrayList<>();
    servers.forEach(
        (way, server) ->
            measurements.add(
                counts -> {
                  Report.Row row = report.row(way.title);
                  measure(
                      bench, client, way, server, size, viewers, counts ? row : new Report.Row());
                }));
    bench.interleave(measurements);
    return report;
  }

  private static void measure(
      Bench bench,
      Child client,
      FanOut.Way way,
      Child server,
      int size,
      int viewers,
      Report.Row row)
      throws IOException, InterruptedException {
    Child.Answer ports = server.ask("port");
    client.ask(
        "connect port=%s count=%d feedback=%s %s"
            .formatted(
                ports.text("port"),
                viewers,
                ports.text("feedback"),
                server.line("viewers size=" + size)));
    Thread.sleep(500); // an upgraded viewer has yet to join, and the first window would pass it by
    server.ask("start size=%d window=%d".formatted(size, way.window / size));
    Thread.sleep(1000);
    Child.Answer client0 = client.ask("stats");
    Child.Answer server0 = server.ask("stats");
    Thread.sleep(bench.seconds() * 1000L);
    Child.Answer client1 = client.ask("stats");
    Child.Answer server1 = server.ask("stats");
    server.ask("stop");
    if (client1.number("errors") > 0) {
      throw new IOException(client1.text("error"));
    }
    client.ask("close");
    double frames = difference("frames", client0, client1);
    if (frames == 0) {
      throw new IOException("nothing arrived");
    }
    row.add(RATE, frames * 1e9 / difference("ns", client0, client1));
    row.add(CPU, difference("cpu", server0, server1) / 1e3 / frames);
    row.add(ALLOCATED, difference("allocated", server0, server1) / frames);
  }

  private static double difference(String key, Child.Answer before, Child.Answer after) {
    return after.number(key) - before.number(key);
  }
}
