package io.miststream.client;

import static io.miststream.client.Samples.end;
import static io.miststream.client.Samples.line;
import static io.miststream.client.Samples.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.miststream.core.LogRequest;
import io.miststream.core.StreamMessage;
import io.miststream.core.wire.WireCodec;
import io.miststream.testkit.Frame;
import io.miststream.testkit.RawClient;
import io.miststream.testkit.RecordingSubscriber;
import io.miststream.testkit.ScriptedServer;
import io.miststream.testkit.ScriptedServer.Peer;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** One connection that does what it should. */
@Timeout(60)
@Tag("jdk")
class MistStreamClientTest {

  private final AtomicReference<ScriptedServer> server = new AtomicReference<>();

  private ScriptedServer serve(ScriptedServer.Script script) throws Exception {
    server.set(new ScriptedServer(script));
    return server.get();
  }

  @AfterEach
  void stop() throws Exception {
    if (server.get() != null) {
      server.get().close();
    }
  }

  private RecordingSubscriber subscribe(ScriptedServer to) {
    return RecordingSubscriber.to(MistStreamClient.create(to.uri()).logs(LogRequest.of(1)));
  }

  @Test
  void handsOnEveryMessageInOrderAndCompletesBehindTheEnd() throws Exception {
    List<StreamMessage> messages =
        List.of(status("running"), line(1), line(2, "é 漢字 🙂 \u001b[1m \u0000"), end(2));
    ScriptedServer scripted =
        serve(
            peer -> {
              peer.accept();
              for (StreamMessage message : messages) {
                peer.message(message);
              }
              peer.close(1000, "end");
              peer.awaitEnd();
            });

    RecordingSubscriber subscriber = subscribe(scripted).awaitComplete();

    assertThat(subscriber.messages()).isEqualTo(messages);
    assertThat(scripted.peers()).hasSize(1);
    assertThat(scripted.peers().get(0).target()).isEqualTo("/ws/container/logs?appId=1&tail=100");
  }

  @Test
  void nothingConnectsBeforeSubscription() throws Exception {
    ScriptedServer scripted = serve(Peer::accept);

    Flow.Publisher<StreamMessage> logs =
        MistStreamClient.create(scripted.uri()).logs(LogRequest.of(1));
    // Connections are taken in order: one made before this would be the first.
    try (Socket own = new Socket(InetAddress.getLoopbackAddress(), scripted.uri().getPort())) {
      Awaitility.await().until(() -> !scripted.peers().isEmpty());
      assertThat(scripted.peers().get(0).isFrom(own)).isTrue();
    }
    assertThat(logs).isNotNull();
    assertThat(scripted.peers()).hasSize(1);
  }

