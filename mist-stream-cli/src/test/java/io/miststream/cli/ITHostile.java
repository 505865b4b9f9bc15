package io.miststream.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.miststream.docker.testing.DockerFixture;
import io.miststream.docker.testing.TestContainer;
import io.miststream.testkit.Frame;
import io.miststream.testkit.RawClient;
import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Clients of every bad kind, all at once: the server must answer each or cut it off as the protocol
 * says, viewers must lose nothing meanwhile, and nothing must be left of it.
 *
 * <p>Each attack runs a number of rounds; with the system property {@code mist.long} all of them go
 * on for a minute.
 */
@Tag("docker")
class ITHostile {
  private static final boolean LONG = Boolean.getBoolean("mist.long");
  private static final Duration AT_LEAST = LONG ? Duration.ofMinutes(1) : Duration.ZERO;
  private static final int MAX_HANDSHAKES = LONG ? 3000 : 200; // a minute, per address
  private static final Duration HANDSHAKE_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  /** What a client does with its connection; returns what became of it. */
  private interface Attack {
    String on(RawClient client) throws Exception;
  }

  private final SortedMap<String, Integer> outcomes = new ConcurrentSkipListMap<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final List<Future<?>> attackers = new ArrayList<>();
  private int kinds; // that have started, each with an address of its own
  private ServerProcess server;
  private String view; // path and query of a stream in which nothing is said
  private long end; // System.nanoTime

  @Test
  @Timeout(value = 10, unit = TimeUnit.MINUTES) // the flood goes on until the server refuses it
  void nothingIsLeftOfHostileClientsAndViewersLoseNothing() throws Exception {
    try (DockerFixture docker = DockerFixture.connect();
        ServerProcess started =
            ServerProcess.start(
                docker.host(),
                Map.of("MIST_JAVA_OPTS", "-Xmx128m"),
                "--ping-interval",
                "5s",
                "--handshake-timeout",
                HANDSHAKE_TIMEOUT.toSeconds() + "s",
                "--linger",
                "1s",
                "--metrics-history",
                "false", // it would begin in the middle
                "--max-handshakes",
                "" + MAX_HANDSHAKES,
                "--max-inbound-rate",
                "200"); // fragments of a message that is too long are fewer
        NumberedLines lines = NumberedLines.start(docker, started, 3)) {
      server = started;
      TestContainer silent = docker.container().runSilent();
      view = "/ws/container/logs?appId=" + silent.appId();
      attack(1, 0, Duration.ZERO, 101); // loads and starts what is needed once
      ServerLoad before = ServerLoad.withHeap(server);
      outcomes.clear();
      Watch watch = Watch.start(server);
      try (watch) {
        attack(20, 20, AT_LEAST, 429);
      }
      System.out.printf("ITHostile: %s%n", outcomes);
      System.out.printf("ITHostile: before: %s; at most: %s%n", before, watch);
      ServerLoad.awaitRest(server, before);
      lines.endAndExpectAll();
      System.out.printf("ITHostile: after: %s%n", ServerLoad.awaitHeap(server, before));
      silent.remove();
      assertThat(outcomes).containsKeys("flood of handshakes: 101", "flood of handshakes: 429");
      assertThat(server.isAlive()).isTrue();
      assertThat(server.errors()).isEmpty();
    } finally {
      threads.shutdownNow();
    }
  }

  /**
   * Runs every attack, many rounds of the quick ones, and all of them for at least some time.
   *
   * @param slow clients of each kind that takes its time
   * @param lastOfFlood what the flood of handshakes has to be answered before it may end
   */
  private void attack(int rounds, int slow, Duration atLeast, int lastOfFlood) throws Exception {
    end = System.nanoTime() + atLeast.toNanos();
    kinds = 0;
    String flood = "flood of handshakes";
    attack(
        flood,
        () -> isOver() && outcomes.containsKey(flood + ": " + lastOfFlood),
        2,
        this::handshakes);
    kinds++;
    attack("slow header", slow, 1, 1, ITHostile::slowHeader);
    attack("half open", slow, 1, 1, this::halfOpen);
    attack("pings", 1, rounds / 5, 1, this::pings);
    attack("pings, pongs unread", 1, rounds / 5, 500, this::pingsUnread);
    attack("giant header", 1, rounds, 50, ITHostile::giantHeader);
    attack("endless header", 1, rounds, 50, ITHostile::endlessHeader);
    attack("frame of 1 GiB", 1, rounds, 20, this::giantFrame);
    attack("fragments without end", 1, rounds, 20, this::fragments);
    attack("empty fragments", 1, rounds / 5, 50, this::emptyFragments);
    attack("compression", 1, rounds, 20, this::compression);
    attack("paths", 1, 2 * rounds, 20, ITHostile::paths);
    attack("line ends in parameters", 1, 2 * rounds, 20, ITHostile::lineEnds);
    attack("opens and drops", 2, 2 * rounds, 5, this::opensAndDrops);
    for (Future<?> attacker : attackers) {
      attacker.get();
    }
    attackers.clear();
  }

