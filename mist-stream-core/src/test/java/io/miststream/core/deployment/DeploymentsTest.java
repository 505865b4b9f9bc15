package io.miststream.core.deployment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.miststream.core.DeploymentState;
import io.miststream.core.ErrorCode;
import io.miststream.core.StreamException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeploymentsTest {
  @TempDir private Path directory;
  private DeploymentJournal journal;
  private final ScriptedDeployer deployer = new ScriptedDeployer();
  private Deployments deployments;

  @BeforeEach
  void open() throws IOException {
    journal = DeploymentJournal.open(directory);
    deployments = Deployments.builder(journal, deployer).maxRunning(2).maxWaiting(2).build();
  }

  @AfterEach
  void close() {
    deployments.close();
    journal.close();
  }

  private List<String> awaitEnd(long id) throws InterruptedException {
    try (Watcher watcher = new Watcher(journal.open(id, null))) {
      return watcher.awaitEnd();
    }
  }

  private DeploymentState state(long id) {
    return journal.deployment(id).orElseThrow().state();
  }

  @Test
  void theDeployerClearsUpFirst() throws Exception {
    ScriptedDeployer slow = new ScriptedDeployer();
    slow.recovery = new CompletableFuture<String>();
    try (Deployments others = Deployments.builder(journal, slow).build()) {
      long first = others.start(1);
      long second = others.start(1);
      long third = others.start(2);
      assertThat(List.of(state(first), state(second), state(third)))
          .containsOnly(DeploymentState.PENDING);
      assertThat(others.stop(third)).isTrue();
      assertThat(slow.hasStarted(1)).isFalse();
      slow.recovery.complete(null);
      assertThat(slow.awaitStart(1).deploymentId()).isEqualTo(first);
      slow.end(1, "well");
      assertThat(slow.awaitStart(1).deploymentId()).isEqualTo(second);
      slow.end(1, "well");
      awaitEnd(second);
      assertThat(slow.hasStarted(2)).isFalse();
      synchronized (slow) {
        assertThat(slow.recoveries).isEqualTo(1);
      }
    }
  }

  @Test
  void oneThatReturnsHasSucceeded() throws Exception {
    long id = deployments.start(1);
    deployer.awaitStart(1);
    deployer.end(1, "well");
    List<String> all = awaitEnd(id);
    assertThat(all.get(0)).contains("\"status\":\"pending\"", "Deployment queued");
    assertThat(all.get(2)).contains("\"status\":\"success\"");
  }

  @Test
  void oneThatFailsSaysWhy() throws Exception {
    long id = deployments.start(1);
    deployer.awaitStart(1);
    deployer.end(1, "Docker build failed: exit code 1");
    assertThat(awaitEnd(id).get(2)).contains("\"type\":\"error\"", "exit code 1");
    assertThat(state(id)).isEqualTo(DeploymentState.FAILED);
    long crashed = deployments.start(1);
    deployer.awaitStart(1);
    deployer.end(1, "crash");
    assertThat(awaitEnd(crashed).get(2)).contains("Something went wrong").doesNotContain("a bug");
  }

  @Test
  void anAppsDeploymentsWaitForOneAnotherAndOtherAppsDoNot() throws Exception {
    long first = deployments.start(1);
    deployer.awaitStart(1);
    long second = deployments.start(1);
    long other = deployments.start(2);
    assertThat(deployer.awaitStart(2).deploymentId()).isEqualTo(other);
    assertThat(state(second)).isEqualTo(DeploymentState.PENDING);
    assertThat(journal.deployment(second).orElseThrow().message()).contains("of this app");
    deployer.end(1, "well");
    awaitEnd(first);
    assertThat(deployer.awaitStart(1).deploymentId()).isEqualTo(second);
    deployer.end(1, "well");
    deployer.end(2, "well");
    awaitEnd(second);
    awaitEnd(other);
  }

  @Test
  void onlySoManyRunAndWait() throws Exception {
    deployments.start(1);
    deployments.start(2);
    deployer.awaitStart(1);
    deployer.awaitStart(2);
    long third = deployments.start(3);
    deployments.start(4);
    StreamException tooMany =
        catchThrowableOfType(StreamException.class, () -> deployments.start(5));
    assertThat(tooMany.code()).isEqualTo(ErrorCode.SOURCE_UNAVAILABLE);
    assertThat(tooMany).hasMessageContaining("Too many");
    assertThat(deployer.hasStarted(3)).isFalse();
    deployer.end(2, "well");
    assertThat(deployer.awaitStart(3).deploymentId()).isEqualTo(third);
    assertThat(journal.deployments(any -> true, 10)).hasSize(4);
  }

  @Test
  void oneThatRunsIsStopped() throws Exception {
    long id = deployments.start(1);
    deployer.awaitStart(1);
    assertThat(deployments.stop(id)).isTrue();
    assertThat(awaitEnd(id).get(2)).contains("\"status\":\"stopped\"", "\"progress\":25");
    assertThat(deployments.stop(id)).isFalse();
    assertThat(deployments.stop(99)).isFalse();
  }

  @Test
  void oneThatWaitsIsStopped() throws Exception {
    deployments.start(1);
    deployer.awaitStart(1);
    long second = deployments.start(1);
    assertThat(deployments.stop(second)).isTrue();
    assertThat(awaitEnd(second).get(1)).contains("\"status\":\"stopped\"", "\"progress\":0");
    long reported = deployments.report(1).deploymentId();
    assertThat(deployments.stop(reported)).isTrue();
    assertThat(state(reported)).isEqualTo(DeploymentState.STOPPED);
  }

  @Test
  void anAppThatCannotBeDeployedIsRefused() {
    StreamException refused =
        catchThrowableOfType(
            StreamException.class, () -> deployments.start(ScriptedDeployer.NO_APP));
    assertThat(refused.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
    assertThat(refused).hasMessage("There is no app 404");
    assertThat(journal.deployments(any -> true, 10)).isEmpty();
  }

  @Test
  void closingEndsAllThatGoesOn() throws Exception {
    long running = deployments.start(1);
    deployer.awaitStart(1);
    long waiting = deployments.start(1);
    long reported = deployments.report(2).deploymentId();
    deployments.close();
    for (long id : List.of(running, waiting, reported)) {
      assertThat(state(id)).isEqualTo(DeploymentState.FAILED);
      assertThat(journal.deployment(id).orElseThrow().errorMessage())
          .contains("the server was stopped");
    }
    assertThat(catchThrowableOfType(StreamException.class, () -> deployments.start(1)).code())
        .isEqualTo(ErrorCode.SOURCE_UNAVAILABLE);
  }
}