  @Test
  void sendsHeaders() throws Exception {
    ScriptedServer scripted =
        serve(
            peer -> {
              peer.accept();
              peer.message(end(1));
              peer.awaitEnd();
            });

    RecordingSubscriber.to(
            MistStreamClient.builder(scripted.uri())
                .header("Authorization", "Bearer abc")
                .build()
                .logs(LogRequest.of(1)))
        .awaitComplete();

    assertThat(scripted.peers().get(0).header("Authorization")).isEqualTo("Bearer abc");
    assertThatThrownBy(() -> MistStreamClient.builder(scripted.uri()).header("Host", "x"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aLongMessageInManyFragmentsArrivesWhole() throws Exception {
    // Control characters are six bytes of JSON each: as long as a line of 1 MiB can become.
    String text = "\u0001".repeat(1 << 20);
    String json = WireCodec.encode(line(1, text));
    assertThat(json.length()).isGreaterThan(6 << 20);
    ScriptedServer scripted =
        serve(
            peer -> {
              peer.accept();
              peer.fragments(json, 10_007);
              peer.message(line(2));
              peer.message(end(2));
              peer.awaitEnd();
            });

    RecordingSubscriber subscriber = subscribe(scripted).awaitComplete();

    assertThat(subscriber.lines()).containsExactly(text, "line 2");
  }

  @Test
  void aMessageWithoutBoundsIsRefused() throws Exception {
    ScriptedServer scripted =
        serve(
            peer -> {
              peer.accept();
              peer.fragments("x".repeat(Connection.LONGEST_MESSAGE + 1), 1 << 20);
              peer.awaitEnd();
            });

    assertThat(subscribe(scripted).awaitError()).hasMessageContaining("more than");
    assertThat(scripted.peers()).hasSize(1);
  }

  @Test
  void unknownKindsOfMessagesAreIgnored() throws Exception {
    ScriptedServer scripted =
        serve(
            peer -> {
              peer.accept();
              peer.text("{\"type\":\"news\",\"timestamp\":\"2025-01-15T10:30:00Z\",\"data\":{}}");
              peer.message(line(1));
              peer.message(end(1));
              peer.awaitEnd();
            });

    assertThat(subscribe(scripted).awaitComplete().messages()).containsExactly(line(1), end(1));
  }

  @Test
  void pingsAreAnswered() throws Exception {
    ScriptedServer scripted =
        serve(
            peer -> {
              peer.accept();
              peer.ping();
              Frame pong = peer.frames().take();
              assertThat(pong.opcode()).isEqualTo(RawClient.PONG);
              peer.message(end(1));
              peer.awaitEnd();
            });

    subscribe(scripted).awaitComplete();
  }

  @Test
  void aSubscriberWithoutDemandStopsTheSocket() throws Exception {
    int lines = 200_000;
    ScriptedServer scripted =
        serve(
            peer -> {
              peer.accept();
              for (int i = 1; i <= lines; i++) {
                peer.message(line(i, "x".repeat(1000)));
              }
              peer.message(end(lines));
              peer.awaitEnd();
            });
    RecordingSubscriber subscriber = RecordingSubscriber.create();
    MistStreamClient.create(scripted.uri()).logs(LogRequest.of(1)).subscribe(subscriber);

    subscriber.request(3);
    subscriber.awaitLines(3);
    int stalledAt = awaitStall(scripted);

    assertThat(stalledAt).isLessThan(lines / 2);
    assertThat(subscriber.lines()).hasSize(3);

    subscriber.request(Long.MAX_VALUE);
    subscriber.awaitComplete();
    assertThat(subscriber.lines()).hasSize(lines);
    assertThat(scripted.peers()).hasSize(1);
  }

  /** How many messages the network took before it took no more. */
  private static int awaitStall(ScriptedServer scripted) {
    Peer peer = scripted.peers().get(0);
    int[] last = {-1};
    Awaitility.await()
        .pollInterval(Duration.ofMillis(300))
        .until(
            () -> {
              int before = last[0];
              last[0] = peer.sent();
              return last[0] > 0 && last[0] == before;
            });
    return last[0];
  }

  @Test
  void cancellingClosesTheConnection() throws Exception {
    ScriptedServer scripted =
        serve(
            peer -> {
              peer.accept();
              peer.message(line(1));
              new CountDownLatch(1).await(); // says nothing more
            });
    RecordingSubscriber subscriber = subscribe(scripted);
    subscriber.awaitLines(1);

    subscriber.cancel();
    subscriber.cancel();

    Frame close = scripted.peers().get(0).frames().poll(60, TimeUnit.SECONDS);
    assertThat(close.opcode()).isEqualTo(RawClient.CLOSE);
    assertThat(close.closeCode()).isEqualTo(1000);
    assertThat(scripted.peers().get(0).frames().poll(60, TimeUnit.SECONDS).opcode()).isEqualTo(-1);
    assertThat(subscriber.isComplete()).isFalse();
    assertThat(subscriber.error()).isNull();
    Awaitility.await().until(() -> Samples.clientThreads().isEmpty());
  }

  @Test
  void cancellingWithoutDemandClosesTheConnection() throws Exception {
    ScriptedServer scripted =
        serve(
            peer -> {
              peer.accept();
              peer.message(line(1));
              new CountDownLatch(1).await(); // says nothing more
            });
    RecordingSubscriber subscriber = RecordingSubscriber.create();
    MistStreamClient.create(scripted.uri()).logs(LogRequest.of(1)).subscribe(subscriber);
    Awaitility.await().until(() -> scripted.peers().size() == 1);

    subscriber.cancel();

    Awaitility.await().until(() -> Samples.clientThreads().isEmpty());
  }

  @Test
  void cancellingDuringTheHandshakeClosesTheConnection() throws Exception {
    ScriptedServer scripted = serve(Peer::awaitEnd);
    RecordingSubscriber subscriber =
        RecordingSubscriber.to(
            MistStreamClient.builder(scripted.uri())
                .connectTimeout(Duration.ofSeconds(2))
                .build()
                .logs(LogRequest.of(1)));
    Awaitility.await().until(() -> scripted.peers().size() == 1);

    subscriber.cancel();

    Awaitility.await().until(() -> Samples.clientThreads().isEmpty());
    assertThat(subscriber.error()).isNull();
  }

  @Test
  void eachSubscriptionHasAConnectionOfItsOwn() throws Exception {
    ScriptedServer scripted =
        serve(
            peer -> {
              peer.accept();
              peer.message(line(peer.number()));
              peer.message(end(peer.number()));
              peer.awaitEnd();
            });
    Flow.Publisher<StreamMessage> logs =
        MistStreamClient.create(scripted.uri()).logs(LogRequest.of(1));

    assertThat(RecordingSubscriber.to(logs).awaitComplete().lines()).containsExactly("line 1");
    assertThat(RecordingSubscriber.to(logs).awaitComplete().lines()).containsExactly("line 2");
  }

  @Test
  void settingsAreChecked() {
    MistStreamClient.Builder builder = MistStreamClient.builder(URI.create("ws://127.0.0.1:1"));

    assertThatThrownBy(() -> builder.connectTimeout(Duration.ZERO))
        .hasMessage("connectTimeout must be positive");
    assertThatThrownBy(() -> builder.giveUpAfter(Duration.ofSeconds(-1)))
        .hasMessage("giveUpAfter must not be negative");
    assertThatThrownBy(() -> builder.server(URI.create("mailto:x")))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
