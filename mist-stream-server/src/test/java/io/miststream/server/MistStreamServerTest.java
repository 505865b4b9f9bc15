package io.miststream.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.miststream.core.AppCatalogue;
import io.miststream.server.security.AccessPolicy;
import io.miststream.testkit.Frame;
import io.miststream.testkit.RawClient;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("jdk")
class MistStreamServerTest {
  private final MemoryLogSource source = new MemoryLogSource();
  private final MistStreamServer server = MistStreamServer.builder().logs(source).port(0).start();

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void settingsAreCheckedWhereTheyAreMade() {
    MistStreamServer.Builder builder = MistStreamServer.builder();
    refused("the limit of tail must not be negative", () -> builder.maxTail(-1));
    refused("port", () -> builder.port(65_536));
    refused("pingInterval must be positive", () -> builder.pingInterval(Duration.ZERO));
    refused("handshakeTimeout", () -> builder.handshakeTimeout(Duration.ofMillis(-1)));
    refused("stallTimeout must be positive", () -> builder.stallTimeout(Duration.ZERO));
    refused("closeGrace must be positive", () -> builder.closeGrace(Duration.ZERO));
    refused("maxConnections must be positive", () -> builder.maxConnections(0));
    refused("maxConnectionsPerUser", () -> builder.maxConnectionsPerUser(0));
    refused("maxConnectionsPerAddress", () -> builder.maxConnectionsPerAddress(0));
    refused("maxHandshakesPerMinute", () -> builder.maxHandshakesPerMinute(0));
    refused("maxEventBytes must be positive", () -> builder.maxEventBytes(0));
    refused("bodyPause must be positive", () -> builder.bodyPause(Duration.ZERO));
    refused("shutdownGrace must be 0 to 4 s", () -> builder.shutdownGrace(Duration.ofSeconds(5)));
    refused(
        "is not an origin",
        MistStreamServer.builder()
                .authentication(token -> null, AccessPolicy.ALL)
                .allowedOrigins(Set.of("https://mist.example.com/"))
            ::start);
    refused("there is nothing to serve", builder::start);
    refused("there is nothing to serve", builder.catalogue(AppCatalogue.EMPTY)::start);
  }

  private static void refused(String sentence, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(sentence);
  }

  @ParameterizedTest
  @ValueSource(strings = {"localhost.", "ip6-localhost", "1:2", "", "example.com"})
  void onlyLocalhostAndAddressesAreTaken(String host) {
    assertThatThrownBy(() -> MistStreamServer.builder().host(host))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("host " + host + " is neither localhost nor an address");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "::", "192.0.2.1"})
  void withoutAuthenticationOnlyLoopbackAddressesAreListenedTo(String host) {
    MistStreamServer.Builder builder =
        MistStreamServer.builder().logs(new MemoryLogSource()).port(0).host(host);
    assertThat(builder.isLoopback()).isFalse();
    assertThatThrownBy(builder::start)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(" is not a loopback address");
  }

  @ParameterizedTest
  @CsvSource({
    "localhost, localhost",
    "LOCALHOST, localhost",
    "127.0.0.1, 127.0.0.1",
    "127.0.0.2, 127.0.0.2",
    "::1, [::1]",
    "[::1], [::1]",
    "0:0:0:0:0:0:0:1, [::1]",
  })
  void whatItSaysItListensToIsAnswered(String host, String announced) throws Exception {
    Assumptions.assumeTrue(hasAddress(announced), "this machine has no such address");
    try (MistStreamServer other =
        MistStreamServer.builder().logs(source).host(host).port(0).start()) {
      assertThat(other.uri()).isEqualTo(URI.create("http://" + announced + ":" + other.port()));
      assertThat(
              HttpClient.newHttpClient()
                  .send(
                      HttpRequest.newBuilder(other.uri().resolve("/health")).build(),
                      HttpResponse.BodyHandlers.discarding())
                  .statusCode())
          .isEqualTo(200);
    }
  }

  private static boolean hasAddress(String host) throws IOException {
    return NetworkInterface.getByInetAddress(InetAddress.getAllByName(host)[0]) != null
        || !host.startsWith("[");
  }

  @Test
  void streamsStatusThenHistoryThenLiveLines() throws Exception {
    source.app(1).print("one", "two");
    try (RawClient viewer = RawClient.open(server.port(), "/ws/container/logs?appId=1")) {
      assertThat(viewer.readText()).contains("\"type\":\"status\"", "\"state\":\"running\"");
      assertThat(viewer.readText()).contains("\"type\":\"log\"", "\"line\":\"one\"");
      assertThat(viewer.readText()).contains("\"line\":\"two\"");
      source.app(1).print("three");
      assertThat(viewer.readText()).contains("\"line\":\"three\"");
      source.app(1).stop();
      assertThat(viewer.readText()).contains("\"state\":\"exited\"");
      assertThat(viewer.readText()).contains("\"type\":\"end\"");
      Frame close = viewer.readCloseFrame();
      assertThat(close.closeCode()).isEqualTo(1000);
      viewer.sendClose(1000);
      assertThat(viewer.isEnded()).isTrue();
    }
  }
}
