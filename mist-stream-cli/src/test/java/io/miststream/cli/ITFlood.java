package io.miststream.cli;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.docker.testing.DockerFixture;
import io.miststream.docker.testing.TestContainer;
import io.miststream.testkit.RawClient;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.Future;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two thousand connections a second, in front of a server with little memory: enough of them to
 * reach each limit, and ten times as many, with the default limits, where the system property
 * {@code mist.long} is set.
 */
@Tag("docker")
class ITFlood {
  private static final boolean LONG = Boolean.getBoolean("mist.long");
  private static final int PER_SECOND = 2000;
  private static final int MOST_HTTP = LONG ? 4000 : 400; // connections that are no WebSockets

  @AutoClose private static DockerFixture docker;

  @BeforeAll
  static void connect() {
    docker = DockerFixture.connect();
  }

  @Test
  void theTotalIsKeptAndViewersLoseNothing() throws Exception {
    // A third of the flood wants to be a WebSocket: far too many for the total, few per address.
    Flood flood = LONG ? flood(200, 20_000) : flood(40, 2000);
    assertThat(flood.answers(503)).isPositive();
    assertThat(flood.answers(429)).isZero();
  }

  @Test
  void eachAddressHasItsShareAndViewersLoseNothing() throws Exception {
    Flood flood =
        LONG
            ? flood(10_000, 10_000, "--max-handshakes", "5")
            : flood(10_000, 3000, "--max-handshakes", "5");
    assertThat(flood.answers(429)).isPositive();
    assertThat(flood.answers(503)).isZero();
  }

  @Test
  void handshakesThatNobodyFinishesLeaveRoomForOthers(@TempDir Path directory) throws Exception {
    TestCertificate certificate = TestCertificate.ec("localhost");
    Path pem = directory.resolve("cert.pem");
    Path key = directory.resolve("key.pem");
    certificate.write(pem, key);
    SSLContext trust = TestCertificate.trust(certificate);
    HttpClient http = HttpClient.newBuilder().sslContext(trust).build();
    try (ServerProcess server =
            ServerProcess.start(
                docker.host(),
                Map.of("MIST_JAVA_OPTS", "-Xmx256m"),
                "--tls-cert",
                "" + pem,
                "--tls-key",
                "" + key,
                "--max-tls-handshakes",
                LONG ? "20" : "5",
                "--handshake-timeout",
                "10m",
                "--linger",
                "1s",
                "--metrics-history",
                "false"); // it would begin in the middle
        NumberedLines lines = NumberedLines.start(docker, server, 5, http)) {
      HalfHandshakes.flood(server.uri(), 200, PER_SECOND); // whatever is loaded and begun once
      ServerLoad before = ServerLoad.withHeap(server);
      int halfHandshakes = LONG ? 20_000 : 2000;
      Future<Duration> flood =
          ForkJoinPool.commonPool()
              .submit(() -> HalfHandshakes.flood(server.uri(), halfHandshakes, PER_SECOND));
      List<Duration> honest = new ArrayList<>();
      do {
        honest.add(shakeHands(server.uri(), trust));
        docker.container().run("true").remove(); // events about others must not cost threads
      } while (!flood.isDone());
      System.out.printf("ITFlood: %d handshakes begun in %s%n", halfHandshakes, flood.get());
      System.out.printf(
          "ITFlood: %d others meanwhile, the slowest in %s%n",
          honest.size(), Collections.max(honest));
      ServerLoad.awaitRest(server, before);
      lines.endAndExpectAll();
      System.out.printf("ITFlood: after: %s%n", ServerLoad.awaitHeap(server, before));
      assertThat(server.isAlive()).isTrue();
      assertThat(server.errors()).isEmpty();
    }
  }

