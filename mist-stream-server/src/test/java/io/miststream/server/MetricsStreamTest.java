package io.miststream.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.miststream.core.BlockingPublisher;
import io.miststream.core.ContainerStats;
import io.miststream.core.ContainerStatus;
import io.miststream.core.ErrorCode;
import io.miststream.core.HostMetrics;
import io.miststream.core.StatsSource;
import io.miststream.core.StreamEnd;
import io.miststream.core.StreamException;
import io.miststream.core.metrics.MetricsTopic;
import io.miststream.core.metrics.StatsTopics;
import io.miststream.core.wire.WireCodec;
import io.miststream.testkit.RawClient;
import jakarta.websocket.server.ServerEndpointConfig;
import java.net.ServerSocket;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.glassfish.tyrus.container.grizzly.server.GrizzlyServerContainer;
import org.glassfish.tyrus.server.TyrusServerContainer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Execution(ExecutionMode.CONCURRENT)
class MetricsStreamTest {
  private static final Instant TIME = Instant.parse("2025-01-15T10:30:00Z");
  private static final ContainerStatus RUNNING =
      new ContainerStatus(
          TIME, null, "app", "running", "Up", "0123456789abcdef", "image", TIME, null, null);
  private static final ContainerStats STATS =
      new ContainerStats(TIME, "app", 99.5, 10, 100, 10, 1, 2, 3, 4, 5);
  private static final StreamEnd END = new StreamEnd(TIME, null, "Stats stream ended");

  private final ScriptedMetrics host = new ScriptedMetrics();
  private final MetricsTopic metrics =
      MetricsTopic.builder(host).linger(Duration.ofSeconds(60)).build();
  private final CountDownLatch stop = new CountDownLatch(1);

  /** App 1 has a container that runs until it is stopped, and no other app has any. */
  private final StatsSource containers =
      appId ->
          new BlockingPublisher(
              task -> new Thread(task, "test-stats"),
              out -> {
                if (appId != 1) {
                  throw new StreamException(ErrorCode.CONTAINER_NOT_FOUND, "Container not found");
                }
                out.emit(RUNNING);
                out.emit(STATS);
                stop.await();
                out.emit(END);
              });

  private final StatsTopics stats = StatsTopics.create(containers);
  private MistStreamServer server;

  @BeforeEach
  void start() {
    server = MistStreamServer.builder().metrics(metrics).stats(stats).port(0).start();
  }

  @AfterEach
  void stop() {
    stop.countDown();
    server.close();
    metrics.close();
    stats.close();
  }

  private static int number(RawClient viewer) throws Exception {
    return ((HostMetrics) WireCodec.decode(viewer.readText())).processes();
  }

  @Test
  void aThousandViewersEachGetOneSampleASecond() throws Exception {
    List<RawClient> viewers = new ArrayList<>();
    try {
      for (int i = 0; i < 1000; i++) {
        viewers.add(RawClient.open(server.port(), "/ws/metrics"));
      }
      int begin = host.samples.get();
      long began = System.nanoTime();
      for (RawClient viewer : viewers) {
        int first = number(viewer);
        while (first < begin) {
          first = number(viewer); // it came while the others were connecting
        }
        assertThat(number(viewer)).isEqualTo(first + 1);
        assertThat(number(viewer)).isEqualTo(first + 2);
      }
      // One a second, and one sampler: however long all this has taken on this machine.
      long seconds = Duration.ofNanos(System.nanoTime() - began).toSeconds();
      assertThat(host.samples.get() - begin).isBetween(2, (int) seconds + 2);
      assertThat(host.opened).hasValue(1);
    } finally {
      for (RawClient viewer : viewers) {
        viewer.close();
      }
    }
  }

  @Test
  void aStalledViewerGoesOnWithTheNewestAndDelaysNobody() throws Exception {
    host.padding = "x".repeat(600_000); // two of them are more than all buffers hold
    try (RawClient stalled = RawClient.connect(server.port(), 4096)) {
      stalled.open("/ws/metrics");
      try (RawClient reader = RawClient.open(server.port(), "/ws/metrics")) {
        int begin = number(reader);
        for (int i = 1; i <= 6; i++) {
          assertThat(number(reader)).isEqualTo(begin + i);
        }
      }
      int newest = host.samples.get();
      List<Integer> seen = new ArrayList<>(List.of(number(stalled)));
      while (seen.get(seen.size() - 1) < newest) {
        seen.add(number(stalled));
      }
      assertThat(seen).isSorted().doesNotHaveDuplicates().hasSizeBetween(2, 4);
      assertThat(host.opened).hasValue(1);
    }
  }

