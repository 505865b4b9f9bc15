package io.miststream.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.miststream.testkit.RawClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120) // what should not wait would wait for ever
class ShutdownTest {
  private static final int LINES = 2000;

  private final MemoryLogSource source = new MemoryLogSource();

  private static Set<String> threads() {
    Set<String> names = new TreeSet<>();
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      // The topics' pump, whose threads end by themselves, is not the server's.
      if (thread.getName().startsWith("mist-stream") || thread.getName().contains("rizzly")) {
        names.add(thread.getName());
      }
    }
    return names;
  }

  @Test
  void viewersGetWhatIsPendingAndThen1001() throws Exception {
    MistStreamServer server = MistStreamServer.builder().logs(source).port(0).start();
    int port = server.port();
    List<RawClient> viewers = new ArrayList<>();
    source.app(1);
    for (int i = 0; i < 20; i++) {
      RawClient viewer = RawClient.open(port, "/ws/container/logs?appId=1");
      assertThat(viewer.readText()).contains("status");
      viewers.add(viewer);
    }
    String fill = "x".repeat(500);
    for (int i = 0; i < LINES; i++) {
      source.app(1).print("line " + i + " " + fill);
    }
    try (RawClient first = RawClient.open(port, "/ws/container/logs?appId=1&tail=0")) {
      assertThat(first.readText()).contains("status");
      // A line that was printed last, and has arrived: the app's topic has all of them.
      source.app(1).print("last " + fill);
      String text = first.readText();
      while (!text.contains("last ")) {
        text = first.readText();
      }
    }
    Thread closing = new Thread(server::close);
    closing.start();
    ExecutorService readers = Executors.newFixedThreadPool(viewers.size());
    List<Future<?>> reads = new ArrayList<>();
    for (RawClient viewer : viewers) {
      reads.add(readers.submit(() -> getsEverythingAnd1001(viewer)));
    }
    for (Future<?> read : reads) {
      read.get();
    }
    readers.shutdown();
    closing.join();
    Awaitility.await().untilAsserted(() -> assertThat(threads()).isEmpty());
    new ServerSocket(port, 1, InetAddress.getLoopbackAddress()).close();
  }

  private static Void getsEverythingAnd1001(RawClient viewer) throws IOException {
    for (int i = 0; i < LINES; i++) {
      assertThat(viewer.readText()).contains("line " + i + " ");
    }
    assertThat(viewer.readText()).contains("last ");
    assertThat(viewer.readFrame().closeCode()).isEqualTo(1001);
    viewer.sendClose(1001);
    assertThat(viewer.isEnded()).isTrue();
    return null;
  }

  @Test
  void viewersThatDoNotReadOrAnswerDoNotHoldItUp() throws Exception {
    source.app(1);
    MistStreamServer server =
        MistStreamServer.builder()
            .logs(source)
            .port(0)
            .shutdownGrace(Duration.ofMillis(800))
            .start();
    try (RawClient silent = RawClient.open(server.port(), "/ws/container/logs?appId=1");
        RawClient reader = RawClient.open(server.port(), "/ws/container/logs?appId=1");
        RawClient stalled = RawClient.connect(server.port(), 8192)) {
      stalled.open("/ws/container/logs?appId=1");
      for (RawClient viewer : List.of(silent, reader, stalled)) {
        assertThat(viewer.readText()).contains("status");
      }
      String line = "x".repeat(1000);
      for (int i = 0; i < 3000; i++) {
        source.app(1).print(line);
      }
      for (int i = 0; i < 3000; i++) {
        assertThat(reader.readText()).contains(line);
      }
      server.close();
      assertThat(server.connections()).isZero();
    }
    Awaitility.await().untilAsserted(() -> assertThat(threads()).isEmpty());
  }

  @Test
  void closingTwiceIsFineAndAPortCanBeTakenAgain() {
    MistStreamServer server = MistStreamServer.builder().logs(source).port(0).start();
    int port = server.port();
    server.close();
    server.close();
    MistStreamServer.builder().logs(source).port(port).start().close();
  }

  @Test
  void aPortThatIsTakenIsNamed() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertThatThrownBy(
              () -> MistStreamServer.builder().logs(source).port(taken.getLocalPort()).start())
          .isInstanceOf(UncheckedIOException.class)
          .hasMessageContaining("127.0.0.1:" + taken.getLocalPort());
    }
    Awaitility.await().untilAsserted(() -> assertThat(threads()).isEmpty());
  }
}