  /** Has clients attack again and again, each kind from an address of its own. */
  private void attack(String name, int clients, int rounds, int pauseMillis, Attack attack) {
    for (int i = 0; i < clients; i++) {
      AtomicInteger left = new AtomicInteger(Math.max(1, rounds));
      attack(name, () -> left.decrementAndGet() <= 0 && isOver(), pauseMillis, attack);
    }
    kinds++;
  }

  private void attack(String name, BooleanSupplier over, int pauseMillis, Attack attack) {
    String from = "127.0.1." + (1 + kinds);
    attackers.add(
        threads.submit(
            () -> {
              do {
                try (RawClient client = new RawClient(server.uri(), from)) {
                  outcomes.merge(name + ": " + attack.on(client), 1, Integer::sum);
                } catch (Exception | AssertionError e) {
                  throw new AssertionError(name + " failed", e);
                }
                pause(pauseMillis);
              } while (!over.getAsBoolean());
              return null;
            }));
  }

  private boolean isOver() {
    return System.nanoTime() - end >= 0;
  }

  /** Sets an attack's pace. */
  private static void pause(long millis) {
    LockSupport.parkNanos(Duration.ofMillis(millis).toNanos());
  }

  /** Sends a byte now and then, until the server has had enough. */
  private static String slowHeader(RawClient client) throws IOException {
    client.send(client.head("/"));
    await()
        .pollInterval(HANDSHAKE_TIMEOUT.dividedBy(4))
        .atMost(PATIENCE)
        .until(() -> isCutOff(client, "X"));
    return "cut";
  }

  private static boolean isCutOff(RawClient client, String next) throws IOException {
    try {
      client.send(next);
      return false;
    } catch (SocketException cut) {
      return true;
    }
  }

  /** As one that has gone without a word: what comes is never answered. */
  private String halfOpen(RawClient client) throws IOException {
    client.open(view);
    assertThat(client.readAll()).contains("\"status\"");
    return "cut";
  }

  private String handshakes(RawClient client) throws IOException {
    client.send(client.handshake(view));
    String head = client.readHead();
    int status = RawClient.status(head);
    assertThat(status).isIn(101, 429);
    if (status == 429) {
      assertThat(head).contains("\r\nRetry-After: ");
    }
    return "" + status;
  }

  /** Ten thousand a second, as far as they are answered, for five seconds. */
  private String pings(RawClient client) throws IOException {
    byte[] hundred = new byte[600];
    for (int i = 0; i < 100; i++) {
      System.arraycopy(RawClient.frame(0x80 | RawClient.PING, 0), 0, hundred, 6 * i, 6);
    }
    client.open(view);
    long begun = System.nanoTime();
    for (int i = 0; i < 500; i++) {
      pause(10L * i - Duration.ofNanos(System.nanoTime() - begun).toMillis());
      client.send(hundred);
      for (int pongs = 0; pongs < 100; ) {
        Frame frame = client.readFrame();
        pongs += frame.opcode() == RawClient.PONG ? 1 : 0;
        if (frame.opcode() == RawClient.CLOSE) {
          return "closed " + frame.value();
        }
      }
      outcomes.merge("pings: hundreds answered", 1, Integer::sum);
    }
    return "done";
  }

  /** So many are too many, and who does not read that either is cut off. */
  private String pingsUnread(RawClient client) throws IOException {
    byte[] ping = RawClient.frame(0x80 | RawClient.PING, 125);
    client.open(view);
    return sendUntilCut(client, ping);
  }

  private static String giantHeader(RawClient client) throws IOException {
    try {
      client.send(client.head("/") + "X: " + "x".repeat(1 << 20) + "\r\n\r\n");
    } catch (SocketException cut) {
      return "cut";
    }
    String answer = client.readAll();
    if (answer.isEmpty()) {
      return "cut";
    }
    assertThat(RawClient.status(answer)).isBetween(400, 431);
    return "" + RawClient.status(answer);
  }

  private static String endlessHeader(RawClient client) throws IOException {
    byte[] line = "X-Y: zzzzzzzzzzzzzzzzzzzzzzzzzzzzz\r\n".getBytes(ISO_8859_1);
    client.send(client.head("/"));
    return sendUntilCut(client, line);
  }

  private static String sendUntilCut(RawClient client, byte[] bytes) {
    long begun = System.nanoTime();
    try {
      while (System.nanoTime() - begun < PATIENCE.toNanos()) {
        client.send(bytes);
      }
    } catch (IOException cut) {
      return "cut";
    }
    throw new AssertionError("still there after " + PATIENCE);
  }

  private String giantFrame(RawClient client) throws IOException {
    byte[] header = ByteBuffer.allocate(14).putShort((short) 0x81FF).putLong(1 << 30).array();
    client.open(view).send(header);
    assertThat(client.readClose()).isEqualTo(1009);
    client.readAll();
    return "1009";
  }

