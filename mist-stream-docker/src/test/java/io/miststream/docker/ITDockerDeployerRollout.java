package io.miststream.docker;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.App;
import io.miststream.core.DeploymentStage;
import io.miststream.core.deployment.Deployment;
import io.miststream.docker.testing.TestDirectory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A new container in the place of the old one, or not. */
class ITDockerDeployerRollout extends DeployerTests {
  @Test
  void aContainerOfTheCataloguesNameIsReplacedAndOthersOfTheAppAreNot() throws Exception {
    String name = name() + "-web";
    docker.container().app(appId).name(name).runSilent();
    String other = docker.container().app(appId).runSilent().id();
    App app = directory(dockerfile("true", SERVE));
    put(new App(appId, "", List.of(name), null, app.path(), app.build(), app.run(), Set.of()));

    Deployment done = deployWell();

    assertThat(inspect(name, "{{index .Config.Labels \"mist.deployment.id\"}}"))
        .isEqualTo(Long.toString(done.id()));
    assertThat(containers()).hasSize(2).contains(other);
    assertThat(inspect(other, "{{.State.Status}}")).isEqualTo("running");
  }

  @Test
  void aContainerOfAnotherAppIsLeftAlone() throws Exception {
    String other = docker.container().name(name()).runSilent().id();
    directory(dockerfile("true", SERVE));

    assertThat(deploy().errorMessage()).contains(name() + " belongs to app ");
    assertThat(inspect(other, "{{.State.Status}} {{.Name}}")).isEqualTo("running /" + name());
    docker.docker("rm", "-f", other);
    assertNothingLeft();
  }

  /** The first deployment runs; whatever comes of the second must not be seen in this. */
  private String deployedBefore(App app) {
    deployWell();
    assertThat(app.id()).isEqualTo(appId);
    return state();
  }

  @Test
  void aPortThatIsTakenIsNamedAndTheOldContainerRunsOn() throws Exception {
    App app = directory(dockerfile("true", SERVE));
    String before = deployedBefore(app);
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("0.0.0.0"))) {
      int port = taken.getLocalPort();
      TestDirectory.write(app.path().resolve("file"), "two");
      with(app, App.Build.DEFAULT, run(List.of(port + ":80"), Duration.ofSeconds(5)));

      Deployment failed = deploy();

      assertThat(failed.stage()).isEqualTo(DeploymentStage.STARTING_NEW);
      assertThat(failed.errorMessage())
          .isEqualTo("Port " + port + " is already in use by another program or container");
    }
    assertThat(state()).isEqualTo(before);
    assertNoSources();
  }

  @Test
  void aPortOfAnotherContainerIsNamedToo() throws Exception {
    int port = freePort();
    docker.container().options("-p", port + ":80").runSilent();
    App app = directory(dockerfile("true", SERVE));
    with(app, App.Build.DEFAULT, run(List.of(port + ":80"), Duration.ofSeconds(5)));

    assertThat(deploy().errorMessage())
        .isEqualTo("Port " + port + " is already in use by another program or container");
    assertNothingLeft();
  }

  @Test
  void aContainerThatExitsAtOnceIsReplacedByTheOldOne() throws Exception {
    int port = freePort();
    App app = directory(dockerfile("true", SERVE));
    app = with(app, App.Build.DEFAULT, run(List.of(port + ":80"), Duration.ofSeconds(5)));
    String before = deployedBefore(app);
    TestDirectory.write(
        app.path().resolve("Dockerfile"),
        dockerfile("echo two", "seq 1 30; echo no configuration >&2; exit 7"));
    deployWith(builder().staysUp(Duration.ofSeconds(60)));

    Deployment failed = deploy();

    assertThat(failed.errorMessage()).isEqualTo("The new container exited at once with code 7");
    assertThat(logged(failed.id())).contains("stderr: no configuration", "stdout: 30");
    assertThat(logged(failed.id())).doesNotContain("stdout: 10");
    assertThat(state()).isEqualTo(before);
    assertNoSources();
  }

  @Test
  void aContainerThatDoesNotBecomeHealthyIsReplacedByTheOldOne() throws Exception {
    App app = directory(dockerfile("true", SERVE));
    String before = deployedBefore(app);
    TestDirectory.write(
        app.path().resolve("Dockerfile"),
        dockerfile("echo two", SERVE)
            + "HEALTHCHECK --interval=200ms CMD echo no database; exit 1\n");
    with(app, App.Build.DEFAULT, run(List.of(), Duration.ofSeconds(5)));

    Deployment failed = deploy();

    assertThat(failed.errorMessage())
        .isEqualTo("The new container did not become healthy within 5 s: no database");
    assertThat(logged(failed.id())).anyMatch(line -> line.startsWith("stdout: started"));
    assertThat(state()).isEqualTo(before);
    assertNoSources();
  }

  @Test
  void aContainerThatBecomesHealthyIsTaken() throws Exception {
    directory(
        dockerfile("true", "sleep 0.7; touch /ready; " + SERVE)
            + "HEALTHCHECK --interval=200ms CMD test -e /ready\n");

    Deployment done = deployWell();

    assertThat(told(done.id())).contains("Waiting for the new container's health check...");
    assertThat(inspect(name(), "{{.State.Health.Status}}")).isEqualTo("healthy");
  }
}
