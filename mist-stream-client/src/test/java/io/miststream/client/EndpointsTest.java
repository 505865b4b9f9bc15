package io.miststream.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.miststream.core.Follow;
import io.miststream.core.LogFilter;
import io.miststream.core.LogRequest;
import io.miststream.core.LogStream;
import java.net.URI;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EndpointsTest {

  @ParameterizedTest
  @CsvSource({
    "ws://127.0.0.1:8080, ws://127.0.0.1:8080",
    "http://127.0.0.1:8080/, ws://127.0.0.1:8080",
    "HTTPS://mist.example.com, wss://mist.example.com",
    "wss://[::1]:1/a/b//, wss://[::1]:1/a/b",
  })
  void mapsServers(String server, String base) {
    assertThat(Endpoints.of(URI.create(server))).hasToString(base);
    assertThat(Endpoints.of(URI.create(server)).logs(LogRequest.of(7), null))
        .hasToString(base + "/ws/container/logs?appId=7&tail=100");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost",
        "localhost:8080",
        "ftp://host",
        "ws:///path",
        "ws://a@host",
        "ws://h?x=1",
        "ws://h#f"
      })
  void refusesWhatIsNoServer(String server) {
    assertThatThrownBy(() -> Endpoints.of(URI.create(server)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(server);
  }

  @Test
  void encodesEverything() {
    LogRequest request =
        LogRequest.of(1)
            .withTail(LogRequest.ALL)
            .withFollow(Follow.APP)
            .withTimes(
                Instant.parse("2025-01-15T10:30:00.5Z"), Instant.parse("2025-01-16T00:00:00Z"))
            .withFilter(LogFilter.of(LogStream.STDERR, "web_1", "a+b &=*é#%", "~ [x]{2}|^\\d$"));

    assertThat(Endpoints.of(URI.create("ws://h")).logs(request, null).toASCIIString())
        .isEqualTo(
            "ws://h/ws/container/logs?appId=1&tail=all"
                + "&since=2025-01-15T10%3A30%3A00.500Z&until=2025-01-16T00%3A00%3A00Z"
                + "&follow=app&stream=stderr&container=web_1"
                + "&grep=a%2Bb%20%26%3D%2A%C3%A9%23%25"
                + "&exclude=%7E%20%5Bx%5D%7B2%7D%7C%5E%5Cd%24");
  }

  @Test
  void continuesInsteadOfATail() {
    assertThat(Endpoints.of(URI.create("ws://h")).logs(LogRequest.of(1), Samples.cursor(3)))
        .hasToString("ws://h/ws/container/logs?appId=1&after=" + Samples.cursor(3));
  }

  @Test
  void deploymentsHaveStreamsAndPlainAddresses() {
    Endpoints endpoints = Endpoints.of(URI.create("https://h/a/"));
    assertThat(endpoints.deployment(7, null))
        .hasToString("wss://h/a/ws/deployment/logs?deploymentId=7");
    assertThat(endpoints.deployment(7, Samples.cursor(3)))
        .hasToString("wss://h/a/ws/deployment/logs?deploymentId=7&after=" + Samples.cursor(3));
    assertThat(endpoints.deployments("/7/stop")).hasToString("https://h/a/api/deployments/7/stop");
  }
}