  /** Asks for a page on a connection of its own, as an honest client; returns how long it took. */
  private static Duration shakeHands(URI server, SSLContext trust) throws IOException {
    long begun = System.nanoTime();
    try (Socket socket =
        trust.getSocketFactory().createSocket(server.getHost(), server.getPort())) {
      socket.setSoTimeout(120_000);
      socket
          .getOutputStream()
          .write("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(US_ASCII));
      byte[] answer = socket.getInputStream().readNBytes(12);
      assertThat(new String(answer, US_ASCII)).isEqualTo("HTTP/1.1 200");
    }
    return Duration.ofNanos(System.nanoTime() - begun);
  }

  @Test
  void whereNoDescriptorIsLeftWhoeverIsSilentMakesRoom() throws Exception {
    List<RawClient> silent = new ArrayList<>();
    try (ServerProcess server =
        ServerProcess.start(docker.host(), Map.of(), "--handshake-timeout", "10m")) {
      long few = ServerLoad.of(server).descriptorCount() + 50;
      Process limit =
          new ProcessBuilder("prlimit", "--pid", "" + server.pid(), "--nofile=" + few).start();
      assertThat(limit.waitFor()).isZero();
      for (int i = 0; i < 100; i++) {
        silent.add(new RawClient(server.uri(), "127.0.0.2"));
      }
      try (RawClient honest = new RawClient(server.uri(), "127.0.0.1")) {
        assertThat(honest.send(honest.head("/health") + "\r\n").readHead()).contains(" 200 ");
      }
      assertThat(server.errors().split("Cannot accept connections: ", -1)).hasSize(2); // said once
    } finally {
      for (RawClient client : silent) {
        client.close();
      }
    }
  }

  private static Flood flood(int maxConnections, int clients, String... more) throws Exception {
    List<String> options =
        new ArrayList<>(
            List.of(
                "--max-connections",
                "" + maxConnections,
                "--max-http-connections",
                "" + MOST_HTTP,
                "--linger",
                "1s",
                "--metrics-history",
                "false"));
    options.addAll(List.of(more));
    TestContainer silent = docker.container().runSilent();
    String view = "/ws/container/logs?appId=" + silent.appId();
    try (ServerProcess server =
            ServerProcess.start(
                docker.host(),
                Map.of("MIST_JAVA_OPTS", "-Xmx256m"),
                options.toArray(String[]::new));
        NumberedLines lines = NumberedLines.start(docker, server, 5)) {
      int staying = Math.min(PER_SECOND, clients / 4);
      // Loads and starts what is needed once.
      new Flood(server.uri(), view, staying).run(200, PER_SECOND);
      ServerLoad before = ServerLoad.withHeap(server);
      Flood flood = new Flood(server.uri(), view, staying);
      Watch watch = Watch.start(server);
      try (watch) {
        flood.run(clients, PER_SECOND);
      }
      System.out.printf("ITFlood: %s%n", flood);
      System.out.printf("ITFlood: before: %s; at most: %s%n", before, watch);
      ServerLoad.awaitRest(server, before);
      lines.endAndExpectAll();
      System.out.printf("ITFlood: after: %s%n", ServerLoad.awaitHeap(server, before));
      assertThat(flood.connected()).isEqualTo(clients);
      assertThat(flood.answers(101)).isPositive();
      assertThat(flood.answers(404)).isPositive();
      assertThat(flood.answers(200)).isPositive();
      assertThat(flood.noRetryAfter()).isZero();
      assertThat(flood.mostViewing()).isLessThanOrEqualTo(maxConnections - lines.viewers());
      assertThat(watch.answers()).isPositive();
      // Some that are closed take a moment to be gone.
      assertThat(watch.descriptors())
          .isLessThan(before.descriptorCount() + flood.mostViewing() + MOST_HTTP + 500);
      assertThat(watch.connections()).isLessThanOrEqualTo(maxConnections);
      assertThat(server.isAlive()).isTrue();
      assertThat(server.errors()).isEmpty();
      return flood;
    } finally {
      silent.remove();
    }
  }
}
