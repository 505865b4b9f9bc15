package io.miststream.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.miststream.core.ContainerStats;
import io.miststream.core.DockerCounts;
import io.miststream.core.ErrorCode;
import io.miststream.core.HostMetrics;
import io.miststream.core.StreamEnd;
import io.miststream.core.StreamError;
import io.miststream.core.StreamException;
import io.miststream.core.StreamMessage;
import io.miststream.testkit.RecordingSubscriber;
import io.miststream.testkit.ScriptedServer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Streams without cursors; all they have in common with those of logs is tested with these. */
@Timeout(60)
class MetricsStreamTest {
  private final AtomicReference<ScriptedServer> server = new AtomicReference<>();

  @AfterEach
  void stop() throws Exception {
    server.get().close();
  }

  private RecordingSubscriber play(
      Function<MistStreamClient, Flow.Publisher<StreamMessage>> stream,
      ScriptedServer.Script script)
      throws Exception {
    server.set(new ScriptedServer(script));
    return RecordingSubscriber.to(
        stream.apply(
            MistStreamClient.builder(server.get().uri())
                .retryDelay(Duration.ofMillis(5), Duration.ofMillis(50))
                .build()));
  }

  private static HostMetrics sample(int n) {
    return new HostMetrics(
        Samples.START.plusSeconds(n),
        new HostMetrics.Cpu(1.0, 1, null),
        new HostMetrics.Memory(1L, 2L, 50.0, 1L),
        HostMetrics.Space.UNKNOWN,
        DockerCounts.unknown("none"),
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        n,
        null,
        Map.of());
  }

  private static ContainerStats stats(int n) {
    return new ContainerStats(
        Samples.START.plusSeconds(n), "mist-app-1", n, 1, 2, 50, 0, 0, 0, 0, 1);
  }

  @Test
  void samplesMissedOnTheWayComeFromTheHistory() throws Exception {
    RecordingSubscriber subscriber =
        play(
            client -> client.metrics(2),
            peer -> {
              peer.accept();
              if (peer.number() == 1) {
                assertThat(peer.target()).isEqualTo("/ws/metrics?history=2");
                peer.message(sample(1));
                peer.message(sample(2));
              } else {
                assertThat(peer.target()).isEqualTo("/ws/metrics?history=300");
                for (int n = 0; n < 5; n++) {
                  peer.message(sample(n));
                }
                peer.message(sample(3)); // its clock has been set back
                peer.awaitEnd();
              }
            });
    assertThat(subscriber.await(HostMetrics.class, 5))
        .isEqualTo(List.of(sample(1), sample(2), sample(3), sample(4), sample(3)));
    subscriber.cancel();
  }

  @Test
  void statsGoOnAfterALostConnection() throws Exception {
    StreamEnd end = new StreamEnd(Samples.START, null, "Stats stream ended");
    RecordingSubscriber subscriber =
        play(
            client -> client.stats(1),
            peer -> {
              peer.accept();
              assertThat(peer.target()).isEqualTo("/ws/container/stats?appId=1");
              peer.message(Samples.status("running"));
              peer.message(stats(peer.number()));
              if (peer.number() == 2) {
                peer.message(Samples.status("exited"));
                peer.message(end);
                peer.close(1000, "end");
                peer.awaitEnd();
              }
            });
    assertThat(subscriber.awaitComplete().messages())
        .containsExactly(
            Samples.status("running"), stats(1), stats(2), Samples.status("exited"), end);
  }

  @Test
  void anErrorFailsTheStream() throws Exception {
    RecordingSubscriber subscriber =
        play(
            client -> client.stats(1),
            peer -> {
              peer.accept();
              peer.message(
                  new StreamError(
                      Samples.START, "Container not found", ErrorCode.CONTAINER_NOT_FOUND));
              peer.close(1008, "container_not_found");
              peer.awaitEnd();
            });
    StreamException failure = (StreamException) subscriber.awaitError();
    assertThat(failure.code()).isEqualTo(ErrorCode.CONTAINER_NOT_FOUND);
  }

  @Test
  void theLimitsOfHistory() throws Exception {
    server.set(new ScriptedServer(peer -> {}));
    MistStreamClient client = MistStreamClient.create(server.get().uri());
    assertThatThrownBy(() -> client.metrics(-1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> client.metrics(301)).isInstanceOf(IllegalArgumentException.class);
  }
}