  @Test
  void historyComesFirst() throws Exception {
    try (RawClient first = RawClient.open(server.port(), "/ws/metrics?history=0")) {
      assertThat(number(first)).isEqualTo(1);
      assertThat(number(first)).isEqualTo(2);
      assertThat(number(first)).isEqualTo(3);
      try (RawClient all = RawClient.open(server.port(), "/ws/metrics?history=300");
          RawClient one = RawClient.open(server.port(), "/ws/metrics?history=1&x=y")) {
        for (int i = 1; i < 5; i++) {
          assertThat(number(all)).isEqualTo(i);
        }
        assertThat(number(one)).isBetween(2, 3);
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/ws/metrics?history=301 | history must be 0 to 300",
        "/ws/metrics?history=-1 | history must be 0 to 300",
        "/ws/metrics?history=abc | history must be 0 to 300",
        "/ws/metrics?history=1.5 | history must be 0 to 300",
        "/ws/metrics?history=99999999999999999999 | history must be 0 to 300",
        "/ws/metrics?history=1&history=2 | history is given more than once",
        "/ws/container/stats | appId is missing",
        "/ws/container/stats?appId=abc | appId must be a positive integer",
        "/ws/container/stats?appId=0 | appId must be a positive integer",
        "/api/ws/container/stats?appId=-1 | appId must be a positive integer",
      })
  void badParametersAreRefused(String target, String message) throws Exception {
    try (RawClient socket = RawClient.connect(server.port())) {
      socket.send(socket.handshake(target));
      RawClient.Response response = socket.readResponse(true);
      assertThat(response.status()).isEqualTo(400);
      assertThat(response.body())
          .isEqualTo("{\"error\":{\"code\":\"invalid_request\",\"message\":\"" + message + "\"}}");
    }
    assertThat(host.opened).hasValue(0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/ws/container/stats", "/api/ws/container/stats"})
  void statsGoFromTheStatusToTheEnd(String path) throws Exception {
    try (RawClient viewer = RawClient.open(server.port(), path + "?appId=1")) {
      assertThat(WireCodec.decode(viewer.readText())).isEqualTo(RUNNING);
      assertThat(viewer.readText())
          .isEqualTo(
              "{\"type\":\"stats\",\"timestamp\":\"2025-01-15T10:30:00Z\",\"data\":{"
                  + "\"container\":\"app\",\"cpu_percent\":99.5,\"memory_used_mb\":10.0,"
                  + "\"memory_limit_mb\":100.0,\"memory_percent\":10.0,\"network_rx_mb\":1.0,"
                  + "\"network_tx_mb\":2.0,\"block_read_mb\":3.0,\"block_write_mb\":4.0,"
                  + "\"pids\":5}}");
      stop.countDown();
      assertThat(WireCodec.decode(viewer.readText())).isEqualTo(END);
      assertThat(viewer.readClose()).isEqualTo(1000);
    }
  }

  @Test
  void anAppWithoutContainersIsToldSo() throws Exception {
    try (RawClient viewer = RawClient.open(server.port(), "/ws/container/stats?appId=2")) {
      assertThat(viewer.readText())
          .contains("\"message\":\"Container not found\",\"code\":\"container_not_found\"");
      assertThat(viewer.readClose()).isEqualTo(1008);
    }
    await().until(() -> stats.topics() == 0);
  }

  @Test
  void shuttingDownTellsViewersToComeBack() throws Exception {
    try (RawClient viewer = RawClient.open(server.port(), "/ws/metrics")) {
      number(viewer);
      Thread closing = new Thread(server::close);
      closing.start();
      assertThat(viewer.readClose()).isEqualTo(1001);
      viewer.sendClose(1001);
      closing.join();
    }
  }

  @Test
  void anotherContainerServesThemToo() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    TyrusServerContainer container =
        (TyrusServerContainer) new GrizzlyServerContainer().createContainer(Map.of());
    StreamEndpoints.create().addMetrics(container, metrics);
    StreamEndpoints.create().addStats(container, stats);
    container.start("/app", port);
    try (RawClient host = RawClient.open(port, "/app/ws/metrics");
        RawClient app = RawClient.open(port, "/app/ws/container/stats?appId=1");
        RawClient bad = RawClient.open(port, "/app/ws/metrics?history=301")) {
      assertThat(number(host)).isPositive();
      assertThat(WireCodec.decode(app.readText())).isEqualTo(RUNNING);
      assertThat(bad.readText()).contains("history must be 0 to 300", "invalid_request");
      assertThat(bad.readClose()).isEqualTo(1008);
    } finally {
      container.stop();
    }
  }

  @Test
  void everyEndpointHasItsPath() {
    assertThat(StreamEndpoints.create().metrics(metrics))
        .extracting(ServerEndpointConfig::getPath)
        .containsExactly("/ws/metrics");
    assertThat(StreamEndpoints.create().stats(stats))
        .extracting(ServerEndpointConfig::getPath)
        .containsExactly("/ws/container/stats", "/api/ws/container/stats");
  }
}
