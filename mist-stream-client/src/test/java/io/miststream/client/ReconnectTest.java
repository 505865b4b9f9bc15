package io.miststream.client;

import static io.miststream.client.Samples.end;
import static io.miststream.client.Samples.line;
import static io.miststream.client.Samples.status;
import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.ErrorCode;
import io.miststream.core.LogRequest;
import io.miststream.core.StreamError;
import io.miststream.core.StreamException;
import io.miststream.core.wire.WireCodec;
import io.miststream.testkit.RawClient;
import io.miststream.testkit.RecordingSubscriber;
import io.miststream.testkit.ScriptedServer;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections that fail, and what becomes of the stream. */
@Timeout(60)
class ReconnectTest {

  private final List<Retry> retries = new CopyOnWriteArrayList<>();
  private ScriptedServer server;

  @AfterEach
  void stop() throws Exception {
    if (server != null) {
      server.close();
    }
  }

  private MistStreamClient.Builder client(URI uri) {
    return MistStreamClient.builder(uri)
        .retryDelay(Duration.ofMillis(5), Duration.ofMillis(50))
        .onRetry(retries::add);
  }

  private RecordingSubscriber play(ScriptedServer.Script script) throws Exception {
    server = new ScriptedServer(script);
    return RecordingSubscriber.to(client(server.uri()).build().logs(LogRequest.of(1)));
  }

  private static StreamException failure(RecordingSubscriber subscriber) {
    return (StreamException) subscriber.awaitError();
  }

  @Test
  void everyLineArrivesOnceAndInOrderAcrossTwentyCuts() throws Exception {
    int lines = 2_000;
    int cuts = 20;
    Random random = new Random(7);
    int[] lengths = random.ints(cuts, 1, 2 * lines / cuts - 10).toArray();

    RecordingSubscriber subscriber =
        play(
            peer -> {
              peer.accept();
              peer.message(status("running"));
              int next = Samples.number(peer.parameter("after")) + 1;
              int cutAt = peer.number() <= cuts ? next + lengths[peer.number() - 1] : lines + 1;
              for (int i = next; i <= lines && i < cutAt; i++) {
                peer.message(line(i));
              }
              if (cutAt > lines) {
                peer.message(end(lines));
                peer.awaitEnd();
              }
              switch (peer.number() % 4) {
                case 0 -> peer.reset();
                case 1 -> peer.half(WireCodec.encode(line(cutAt, "x".repeat(1000))));
                case 2 -> peer.close(1001, "server is shutting down");
                default -> {} // just the end of the stream of bytes
              }
            });
    subscriber.awaitComplete();

    assertThat(subscriber.lines())
        .isEqualTo(IntStream.rangeClosed(1, lines).mapToObj(i -> "line " + i).toList());
    assertThat(subscriber.states()).containsExactly("running");
    assertThat(server.peers()).hasSizeGreaterThan(1).hasSizeLessThanOrEqualTo(cuts + 1);
    assertThat(server.peers().get(0).parameter("after")).isNull();
    assertThat(server.peers().get(1).parameter("tail")).isNull();
  }

  @Test
  void aChangedStateIsToldAfterAReconnect() throws Exception {
    RecordingSubscriber subscriber =
        play(
            peer -> {
              peer.accept();
              peer.message(status(peer.number() < 3 ? "running" : "paused"));
              peer.message(line(peer.number()));
              if (peer.number() == 4) {
                peer.message(end(4));
                peer.awaitEnd();
              }
            });

    assertThat(subscriber.awaitComplete().states()).containsExactly("running", "paused");
    assertThat(subscriber.lines()).containsExactly("line 1", "line 2", "line 3", "line 4");
  }

  @Test
  void continuesBehindTheCursorThatWasAskedForUntilThereIsAnother() throws Exception {
    server =
        new ScriptedServer(
            peer -> {
              peer.accept();
              if (peer.number() == 2) {
                peer.message(end(9));
                peer.awaitEnd();
              }
            });
    RecordingSubscriber.to(
            client(server.uri()).build().logs(LogRequest.of(1).withAfter(Samples.cursor(5))))
        .awaitComplete();

    assertThat(server.peers()).allMatch(p -> Samples.number(p.parameter("after")) == 5).hasSize(2);
  }

