package io.miststream.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * Many WebSocket viewers at little cost: one thread that counts frames by their headers, and looks
 * into some for their number and their time. A {@link Child}, with these commands:
 *
 * <ul>
 *   <li>{@code connect port= path= count= [stalled=N] [feedback=PORT] [sample=N] [protocol= hello=
 *       unit=]}: connects, see {@link LoadConnection.Plan}; the first N never read; the number of
 *       frames that even the slowest of the others has goes to the feedback port, as longs.
 *   <li>{@code stats}: frames, bytes, the least and most of one connection, errors.
 *   <li>{@code latency}: percentiles, in microseconds, since the last time it was asked.
 *   <li>{@code await frames=N}: waits until every connection has N frames.
 *   <li>{@code awaitTotal frames=N}: waits until all together have N frames.
 *   <li>{@code awaitEnd}: waits until every connection is closed.
 *   <li>{@code close}: closes them all.
 * </ul>
 */
final class LoadClient implements Runnable {
  private static final int ADDRESSES = 100; // 127.0.1.1 and on; each has its own 28 000 ports
  private static final int CONNECTING = 64; // at a time
  private static final long FEEDBACK_NANOS = 200_000;

  private final Selector selector = Selector.open();
  private final ConcurrentLinkedQueue<FutureTask<String>> tasks = new ConcurrentLinkedQueue<>();
  private final ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20);

  private final List<LoadConnection> connections = new ArrayList<>();
  private long[] latencies = new long[1 << 22];
  private int latencyCount;
  private @Nullable SocketChannel feedback;
  private long feedbackSent;
  private long feedbackAt;

  private LoadClient() throws IOException {}

  /** Serves commands until standard input ends. */
  public static void main(String[] arguments) throws Exception {
    LoadClient client = new LoadClient();
    Thread thread = new Thread(client, "load");
    thread.setDaemon(true);
    thread.start();
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    System.out.println("ok");
    String command = in.readLine();
    while (command != null) {
      System.out.println("ok " + client.perform(command));
      command = in.readLine();
    }
  }

  private String perform(String command) throws Exception {
    Map<String, String> values = Child.parse(command);
    return switch (command.split(" ", -1)[0]) {
      case "connect" -> connect(values);
      case "stats" -> onLoop(this::stats);
      case "latency" -> onLoop(this::latency);
      case "await" -> {
        long frames = Long.parseLong(values.getOrDefault("frames", "1"));
        yield await(() -> connections.stream().allMatch(c -> c.stalled || c.frames >= frames));
      }
      case "awaitTotal" -> {
        long frames = Long.parseLong(values.getOrDefault("frames", "1"));
        yield await(() -> connections.stream().mapToLong(c -> c.frames).sum() >= frames);
      }
      case "awaitEnd" -> await(() -> connections.stream().allMatch(c -> c.closed));
      case "close" -> onLoop(this::close);
      default -> throw new IllegalArgumentException(command);
    };
  }

  private String await(Callable<Boolean> condition) throws Exception {
    FutureTask<String> asked;
    do {
      asked = new FutureTask<>(() -> condition.call() ? "ns=" + Clock.nanos() : "");
      tasks.add(asked);
      selector.wakeup();
      Thread.sleep(1);
    } while (asked.get().isEmpty());
    return asked.get();
  }

  private String onLoop(Callable<String> action) throws Exception {
    FutureTask<String> task = new FutureTask<>(action);
    tasks.add(task);
    selector.wakeup();
    return task.get();
  }

  private String connect(Map<String, String> values) throws Exception {
    int port = Integer.parseInt(values.getOrDefault("port", ""));
    int count = Integer.parseInt(values.getOrDefault("count", "1"));
    int stalled = Integer.parseInt(values.getOrDefault("stalled", "0"));
    String protocol = values.get("protocol");
    LoadConnection.Plan plan =
        new LoadConnection.Plan(
            values.getOrDefault("path", "/"),
            protocol == null ? "" : "Sec-WebSocket-Protocol: " + protocol + "\r\n",
            new String(
                HexFormat.of().parseHex(values.getOrDefault("hello", "")),
                StandardCharsets.ISO_8859_1),
            Integer.parseInt(values.getOrDefault("unit", "0")),
            Integer.parseInt(values.getOrDefault("sample", "16")));
    String feedbackPort = values.get("feedback");
    if (feedbackPort != null) {
      SocketChannel channel =
          SocketChannel.open(
              new InetSocketAddress(
                  InetAddress.getLoopbackAddress(), Integer.parseInt(feedbackPort)));
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      onLoop(
          () -> {
            feedback = channel;
            feedbackSent = 0;
            return "";
          });
    }
    long begun = System.nanoTime();
    List<LoadConnection> opened = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      if (i >= CONNECTING) {
        opened.get(i - CONNECTING).awaitOpen();
      }
      InetAddress from =
          InetAddress.getByAddress(new byte[] {127, 0, 1, (byte) (1 + i % ADDRESSES)});
      LoadConnection connection = new LoadConnection(this, port, plan, from, i < stalled);
      opened.add(connection);
      onLoop(
          () -> {
            connections.add(connection);
            connection.connect(selector);
            return "";
          });
    }
    for (LoadConnection connection : opened) {
      connection.awaitOpen();
    }
    return "ms=" + (System.nanoTime() - begun) / 1_000_000.0;
  }

  // -- the loop's thread

  @Override
  public void run() {
    try {
      while (true) {
        selector.select(feedback == null ? 100 : 1);
        FutureTask<String> task = tasks.poll();
        while (task != null) {
          task.run();
          task = tasks.poll();
        }
        for (SelectionKey key : selector.selectedKeys()) {
          if (key.isValid()) {
            ((LoadConnection) key.attachment()).ready(key, buffer);
          }
        }
        selector.selectedKeys().clear();
        sendFeedback();
      }
    } catch (IOException | RuntimeException e) {
      e.printStackTrace();
      System.exit(1);
    }
  }

  private void sendFeedback() throws IOException {
    SocketChannel to = feedback;
    long now = System.nanoTime();
    if (to == null || now - feedbackAt < FEEDBACK_NANOS) {
      return;
    }
    feedbackAt = now;
    long least = least();
    if (least > feedbackSent) {
      feedbackSent = least;
      ByteBuffer number = ByteBuffer.allocate(Long.BYTES).putLong(0, least);
      while (number.hasRemaining()) {
        to.write(number);
      }
    }
  }

  private long least() {
    long least = Long.MAX_VALUE;
    for (LoadConnection connection : connections) {
      if (!connection.stalled) {
        least = Math.min(least, connection.frames);
      }
    }
    return connections.isEmpty() ? 0 : least;
  }

  /** Notes how long a message took to get here. */
  void took(long nanos) {
    if (latencyCount < latencies.length) {
      latencies[latencyCount++] = nanos;
    }
  }

  private String stats() {
    long frames = 0;
    long bytes = 0;
    long most = 0;
    int open = 0;
    List<String> errors = new ArrayList<>();
    for (LoadConnection connection : connections) {
      frames += connection.frames;
      bytes += connection.bytes;
      most = Math.max(most, connection.frames);
      open += connection.closed ? 0 : 1;
      if (connection.error != null) {
        errors.add(connection.error.replace(' ', '_'));
      }
    }
    return "frames=%d bytes=%d least=%d most=%d open=%d ns=%d errors=%d%s"
        .formatted(
            frames,
            bytes,
            least(),
            most,
            open,
            System.nanoTime(),
            errors.size(),
            errors.isEmpty() ? "" : " error=" + errors.get(0));
  }

  private String latency() {
    long[] sorted = Arrays.copyOf(latencies, latencyCount);
    Arrays.sort(sorted);
    latencyCount = 0;
    if (sorted.length == 0) {
      return "count=0";
    }
    return "count=%d p50=%f p99=%f p999=%f max=%f"
        .formatted(
            sorted.length,
            micros(sorted, 0.5),
            micros(sorted, 0.99),
            micros(sorted, 0.999),
            micros(sorted, 1));
  }

  /** A quantile in microseconds. */
  static double micros(long[] sorted, double quantile) {
    int index = (int) Math.ceil(quantile * sorted.length) - 1;
    return sorted[Math.max(0, index)] / 1000.0;
  }

  private String close() throws IOException {
    for (LoadConnection connection : connections) {
      connection.close();
    }
    connections.clear();
    SocketChannel to = feedback;
    if (to != null) {
      to.close();
      feedback = null;
    }
    latencyCount = 0;
    return "";
  }
}
