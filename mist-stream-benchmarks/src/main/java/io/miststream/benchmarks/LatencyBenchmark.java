package io.miststream.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** From a container's write to a viewer's read, beside docker logs -f on the same container. */
final class LatencyBenchmark implements Benchmark {
  private static final int[] RATES = {100, 20_000};
  private static final int LONGER = 5; // a hundred lines a second need time for a percentile

  @Override
  public String name() {
    return "latency";
  }

  @Override
  public String summary() {
    return "print in the container to receipt, beside docker logs -f on the same container";
  }

  @Override
  public List<Report> run(Bench bench) throws Exception {
    Report report = new Report("Latency", "lines/s", "p50 µs", "p99 µs", "p99.9 µs");
    System.err.print("latency:");
    try (Docker docker = Docker.open();
        Distribution server = Distribution.serve();
        Child client = bench.loadClient()) {
      for (int rate : RATES) {
        String container = docker.run(Docker.APP + rate, printerMounts(), printer(rate));
        for (int round = 0; round <= bench.rounds(); round++) {
          measure(bench, server, client, container, rate, round > 0 ? report : new Report(""));
          System.err.print(round == 0 ? " warm" : " " + round);
        }
        docker.command("rm", "-f", container);
      }
    }
    System.err.println();
    return List.of(report);
  }

  /** The machine's own Java, for there is none in the image. */
  private static List<String> printerMounts() {
    return List.of("-v", "/:/host:ro");
  }

  private static String[] printer(int rate) {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    String classes =
        Path.of(System.getProperty("java.class.path").split(":", -1)[0])
            .toAbsolutePath()
            .toString();
    return new String[] {
      "chroot",
      "/host",
      java,
      "-Xmx64m",
      "-XX:-UsePerfData",
      "-cp",
      classes,
      ClockPrinter.class.getName(),
      String.valueOf(rate)
    };
  }

  private static void measure(
      Bench bench, Distribution server, Child client, String container, int rate, Report report)
      throws IOException, InterruptedException {
    DockerLogs beside = new DockerLogs(container);
    client.ask(
        "connect port=%d path=/ws/container/logs?appId=%d&tail=0 count=1 sample=1"
            .formatted(server.port(), Docker.APP + rate));
    Thread.sleep(1000);
    client.ask("latency");
    beside.take();
    Thread.sleep(bench.seconds() * 1000L * LONGER);
    Child.Answer ours = client.ask("latency");
    long[] theirs = beside.take();
    beside.close();
    client.ask("close");
    report
        .row(FanOut.Way.PRODUCT.title + ", " + rate + " lines/s")
        .add("lines/s", ours.number("count") / bench.seconds() / LONGER)
        .add("p50 µs", ours.number("p50"))
        .add("p99 µs", ours.number("p99"))
        .add("p99.9 µs", ours.number("p999"));
    report
        .row("docker logs -f, " + rate + " lines/s")
        .add("lines/s", (double) theirs.length / bench.seconds() / LONGER)
        .add("p50 µs", LoadClient.micros(theirs, 0.5))
        .add("p99 µs", LoadClient.micros(theirs, 0.99))
        .add("p99.9 µs", LoadClient.micros(theirs, 0.999));
  }

  /** Reads what the docker command prints. */
  private static final class DockerLogs implements AutoCloseable {
    private final Process process;
    private long[] latencies = new long[1 << 20];
    private int count;

    DockerLogs(String container) throws IOException {
      process = new ProcessBuilder("docker", "logs", "-f", "--tail", "0", container).start();
      Thread thread = new Thread(this::read, "docker-logs");
      thread.setDaemon(true);
      thread.start();
    }

    private void read() {
      try (BufferedReader lines = process.inputReader(StandardCharsets.ISO_8859_1)) {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
          long printed = Long.parseLong(line, 3, line.indexOf(' '), 10);
          took(Clock.nanos() - printed);
        }
      } catch (IOException e) {
        // ended
      }
    }

    private synchronized void took(long nanos) {
      if (count < latencies.length) {
        latencies[count++] = nanos;
      }
    }

    /** What was measured since the last time, sorted. */
    synchronized long[] take() {
      long[] taken = Arrays.copyOf(latencies, count);
      Arrays.sort(taken);
      count = 0;
      return taken;
    }

    @Override
    public void close() {
      process.destroy();
    }
  }
}
