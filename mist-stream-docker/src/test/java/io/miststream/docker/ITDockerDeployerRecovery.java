package io.miststream.docker;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.App;
import io.miststream.docker.testing.CrashingDeployment;
import io.miststream.docker.testing.DockerFixture;
import io.miststream.docker.testing.TestDirectory;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a crash in mid-deployment leaves, and what becomes of it. */
class ITDockerDeployerRecovery extends DeployerTests {
  private static final String DEPLOYMENT = "9000";

  /** The next server's first deed. */
  private void recover() {
    try (DockerDeployer next = deployer()) {
      next.recover();
    }
  }

  private String old() {
    return docker.container().app(appId).name(name()).runSilent().id();
  }

  /** A new container as a deployment makes it. */
  private String halfMade(String name, String old, boolean ran) throws IOException {
    List<String> command = new ArrayList<>(List.of("create", "--name", name));
    for (String label :
        List.of(
            "mist.app.id=" + appId,
            "mist.deployment.id=" + DEPLOYMENT,
            "mist.deployment.owner=" + Files.readString(temp.resolve("work/owner")).strip(),
            "mist.deployment.name=" + name(),
            "mist.deployment.replaces=" + old,
            "mist.deployment.restarts=" + (ran ? old : ""))) {
      command.addAll(List.of("--label", label));
    }
    command.addAll(List.of(DockerFixture.IMAGE, "sleep", "1000"));
    return docker.docker(command.toArray(String[]::new));
  }

  private String temporary() {
    return name() + ".deployment-" + DEPLOYMENT;
  }

  private void assertOnly(String container, String state) {
    assertThat(containers()).containsExactly(container);
    assertThat(inspect(container, "{{.Name}} {{.State.Status}}"))
        .isEqualTo("/" + name() + " " + state);
  }

  @Test
  void theNewOneWasMadeAndTheOldOneRuns() throws Exception {
    String old = old();
    halfMade(temporary(), old, true);

    recover();
    assertOnly(old, "running");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theOldOneWasStopped(boolean started) throws Exception {
    String old = old();
    String made = halfMade(temporary(), old, true);
    docker.docker("stop", "-t", "0", old);
    if (started) {
      docker.docker("start", made);
    }

    recover();
    assertOnly(old, "running");
  }

  @Test
  void anOldOneThatDidNotRunBeforeIsNotStarted() throws Exception {
    String old = old();
    docker.docker("stop", "-t", "0", old);
    String made = halfMade(temporary(), old, false);
    docker.docker("start", made);

    recover();
    assertOnly(old, "exited");
  }

  @Test
  void theOldOneHadGivenItsNameAway() throws Exception {
    String old = old();
    String made = halfMade(temporary(), old, true);
    docker.docker("stop", "-t", "0", old);
    docker.docker("start", made);
    docker.docker("rename", old, name() + ".replaced-" + DEPLOYMENT);

    recover();
    assertOnly(old, "running");
  }

  @Test
  void theNewOneHadItsName() throws Exception {
    String old = old();
    docker.docker("stop", "-t", "0", old);
    docker.docker("rename", old, name() + ".replaced-" + DEPLOYMENT);
    String made = halfMade(name(), old, true);
    docker.docker("start", made);

    recover();
    assertOnly(made, "running");
    recover();
    assertOnly(made, "running");
  }

  @Test
  void whatAnotherServerIsDoingIsLeftAlone() throws Exception {
    String old = old();
    String made = halfMade(temporary(), old, true);
    try (DockerDeployer other =
        DockerDeployer.builder(() -> apps, temp.resolve("another"))
            .dockerHost(docker.host())
            .build()) {
      other.recover();
    }
    assertThat(containers()).containsExactlyInAnyOrder(old, made);
    docker.docker("rm", made);
  }

  @Test
  void anEngineThatIsNotThereStopsNobody() {
    try (DockerDeployer next =
        DockerDeployer.builder(() -> apps, temp.resolve("work"))
            .dockerHost(URI.create("unix://" + temp.resolve("no.sock")))
            .build()) {
      next.recover();
    }
  }

  private Process crash(String dockerfile) throws IOException {
    App app = directory(dockerfile);
    return CrashingDeployment.start(docker.host(), temp, appId, app.path());
  }

  private String crashed() throws IOException {
    Path journal = temp.resolve("crashing/1.ndjson");
    return Files.exists(journal) ? Files.readString(journal) : "";
  }

  private void kill(Process process) throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  @Test
  void killedWhileItWasBuilding() throws Exception {
    Process process = crash(dockerfile("echo first", SERVE) + "RUN echo begun && sleep 300\n");
    try {
      await().until(() -> crashed().contains("\"line\":\"begun\""));
    } finally {
      kill(process);
    }
    assertThat(builtImages()).isNotEmpty();
    assertThat(temp.resolve("work/1")).exists();

    recover();
    assertNothingLeft();
  }

  @Test
  void killedWhileTheNewOneWasNotHealthy() throws Exception {
    String old = old();
    Process process =
        crash(dockerfile("echo first", SERVE) + "HEALTHCHECK --interval=200ms CMD false\n");
    try {
      await().until(() -> crashed().contains("Waiting for the new container's health check..."));
    } finally {
      kill(process);
    }
    assertThat(inspect(old, "{{.State.Status}}")).isEqualTo("exited");

    recover();
    assertOnly(old, "running");
    assertThat(tags()).isEmpty();
    assertThat(builtImages()).isEmpty();
    assertNoSources();
  }

  @Test
  void afterwardsItIsDeployedAsIfNothingHadBeen() throws Exception {
    String old = old();
    String made = halfMade(temporary(), old, true);
    docker.docker("stop", "-t", "0", old);
    docker.docker("start", made);
    TestDirectory.write(temp.resolve("work/" + DEPLOYMENT + "/source/sub/file"), "");
    directory(dockerfile("true", SERVE));

    recover();
    assertNoSources();
    deployWell();
    assertThat(containers()).hasSize(1).doesNotContain(old, made);
  }
}
