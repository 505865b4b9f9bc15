package io.miststream.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.topic.LogTopics;
import jakarta.websocket.server.ServerApplicationConfig;
import jakarta.websocket.server.ServerEndpointConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.glassfish.tyrus.container.grizzly.server.GrizzlyServerContainer;
import org.glassfish.tyrus.server.Server;
import org.glassfish.tyrus.server.TyrusServerContainer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The endpoints in a container that knows nothing of them: Tyrus's own. */
class EmbeddedTest {
  private final MemoryLogSource source = new MemoryLogSource();
  private final LogTopics topics = LogTopics.create(source);
  private TyrusServerContainer container;
  private int port;

  @BeforeEach
  void start() throws Exception {
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    container = (TyrusServerContainer) new GrizzlyServerContainer().createContainer(Map.of());
    StreamEndpoints.addLogs(container, topics);
    container.start("/app", port);
  }

  @AfterEach
  void stop() {
    container.stop();
    topics.close();
  }

  private RawWebSocket open(String query) throws IOException {
    return RawWebSocket.open(port, "/app/ws/container/logs" + query);
  }

  @Test
  void streamsToTheEnd() throws IOException {
    source.app(1).print("one");
    try (RawWebSocket viewer = open("?appId=1")) {
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
      assertThat(viewer.readClose().closeCode()).isEqualTo(1000);
    }
  }

  @Test
  void badParametersAreOneErrorAndAClose() throws IOException {
    for (String query : new String[] {"", "?appId=abc", "?appId=1&grep=("}) {
      try (RawWebSocket viewer = open(query)) {
        assertThat(viewer.readText())
            .contains("\"type\":\"error\"", "\"code\":\"invalid_request\"");
        assertThat(viewer.readClose().closeCode()).isEqualTo(1008);
      }
    }
  }

  @Test
  void theSourcesErrorsArriveTheSame() throws IOException {
    try (RawWebSocket viewer = open("?appId=404")) {
      assertThat(viewer.readText()).contains("Container not found");
      assertThat(viewer.readClose().closeCode()).isEqualTo(1008);
    }
  }

  @Test
  void longMessagesAreClosedWith1009() throws IOException {
    source.app(1);
    try (RawWebSocket viewer = open("?appId=1")) {
      assertThat(viewer.readText()).contains("status");
      viewer.sendText("é".repeat(8 << 10));
      viewer.sendFrame(true, RawWebSocket.PING, "there?".getBytes(StandardCharsets.UTF_8));
      assertThat(viewer.readFrame().text()).isEqualTo("there?");
      viewer.sendText("é".repeat(8 << 10) + "x");
      assertThat(viewer.readClose().closeCode()).isEqualTo(1009);
    }
  }

  @Test
  void aViewerThatLeavesIsForgotten() throws Exception {
    source.app(1);
    try (RawWebSocket viewer = open("?appId=1")) {
      assertThat(viewer.readText()).contains("status");
      assertThat(topics.topics()).isEqualTo(1);
      viewer.reset();
    }
  }

  /** The way an application deploys them: by a configuration that the container finds. */
  public static final class Application implements ServerApplicationConfig {
    static final MemoryLogSource SOURCE = new MemoryLogSource();
    static final LogTopics TOPICS = LogTopics.create(SOURCE);

    @Override
    public Set<ServerEndpointConfig> getEndpointConfigs(
        Set<Class<? extends jakarta.websocket.Endpoint>> found) {
      return new LinkedHashSet<>(StreamEndpoints.logs(TOPICS, LogRequestParser.create()));
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
    try (RawWebSocket viewer =
        RawWebSocket.open(server.getPort(), "/api/ws/container/logs?appId=1")) {
      assertThat(viewer.readText()).contains("status");
      assertThat(viewer.readText()).contains("found");
    } finally {
      server.stop();
    }
  }
}
