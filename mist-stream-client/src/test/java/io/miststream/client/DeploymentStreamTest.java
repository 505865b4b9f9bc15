package io.miststream.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.miststream.core.Cursor;
import io.miststream.core.DeploymentError;
import io.miststream.core.DeploymentLine;
import io.miststream.core.DeploymentStage;
import io.miststream.core.DeploymentState;
import io.miststream.core.DeploymentStatus;
import io.miststream.core.ErrorCode;
import io.miststream.core.LogStream;
import io.miststream.core.StreamEnd;
import io.miststream.core.StreamError;
import io.miststream.core.StreamException;
import io.miststream.core.StreamMessage;
import io.miststream.testkit.RecordingSubscriber;
import io.miststream.testkit.ScriptedServer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Streams of deployments; all they have in common with those of logs is tested with these. */
@Timeout(60)
class DeploymentStreamTest {
  private static final List<StreamMessage> FAILING =
      List.of(
          status(0, DeploymentState.PENDING, DeploymentStage.NONE, 0, ""),
          line(1),
          line(2),
          line(3),
          new DeploymentError(Samples.START, cursor(4), "Docker build failed: exit code 1"),
          status(5, DeploymentState.FAILED, DeploymentStage.BUILDING_IMAGE, 50, "exit code 1"),
          new StreamEnd(Samples.START, cursor(6), "Deployment stream ended"));

  private final AtomicReference<ScriptedServer> server = new AtomicReference<>();

  @AfterEach
  void stop() throws Exception {
    server.get().close();
  }

  private RecordingSubscriber play(ScriptedServer.Script script) throws Exception {
    server.set(new ScriptedServer(script));
    return RecordingSubscriber.to(
        MistStreamClient.builder(server.get().uri())
            .retryDelay(Duration.ofMillis(5), Duration.ofMillis(50))
            .build()
            .deployment(17));
  }

  private static Cursor cursor(int n) {
    return Cursor.of(Cursor.Mark.of(17, 0, n, 0));
  }

  private static DeploymentLine line(int n) {
    return new DeploymentLine(
        Samples.START,
        cursor(n),
        "line " + n,
        LogStream.STDOUT,
        DeploymentStage.BUILDING_IMAGE,
        false);
  }

  private static DeploymentStatus status(
      int n, DeploymentState state, DeploymentStage stage, int progress, String error) {
    return new DeploymentStatus(
        Samples.START, cursor(n), 17, state, stage, progress, "message", error, 1L, null);
  }

  @Test
  void aFailedDeploymentIsACompleteStream() throws Exception {
    RecordingSubscriber subscriber =
        play(
            peer -> {
              peer.accept();
              for (StreamMessage message : FAILING) {
                peer.message(message);
              }
              peer.close(1000, "end");
              peer.awaitEnd();
            });

    assertThat(subscriber.awaitComplete().messages()).isEqualTo(FAILING);
    assertThat(server.get().peers()).hasSize(1);
    assertThat(server.get().peers().get(0).target())
        .isEqualTo("/ws/deployment/logs?deploymentId=17");
  }

  @Test
  void afterEachLostConnectionItGoesOnBehindTheLastMessage() throws Exception {
    RecordingSubscriber subscriber =
        play(
            peer -> {
              peer.accept();
              String after = peer.parameter("after");
              int next = after == null ? 0 : (int) Cursor.parse(after).own().time() + 1;
              peer.message(FAILING.get(next));
              if (next == FAILING.size() - 1) {
                peer.awaitEnd();
              }
            });

    assertThat(subscriber.awaitComplete().messages()).isEqualTo(FAILING);
    assertThat(server.get().peers()).hasSize(FAILING.size());
  }

  @Test
  void aDeploymentThatIsNotThereFailsAtOnce() throws Exception {
    RecordingSubscriber subscriber =
        play(
            peer -> {
              peer.accept();
              peer.message(
                  new StreamError(
                      Samples.START, "Deployment not found", ErrorCode.DEPLOYMENT_NOT_FOUND));
              peer.close(1008, "deployment_not_found");
              peer.awaitEnd();
            });

    StreamException failure = (StreamException) subscriber.awaitError();
    assertThat(failure).hasMessage("Deployment not found");
    assertThat(failure.code()).isEqualTo(ErrorCode.DEPLOYMENT_NOT_FOUND);
    assertThat(server.get().peers()).hasSize(1);
  }

  @Test
  void idsArePositive() throws Exception {
    server.set(new ScriptedServer(peer -> {}));
    assertThatThrownBy(() -> MistStreamClient.create(server.get().uri()).deployment(0))
        .isInstanceOf(StreamException.class)
        .hasMessage("deploymentId must be a positive integer");
  }
}
