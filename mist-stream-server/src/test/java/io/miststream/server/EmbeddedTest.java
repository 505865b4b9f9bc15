package io.miststream.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.miststream.core.topic.LogTopics;
import io.miststream.testkit.Frame;
import io.miststream.testkit.RawClient;
import jakarta.websocket.server.ServerApplicationConfig;
import jakarta.websocket.server.ServerEndpointConfig;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.glassfish.tyrus.container.grizzly.server.GrizzlyServerContainer;
import org.glassfish.tyrus.server.Server;
import org.glassfish.tyrus.server.TyrusServerContainer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The endpoints in a container that knows nothing of them: Tyrus's own. */
class EmbeddedTest {
  private final MemoryLogSource source = new MemoryLogSource();
  private final LogTopics topics = LogTopics.builder(source).linger(Duration.ZERO).build();
  private TyrusServerContainer container;
  private int port;

  private void serve(List<ServerEndpointConfig> endpoints) throws Exception {
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    container = (TyrusServerContainer) new GrizzlyServerContainer().createContainer(Map.of());
    for (ServerEndpointConfig endpoint : endpoints) {
      container.addEndpoint(endpoint);
    }
    container.start("/app", port);
  }

  private void servePinging(Duration interval) throws Exception {
    serve(
        StreamEndpoints.create()
            .withPingInterval(interval)
            .logs(topics, LogRequestParser.create()));
    source.app(1);
  }

  @AfterEach
  void stop() {
    if (container != null) {
      container.stop();
    }
    topics.close();
  }

  private RawClient open(String query) throws Exception {
    if (container == null) {
      serve(StreamEndpoints.create().logs(topics, LogRequestParser.create()));
    }
    return RawClient.open(port, "/app/ws/container/logs" + query);
  }

  @Test
  void streamsToTheEnd() throws Exception {
    source.app(1).print("one");
    try (RawClient viewer = open("?appId=1")) {
      assertThat(viewer.readText()).contains("\"type\":\"status\"");
      assertThat(viewer.readText()).contains("\"line\":\"one\"");
      for (int i = 0; i < 5000; i++) {
        source.app(1).print("line " + i + " é");
      }
      source.app(1).stop();
      for (int i = 0; i < 5000; i++) {
        assertThat(viewer.readText()).contains("\"line\":\"line " + i + " é\"");
      }
      assertThat(viewer.readText()).contains("exited");
      assertThat(viewer.readText()).contains("\"type\":\"end\"");
      assertThat(viewer.readClose()).isEqualTo(1000);
    }
  }

  @Test
  void badParametersAreOneErrorAndAClose() throws Exception {
    for (String query : new String[] {"", "?appId=abc", "?appId=1&grep=("}) {
      try (RawClient viewer = open(query)) {
        assertThat(viewer.readText())
            .contains("\"type\":\"error\"", "\"code\":\"invalid_request\"");
        assertThat(viewer.readClose()).isEqualTo(1008);
      }
    }
  }

  @Test
  void theSourcesErrorsArriveTheSame() throws Exception {
    try (RawClient viewer = open("?appId=404")) {
      assertThat(viewer.readText()).contains("Container not found");
      assertThat(viewer.readClose()).isEqualTo(1008);
    }
  }

  @Test
  void longMessagesAreClosedWith1009() throws Exception {
    source.app(1);
    try (RawClient viewer = open("?appId=1")) {
      assertThat(viewer.readText()).contains("status");
      viewer.sendText("é".repeat(8 << 10));
      viewer.sendFrame(true, RawClient.PING, "there?".getBytes(StandardCharsets.UTF_8));
      assertThat(viewer.readFrame().text()).isEqualTo("there?");
      viewer.sendText("é".repeat(8 << 10) + "x");
      assertThat(viewer.readClose()).isEqualTo(1009);
    }
  }

  @Test
  void aViewerThatLeavesIsForgotten() throws Exception {
    source.app(1);
    try (RawClient viewer = open("?appId=1")) {
      assertThat(viewer.readText()).contains("status");
      assertThat(topics.topics()).isEqualTo(1);
      viewer.reset();
      await().until(() -> topics.topics() == 0);
    }
  }