  private String fragments(RawClient client) throws IOException {
    client.open(view).send(RawClient.frame(RawClient.TEXT, 100));
    int code = 0;
    for (int i = 0; i < 1000 && code == 0; i++) {
      client.send(RawClient.frame(RawClient.CONTINUATION, 100));
      code = client.hasInput() ? closeAmongThese(client) : 0;
    }
    assertThat(code == 0 ? client.readClose() : code).isEqualTo(1009);
    return "1009";
  }

  private static int closeAmongThese(RawClient client) throws IOException {
    Frame frame = client.readFrame();
    return frame.opcode() == RawClient.CLOSE ? (int) frame.value() : 0;
  }

  /** No bytes, so no message that is too long; they are read and forgotten. */
  private String emptyFragments(RawClient client) throws IOException {
    byte[] empty = RawClient.frame(RawClient.CONTINUATION, 0);
    client.open(view).send(RawClient.frame(RawClient.TEXT, 0));
    try {
      for (int i = 0; i < 10_000; i++) {
        client.send(empty);
      }
      client.send(RawClient.frame(0x80 | RawClient.CLOSE, 0));
    } catch (SocketException cut) {
      return "cut";
    }
    client.readAll();
    return "closed";
  }

  private String compression(RawClient client) throws IOException {
    client.send(
        client.handshake(
            view,
            "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, x-gzip",
            "Accept-Encoding: gzip, deflate, br"));
    String head = client.readHead();
    assertThat(RawClient.status(head)).isEqualTo(101);
    assertThat(head).doesNotContainIgnoringCase("extensions").doesNotContainIgnoringCase("encod");
    // A frame that says it is compressed.
    client.send(RawClient.frame(0xC1, 10));
    assertThat(client.readClose()).isEqualTo(1002);
    return "not offered, 1002";
  }

  private static final List<String> PATHS =
      List.of(
          "/../../../../etc/passwd",
          "/..%2f..%2f..%2f..%2fetc/passwd",
          "/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
          "/.%252e/.%252e/etc/passwd",
          "//etc/passwd",
          "/..\\..\\etc\\passwd",
          "/app.js/../../../etc/passwd",
          "/api/deployments/..%2f..%2f1/logs",
          "/api/deployments/1/../../../etc/passwd",
          "/assets/%00/etc/passwd",
          "file:///etc/passwd");

  private static String paths(RawClient client) throws IOException {
    String path = PATHS.get(ThreadLocalRandom.current().nextInt(PATHS.size()));
    client.send(client.head(path) + "Connection: close\r\n\r\n");
    String answer = client.readAll();
    assertThat(RawClient.status(answer)).as(path).isBetween(400, 404);
    assertThat(answer).doesNotContain("root:");
    return "" + RawClient.status(answer);
  }

  private static final List<String> LINE_ENDS =
      List.of(
          "/ws/container/logs?appId=1%0d%0aX-Injected:%20yes",
          "/ws/container/logs?appId=1&grep=%0d%0a%0d%0aX-Injected:%20yes",
          "/ws/container/logs?appId=%0d%0aX-Injected:%20yes",
          "/ws/%0d%0aX-Injected:%20yes",
          "/nothing%0d%0aX-Injected:%20yes%0d%0a%0d%0a<html>",
          "/nothing?x=\rX-Injected:yes",
          "/nothing?x=\u0085X-Injected:yes",
          "/api/deployments?appId=1%0d%0aX-Injected:%20yes");

  /** Whatever the answer is, its header is the server's own. */
  private static String lineEnds(RawClient client) throws IOException {
    String target = LINE_ENDS.get(ThreadLocalRandom.current().nextInt(LINE_ENDS.size()));
    boolean handshake = ThreadLocalRandom.current().nextBoolean();
    client.send(
        handshake
            ? client.handshake(target, "Sec-WebSocket-Protocol: a%0d%0aX-Injected: yes")
            : client.head(target) + "Connection: close\r\n\r\n");
    String head = client.readHead();
    assertThat(head.split("[\r\n\u0085]+", -1))
        .as(target)
        .noneMatch(line -> line.startsWith("X-Injected"));
    return "" + RawClient.status(head);
  }

  private String opensAndDrops(RawClient client) throws IOException {
    String request = client.handshake(view);
    int how = ThreadLocalRandom.current().nextInt(6);
    switch (how) {
      case 0 -> client.send(request.substring(0, request.length() / 2));
      case 1 -> client.send(request);
      case 2 -> client.send(request).readHead();
      case 3 -> client.send(request).send(RawClient.frame(RawClient.TEXT, 20)).readHead();
      case 4 -> client.send(client.head("/")).send("\r\n").readHead();
      default -> {}
    }
    if (how % 2 == 0) {
      client.reset();
    }
    return "done";
  }
}
