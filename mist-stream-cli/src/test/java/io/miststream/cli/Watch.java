package io.miststream.cli;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Looks ten times a second at what a server holds, and keeps the most of each. */
final class Watch implements AutoCloseable {
  private static final Pattern CONNECTIONS = Pattern.compile("(?m)^miststream_connections (\\d+)");

  private final ServerProcess server;
  private final URI figures;
  private final CountDownLatch stopped = new CountDownLatch(1);
  private final Thread thread = new Thread(this::run);

  // Of the thread, until it has ended.
  private long descriptors;
  private long threads;
  private long connections;
  private int answers;
  private int failures;
  private long slowestNanos;

  private Watch(ServerProcess server) {
    this.server = server;
    figures = server.uri().resolve("/metrics");
  }

  static Watch start(ServerProcess server) {
    Watch watch = new Watch(server);
    watch.thread.start();
    return watch;
  }

  private void run() {
    try {
      while (!stopped.await(100, TimeUnit.MILLISECONDS)) {
        ServerLoad now = ServerLoad.of(server);
        descriptors = Math.max(descriptors, now.descriptorCount());
        threads = Math.max(threads, now.threadCount());
        ask();
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Asks for the figures, as an honest client would that has nothing open yet. */
  private void ask() {
    long begun = System.nanoTime();
    try {
      URLConnection connection = figures.toURL().openConnection();
      connection.setRequestProperty("Connection", "close");
      try (InputStream in = connection.getInputStream()) {
        String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        Matcher open = CONNECTIONS.matcher(text);
        if (open.find()) {
          connections = Math.max(connections, Long.parseLong(open.group(1)));
          answers++;
        }
      }
    } catch (IOException e) {
      failures++;
    }
    slowestNanos = Math.max(slowestNanos, System.nanoTime() - begun);
  }

  /** Most WebSockets at once, as the server counts them. */
  long connections() {
    return connections;
  }

  /** Most files and sockets that were open. */
  long descriptors() {
    return descriptors;
  }

  /** How often it was answered. */
  int answers() {
    return answers;
  }

  @Override
  public void close() throws InterruptedException {
    stopped.countDown();
    thread.join();
  }

  @Override
  public String toString() {
    return String.format(
        "%d descriptors, %d threads, %d WebSockets; %d requests answered, the slowest after"
            + " %d ms, %d not",
        descriptors,
        threads,
        connections,
        answers,
        TimeUnit.NANOSECONDS.toMillis(slowestNanos),
        failures);
  }
}