  @Test
  void aPeerThatAnswersPingsStays() throws Exception {
    servePinging(Duration.ofMillis(500));
    try (RawClient viewer = open("?appId=1")) {
      assertThat(viewer.readText()).contains("status");
      for (int i = 0; i < 3; i++) {
        Frame ping = viewer.readFrame();
        assertThat(ping.opcode()).isEqualTo(RawClient.PING);
        viewer.sendFrame(true, RawClient.PONG, ping.payload());
      }
      for (int i = 0; i < 3; i++) {
        assertThat(viewer.readFrame().opcode()).isEqualTo(RawClient.PING);
        viewer.sendText("any sign of life will do");
      }
      assertThat(topics.topics()).isEqualTo(1);
    }
  }

  @Test
  void aSilentPeerIsClosedAndForgotten() throws Exception {
    servePinging(Duration.ofMillis(200));
    try (RawClient viewer = open("?appId=1")) {
      assertThat(viewer.readText()).contains("status");
      assertThat(viewer.readFrame().opcode()).isEqualTo(RawClient.PING);
      assertThat(viewer.readClose()).isEqualTo(1011);
      await().until(() -> topics.topics() == 0);
    }
  }

  @Test
  void pingsAndLinesDoNotDisturbEachOther() throws Exception {
    servePinging(Duration.ofMillis(500));
    source.app(1).print("line 0", "line 1", "line 2", "line 3");
    try (RawClient viewer = open("?appId=1&tail=all")) {
      assertThat(viewer.readText()).contains("status");
      int lines = 0;
      for (int pings = 0; pings < 4; ) {
        Frame frame = viewer.readFrame();
        if (frame.opcode() == RawClient.PING) {
          viewer.sendFrame(true, RawClient.PONG, frame.payload());
          pings++;
        } else {
          assertThat(frame.text()).contains("\"line\":\"line " + lines + "\"");
          source.app(1).print("line " + (lines + 4)); // there is always something to send
          lines++;
        }
      }
      assertThat(lines).isGreaterThan(10);
    }
  }

  @Test
  void aPeerThatStopsReadingForManyIntervalsIsNotDead() throws Exception {
    // Time enough for a busy machine to read what lies before a ping.
    servePinging(Duration.ofSeconds(4));
    source.app(2);
    String line = "x".repeat(1 << 20);
    for (int i = 0; i < 20; i++) {
      source.app(1).print(line); // more than the system takes of what is not read
    }
    try (RawClient viewer = RawClient.connect(port, 8192)) {
      viewer.open("/app/ws/container/logs?appId=1&tail=all");
      assertThat(viewer.readText()).contains("status");
      try (RawClient other = open("?appId=2")) {
        assertThat(other.readText()).contains("status");
        for (int i = 0; i < 3; i++) {
          Frame ping = other.readFrame();
          assertThat(ping.opcode()).isEqualTo(RawClient.PING);
          other.sendFrame(true, RawClient.PONG, ping.payload());
        }
      }
      // Not to the end of the stream: Tyrus closes at once behind it, and what is still on its way
      // is lost with the answers to our pings that nobody has read.
      for (int i = 0; i < 20; i++) {
        assertThat(viewer.readText()).contains(line);
      }
    }
  }

  @Test
  void thePingIntervalIsChecked() {
    assertThatThrownBy(() -> StreamEndpoints.create().withPingInterval(Duration.ZERO))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("pingInterval must be positive");
  }

  /** The way an application deploys them: by a configuration that the container finds. */
  public static final class Application implements ServerApplicationConfig {
    static final MemoryLogSource SOURCE = new MemoryLogSource();
    static final LogTopics TOPICS = LogTopics.create(SOURCE);

    @Override
    public Set<ServerEndpointConfig> getEndpointConfigs(
        Set<Class<? extends jakarta.websocket.Endpoint>> found) {
      return new LinkedHashSet<>(StreamEndpoints.create().logs(TOPICS, LogRequestParser.create()));
    }

    @Override
    public Set<Class<?>> getAnnotatedEndpointClasses(Set<Class<?>> found) {
      return Set.of();
    }
  }

  @Test
  void anApplicationConfigurationWillDo() throws Exception {
    Application.SOURCE.app(1).print("found");
    Server server = new Server("localhost", -1, "/", Map.of(), Application.class);
    server.start();
    try (RawClient viewer = RawClient.open(server.getPort(), "/api/ws/container/logs?appId=1")) {
      assertThat(viewer.readText()).contains("status");
      assertThat(viewer.readText()).contains("found");
    } finally {
      server.stop();
    }
  }
}
