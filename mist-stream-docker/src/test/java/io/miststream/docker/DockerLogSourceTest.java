package io.miststream.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.miststream.core.ContainerStatus;
import io.miststream.core.ErrorCode;
import io.miststream.core.LogRequest;
import io.miststream.core.StreamException;
import io.miststream.testkit.RecordingSubscriber;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class DockerLogSourceTest {

  @Test
  void whatMakesNoSenseIsRefusedWhereItIsSet() {
    DockerLogSource.Builder builder = DockerLogSource.builder();
    for (Duration bad : List.of(Duration.ZERO, Duration.ofNanos(-1))) {
      assertThatThrownBy(() -> builder.watchdog(bad)).isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> builder.recovery(Duration.ofNanos(-1)))
        .isInstanceOf(IllegalArgumentException.class);
    builder.recovery(Duration.ZERO);
    assertThatThrownBy(() -> builder.namePatterns(List.of("app-{id}", "app")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("app");
  }

  @Test
  void aContainerBetweenTwoRunsOfItsRestartPolicyDoesNotRun() {
    FakeEngine engine =
        new FakeEngine()
            .containers(FakeEngine.container("abcdef012345", "restarting", "2025-01-15T10:00:00Z"));
    try (DockerLogSource source = engine.source().build()) {
      RecordingSubscriber reader = RecordingSubscriber.to(source.logs(LogRequest.of(1)));
      Throwable error = reader.awaitError();
      assertThat(error).hasMessage("Container is not running (state: restarting)");
      assertThat(((StreamException) error).code()).isEqualTo(ErrorCode.CONTAINER_NOT_RUNNING);
      assertThat(reader.messages(ContainerStatus.class).get(0).exitCode()).isZero();
    }
  }
}
