package io.miststream.benchmarks;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** From the start of the process to its first handshake, and the memory it takes. */
final class StartupBenchmark implements Benchmark {
  private static final int VIEWERS = 100;

  @Override
  public String name() {
    return "startup";
  }

  @Override
  public String summary() {
    return "process start to first accepted handshake, and resident memory then and with 100 viewers";
  }

  @Override
  public List<Report> run(Bench bench) throws Exception {
    Report report =
        new Report("Start-up", "first handshake, ms", "resident MiB then", "with 100 viewers");
    String archived = "-XX:SharedArchiveFile=" + Distribution.archive();
    System.err.print("startup:");
    try (Docker docker = Docker.open();
        Child client = bench.loadClient()) {
      docker.run(Docker.APP, List.of(), "sh", "-c", "while true; do echo a line; sleep 1; done");
      for (int round = 0; round <= bench.rounds(); round++) {
        Report of = round > 0 ? report : new Report("");
        measure(client, of.row(FanOut.Way.PRODUCT.title), "");
        measure(client, of.row("with its archive"), archived);
        System.err.print(round == 0 ? " warm" : " " + round);
      }
    }
    System.err.println();
    return List.of(report);
  }

  private static void measure(Child client, Report.Row row, String javaOptions)
      throws IOException, InterruptedException {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    long begun = System.nanoTime();
    Process process = Distribution.start(port, javaOptions);
    try {
      while (!handshake(port)) {
        Thread.sleep(1);
      }
      row.add("first handshake, ms", (System.nanoTime() - begun) / 1e6);
      row.add("resident MiB then", Child.residentBytes(process.pid()) / (1 << 20));
      client.ask(
          "connect port=%d path=/ws/container/logs?appId=%d count=%d"
              .formatted(port, Docker.APP, VIEWERS));
      client.ask("await frames=3");
      row.add("with 100 viewers", Child.residentBytes(process.pid()) / (1 << 20));
      client.ask("close");
    } finally {
      process.destroy();
      process.waitFor();
    }
  }

  private static boolean handshake(int port) {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      socket
          .getOutputStream()
          .write(
              LoadConnection.handshake(
                      "/ws/container/logs?appId=" + Docker.APP + "&tail=0", port, "")
                  .getBytes(StandardCharsets.ISO_8859_1));
      InputStream in = socket.getInputStream();
      return new String(in.readNBytes(12), StandardCharsets.ISO_8859_1).equals("HTTP/1.1 101");
    } catch (IOException e) {
      return false;
    }
  }
}
