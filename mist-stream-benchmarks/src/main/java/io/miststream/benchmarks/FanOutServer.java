package io.miststream.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * A server process for one {@link FanOut.Way}. A {@link Child}, with these commands:
 *
 * <ul>
 *   <li>{@code port}: the servers' ports.
 *   <li>{@code viewers size=}: what to tell the load client besides.
 *   <li>{@code start size= (window=|rate=)}: publishes.
 *   <li>{@code once size=}: publishes one message.
 *   <li>{@code stop}: no more.
 *   <li>{@code stats}: CPU time, allocated bytes, threads, messages published.
 *   <li>{@code heap}: bytes in use after a collection.
 * </ul>
 */
final class FanOutServer {
  private static final OperatingSystemMXBean SYSTEM =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final Pace pace = new Pace();
  private final ServerSocket feedback = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
  private final FanOut fanOut;

  private FanOutServer(FanOut.Way way) throws Exception {
    fanOut = way.open(pace);
    start("feedback", this::readFeedback);
    if (!fanOut.publishesByItself()) {
      start("publisher", this::publish);
    }
  }

  private static void start(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
  }

  /** Serves commands until standard input ends. */
  public static void main(String[] arguments) throws Exception {
    Logger.getLogger("").setLevel(Level.WARNING);
    FanOutServer server = new FanOutServer(FanOut.Way.valueOf(arguments[0]));
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    System.out.println("ok");
    String command = in.readLine();
    while (command != null) {
      System.out.println("ok " + server.perform(command));
      command = in.readLine();
    }
    server.fanOut.close();
    System.exit(0);
  }

  private String perform(String command) throws InterruptedException, IOException {
    Map<String, String> values = Child.parse(command);
    LoadMessages messages = new LoadMessages(Integer.parseInt(values.getOrDefault("size", "200")));
    return switch (command.split(" ", -1)[0]) {
      case "port" -> "port=" + fanOut.port() + " feedback=" + feedback.getLocalPort();
      case "viewers" -> fanOut.viewers(Integer.parseInt(values.getOrDefault("size", "200")));
      case "start" -> start(messages, values);
      case "once" -> once(messages);
      case "stop" -> stop();
      case "stats" -> stats();
      case "heap" -> heap();
      default -> throw new IllegalArgumentException(command);
    };
  }

  private String start(LoadMessages messages, Map<String, String> values) {
    if (values.containsKey("rate")) {
      pace.atRate(messages, Double.parseDouble(values.getOrDefault("rate", "")));
    } else {
      pace.asFastAsTaken(messages, Long.parseLong(values.getOrDefault("window", "")));
    }
    return "";
  }

  private String once(LoadMessages messages) {
    long made = Clock.nanos();
    pace.once(messages);
    return "ns=" + made;
  }

  private String stop() {
    pace.pause();
    return "";
  }

  private String stats() throws IOException {
    return "cpu=%d allocated=%d threads=%d published=%d used=%d"
        .formatted(
            SYSTEM.getProcessCpuTime() + fanOut.otherCpu(),
            allocated(),
            THREADS.getThreadCount(),
            pace.published(),
            used());
  }

  private static String heap() throws InterruptedException {
    for (int i = 0; i < 3; i++) {
      System.gc();
      Thread.sleep(100);
    }
    return "used=" + used();
  }

  private static long used() {
    return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
  }

  private static long allocated() {
    long sum = 0;
    for (long bytes : THREADS.getThreadAllocatedBytes(THREADS.getAllThreadIds())) {
      sum += Math.max(0, bytes);
    }
    return sum;
  }

  private void publish() {
    try {
      while (true) {
        fanOut.publish(pace.next());
        if (!pace.isDue()) {
          fanOut.flush();
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void readFeedback() {
    while (true) {
      try (Socket from = feedback.accept();
          DataInputStream in = new DataInputStream(from.getInputStream())) {
        long since = pace.published();
        while (true) {
          pace.acknowledge(in.readLong(), since);
        }
      } catch (IOException e) {
        // the load client has closed this run
      }
    }
  }
}