  @ParameterizedTest
  @ValueSource(ints = {1000, 1001, 1011, 1012, 1013, 4408})
  void theseClosesAreNoEnd(int code) throws Exception {
    RecordingSubscriber subscriber =
        play(
            peer -> {
              peer.accept();
              peer.message(line(peer.number()));
              if (peer.number() == 1) {
                peer.close(code, "");
              } else {
                peer.message(end(2));
              }
              peer.awaitEnd();
            });

    assertThat(subscriber.awaitComplete().lines()).containsExactly("line 1", "line 2");
    assertThat(retries).hasSize(1);
    assertThat(retries.get(0).delay().toMillis()).isGreaterThanOrEqualTo(code == 1013 ? 1000 : 2);
  }

  @ParameterizedTest
  @CsvSource({
    "1008, container_not_found, CONTAINER_NOT_FOUND",
    "1008, whatever, PERMISSION_DENIED",
    "4401, session expired, PERMISSION_DENIED",
    "1003, text, INTERNAL",
  })
  void theseClosesAreTheEnd(int code, String reason, ErrorCode expected) throws Exception {
    RecordingSubscriber subscriber =
        play(
            peer -> {
              peer.accept();
              peer.close(code, reason);
              peer.awaitEnd();
            });

    assertThat(failure(subscriber).code()).isEqualTo(expected);
    assertThat(failure(subscriber)).hasMessageContaining(reason);
    assertThat(server.peers()).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({"CONTAINER_NOT_FOUND", "CONTAINER_NOT_RUNNING", "LOGS_NOT_READABLE", "INTERNAL"})
  void anErrorFailsTheStreamWithItsCodeAndWords(ErrorCode code) throws Exception {
    RecordingSubscriber subscriber =
        play(
            peer -> {
              peer.accept();
              peer.message(status("exited"));
              peer.message(new StreamError(Samples.START, "No such thing", code));
              peer.close(code.closeCode(), code.wire());
              peer.awaitEnd();
            });

    assertThat(failure(subscriber).code()).isEqualTo(code);
    assertThat(failure(subscriber)).hasMessage("No such thing");
    assertThat(subscriber.states()).containsExactly("exited");
    assertThat(server.peers()).hasSize(1);
  }

  @Test
  void anUnreachableEngineIsWaitedFor() throws Exception {
    RecordingSubscriber subscriber =
        play(
            peer -> {
              peer.accept();
              if (peer.number() == 1) {
                peer.message(line(1));
                peer.message(unavailable());
                peer.close(1013, "source_unavailable");
              } else {
                peer.message(line(2));
                peer.message(end(2));
              }
              peer.awaitEnd();
            });

    assertThat(subscriber.awaitComplete().lines()).containsExactly("line 1", "line 2");
  }

  @Test
  void anEngineThatStaysUnreachableFailsTheStream() throws Exception {
    server =
        new ScriptedServer(
            peer -> {
              peer.accept();
              peer.message(status("running"));
              peer.message(unavailable());
              peer.close(1013, "source_unavailable");
              peer.awaitEnd();
            });
    RecordingSubscriber subscriber =
        RecordingSubscriber.to(
            client(server.uri())
                .giveUpAfter(Duration.ofMillis(2500))
                .build()
                .logs(LogRequest.of(1)));

    assertThat(failure(subscriber).code()).isEqualTo(ErrorCode.SOURCE_UNAVAILABLE);
    assertThat(failure(subscriber)).hasMessageMatching("gave up after 2 s: Docker is unreachable");
    assertThat(server.peers()).hasSize(3);
    assertThat(subscriber.states()).containsExactly("running");
  }

  @Test
  void aConnectionThatWasQuietForLongIsNoFailureUntilItEnds() throws Exception {
    server =
        new ScriptedServer(
            peer -> {
              peer.accept();
              peer.message(status("running"));
              if (peer.number() == 1) {
                assertThat(peer.frames().poll(500, TimeUnit.MILLISECONDS)).as("quiet").isNull();
                peer.message(unavailable());
                peer.close(1013, "source_unavailable");
              } else {
                peer.message(end(1));
              }
              peer.awaitEnd();
            });
    // Longer than the wait that the server is given, but not than that and the quiet connection.
    RecordingSubscriber subscriber =
        RecordingSubscriber.to(
            client(server.uri())
                .giveUpAfter(Duration.ofMillis(1400))
                .build()
                .logs(LogRequest.of(1)));

    subscriber.awaitComplete();
    assertThat(server.peers()).hasSize(2);
  }

  @Test
  void whatIsPrintedToAnEmptyLogDuringACutIsAskedFor() throws Exception {
    LogRequest onlyNew = LogRequest.of(1).withTail(0);
    server =
        new ScriptedServer(
            peer -> {
              peer.accept();
              peer.message(status("running")); // without an id: there is no line yet
              if (peer.number() == 2) {
                peer.message(line(1));
              } else if (peer.number() == 3) {
                peer.message(end(1));
                peer.awaitEnd();
              }
            });
    RecordingSubscriber.to(client(server.uri()).build().logs(onlyNew)).awaitComplete();

    assertThat(server.peers().stream().map(peer -> peer.parameter("tail")))
        .containsExactly("0", "all", null);
    assertThat(Samples.number(server.peers().get(2).parameter("after"))).isEqualTo(1);
  }

  @Test
  void whereNothingWasToldYetOrTheTimeIsLimitedTheSameIsAskedForAgain() throws Exception {
    server =
        new ScriptedServer(
            peer -> {
              peer.accept();
              if (peer.number() > 1) {
                peer.message(status("running"));
                peer.message(end(1));
                peer.awaitEnd();
              }
            });
    RecordingSubscriber.to(client(server.uri()).build().logs(LogRequest.of(1).withTail(0)))
        .awaitComplete();
    assertThat(server.peers().get(1).parameter("tail")).isEqualTo("0");
    server.close();

    server =
        new ScriptedServer(
            peer -> {
              peer.accept();
              peer.message(status("running"));
              if (peer.number() > 1) {
                peer.message(end(1));
                peer.awaitEnd();
              }
            });
    RecordingSubscriber.to(
            client(server.uri())
                .build()
                .logs(LogRequest.of(1).withTail(5).withTimes(Samples.START, null)))
        .awaitComplete();
    assertThat(server.peers().get(1).parameter("tail")).isEqualTo("5");
  }

  private static StreamError unavailable() {
    return new StreamError(Samples.START, "Docker is unreachable", ErrorCode.SOURCE_UNAVAILABLE);
  }

  @Test
  void givesUpOnAServerThatIsNotThere() throws Exception {
    URI nobody = unusedAddress();
    RecordingSubscriber subscriber =
        RecordingSubscriber.to(
            client(nobody).giveUpAfter(Duration.ofMillis(300)).build().logs(LogRequest.of(1)));

    assertThat(failure(subscriber).code()).isEqualTo(ErrorCode.SOURCE_UNAVAILABLE);
    assertThat(failure(subscriber))
        .hasMessageMatching(
            "gave up after 0 s: cannot reach " + nobody + ": .*[Cc]onnection refused.*");
    assertThat(retries).hasSizeGreaterThan(4);
    assertThat(retries.get(0).attempt()).isEqualTo(1);
    assertThat(retries.get(3).attempt()).isEqualTo(4);
    assertThat(retries.get(3).delay()).isGreaterThanOrEqualTo(Duration.ofMillis(20));
  }

  @Test
  void withoutPatienceThereIsOneAttempt() throws Exception {
    URI nobody = unusedAddress();
    RecordingSubscriber subscriber =
        RecordingSubscriber.to(
            client(nobody).giveUpAfter(Duration.ZERO).build().logs(LogRequest.of(1)));

    assertThat(failure(subscriber)).hasMessageStartingWith("cannot reach " + nobody);
    assertThat(retries).isEmpty();
  }

  @Test
  void waitsForAServerThatIsNotThereYet() throws Exception {
    URI later = unusedAddress();
    RecordingSubscriber subscriber =
        RecordingSubscriber.to(client(later).build().logs(LogRequest.of(1)));
    Awaitility.await().until(() -> retries.size() > 2);

    server =
        new ScriptedServer(
            new ServerSocket(later.getPort(), 50, InetAddress.getLoopbackAddress()),
            peer -> {
              peer.accept();
              peer.message(line(1));
              peer.message(end(1));
              peer.awaitEnd();
            });

    assertThat(subscriber.awaitComplete().lines()).containsExactly("line 1");
  }

  @Test
  void cancellingBetweenTwoAttemptsEndsThem() throws Exception {
    RecordingSubscriber subscriber =
        RecordingSubscriber.to(client(unusedAddress()).build().logs(LogRequest.of(1)));
    Awaitility.await().until(() -> retries.size() > 2);

    subscriber.cancel();

    Awaitility.await().until(() -> Samples.clientThreads().isEmpty());
    assertThat(subscriber.error()).isNull();
  }

  private static URI unusedAddress() throws Exception {
    try (ServerSocket socket = new ServerSocket(0)) {
      return URI.create("ws://127.0.0.1:" + socket.getLocalPort());
    }
  }

  @Test
  void aHandshakeThatIsNeverAnsweredTimesOut() throws Exception {
    server = new ScriptedServer(peer -> peer.awaitEnd());
    RecordingSubscriber subscriber =
        RecordingSubscriber.to(
            client(server.uri())
                .connectTimeout(Duration.ofMillis(200))
                .giveUpAfter(Duration.ZERO)
                .build()
                .logs(LogRequest.of(1)));

    assertThat(failure(subscriber)).hasMessageEndingWith("no answer in time");
  }

  @Test
  void anAnswerThatTricklesInWinsNoTime() throws Exception {
    server =
        new ScriptedServer(
            peer -> {
              while (true) {
                peer.trickle();
              }
            });
    RecordingSubscriber subscriber =
        RecordingSubscriber.to(
            client(server.uri())
                .connectTimeout(Duration.ofMillis(300))
                .giveUpAfter(Duration.ZERO)
                .build()
                .logs(LogRequest.of(1)));

    assertThat(failure(subscriber)).hasMessageEndingWith("no answer in time");
  }

  @Test
  void aServerThatHasGoneSilentIsLeftAfterAPing() throws Exception {
    CompletableFuture<Integer> answer = new CompletableFuture<>();
    server =
        new ScriptedServer(
            peer -> {
              peer.accept();
              peer.message(line(peer.number()));
              if (peer.number() == 2) {
                peer.message(end(2));
              } else {
                answer.complete(peer.frames().take().opcode());
              }
              peer.awaitEnd();
            });
    RecordingSubscriber subscriber =
        RecordingSubscriber.to(
            client(server.uri())
                .silenceLimit(Duration.ofMillis(600))
                .build()
                .logs(LogRequest.of(1)));

    assertThat(subscriber.awaitComplete().lines()).containsExactly("line 1", "line 2");
    assertThat(answer.join()).isEqualTo(RawClient.PING);
    assertThat(retries).hasSize(1);
    assertThat(retries.get(0).cause()).hasMessage("the connection has gone silent");
  }

  @Test
  void aServerThatOnlyPingsIsAlive() throws Exception {
    server =
        new ScriptedServer(
            peer -> {
              peer.accept();
              // More than the limit in all, each of them well below it.
              for (int i = 0; i < 10; i++) {
                peer.ping();
                assertThat(peer.frames().take().opcode()).isEqualTo(RawClient.PONG);
                assertThat(peer.frames().poll(150, TimeUnit.MILLISECONDS)).isNull();
              }
              peer.message(end(1));
              peer.awaitEnd();
            });
    RecordingSubscriber.to(
            client(server.uri())
                .silenceLimit(Duration.ofMillis(600))
                .build()
                .logs(LogRequest.of(1)))
        .awaitComplete();

    assertThat(retries).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "400; {\"error\":{\"code\":\"invalid_request\",\"message\":\"tail must be \\\"all\\\"\"}};"
            + " INVALID_REQUEST; tail must be \"all\"",
        "401; {\"error\":{\"code\":\"unauthorized\",\"message\":\"Log in first\"}};"
            + " PERMISSION_DENIED; Log in first",
        "403; {\"error\":{\"code\":\"forbidden\",\"message\":\"\\u00e9\\t$1\"}};"
            + " PERMISSION_DENIED; é\t$1",
        "404; nothing; INVALID_REQUEST; answered with HTTP status 404",
        "302; ''; INVALID_REQUEST; answered with HTTP status 302",
        "200; ''; INVALID_REQUEST; answered with HTTP status 200",
      })
  void aRefusalFailsTheStream(int status, String body, ErrorCode code, String message)
      throws Exception {
    RecordingSubscriber subscriber = play(peer -> peer.refuse(status, "", body));

    assertThat(failure(subscriber).code()).isEqualTo(code);
    assertThat(failure(subscriber)).hasMessageEndingWith(message);
    assertThat(server.peers()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {429, 503})
  void aBusyServerIsGivenTheTimeItAsksFor(int status) throws Exception {
    RecordingSubscriber subscriber =
        play(
            peer -> {
              if (peer.number() == 1) {
                peer.refuse(status, "Retry-After: 1", "{\"error\":{\"message\":\"Full\"}}");
                return;
              }
              peer.accept();
              peer.message(end(1));
              peer.awaitEnd();
            });
    subscriber.awaitComplete();

    assertThat(retries).hasSize(1);
    assertThat(retries.get(0).delay()).isEqualTo(Duration.ofSeconds(1));
    assertThat(retries.get(0).cause()).hasMessage("Full");
  }

  @Test
  void whatIsNotThisProtocolFailsTheStream() throws Exception {
    RecordingSubscriber subscriber =
        play(
            peer -> {
              peer.accept();
              peer.text("hello");
              peer.awaitEnd();
            });

    assertThat(failure(subscriber).code()).isEqualTo(ErrorCode.INTERNAL);
    assertThat(server.peers()).hasSize(1);
  }
}
