package io.miststream.docker;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.App;
import io.miststream.docker.testing.GitServer;
import io.miststream.docker.testing.TestDirectory;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Deployments that are called off. */
class ITDockerDeployerCancel extends DeployerTests {

  private long start() {
    return deployments.start(appId);
  }

  @Test
  void whileItIsCloning() throws Exception {
    try (GitServer server = GitServer.start(Path.of("unused"), "token")) {
      server.hang();
      app(new App.Git(server.url(), "", "token", null), null, App.Build.DEFAULT, App.Run.DEFAULT);
      long id = start();
      server.awaitHanging();

      stop(id);
      assertNothingLeft();
    }
  }

  @Test
  void whileItIsBuilding() throws Exception {
    directory(dockerfile("echo begun; sleep 300", SERVE));
    long id = start();
    awaitTold(id, "\"line\":\"begun\"");
    assertThat(containers()).hasSize(1);

    stop(id);
    await().untilAsserted(this::assertNothingLeft);
  }

  @Test
  void whileItIsBuildingWithStepsBehindIt() throws Exception {
    directory(dockerfile("echo first", SERVE) + "RUN echo begun && sleep 300\n");
    long id = start();
    awaitTold(id, "\"line\":\"begun\"");

    stop(id);
    await().untilAsserted(this::assertNothingLeft);
  }

  /** What ran before still does, as if nothing had happened. */
  private String state(String container) {
    return inspect(container, "{{.Id}} {{.Name}} {{.State.Status}}") + tags() + builtImages();
  }

  /**
   * What the engine has told of a container: {@code kill} when a stop begins, {@code stop} when it
   * ends.
   */
  private String events(String container, String kind, Instant since) {
    return docker.docker(
        "events",
        "--since=" + since.minusSeconds(1).getEpochSecond(),
        "--until=" + Instant.now().getEpochSecond(),
        "--filter=container=" + container,
        "--filter=event=" + kind);
  }

  @Test
  void whileTheOldOneIsBeingStopped() throws Exception {
    String old =
        docker
            .container()
            .app(appId)
            .name(name())
            .run("trap '' TERM; while :; do sleep 1000 & wait; done")
            .id();
    directory(dockerfile("true", SERVE));
    String before = state(old);
    Instant begun = Instant.now();
    long id = start();
    awaitTold(id, "Stopping previous container...");
    await().until(() -> !events(old, "kill", begun).isEmpty());

    stop(id);
    assertThat(state(old)).isEqualTo(before);
    assertThat(containers()).hasSize(1);
    assertNoSources();
    // Nor does the engine's own stop strike later: it has ended with the kill.
    await().until(() -> !events(old, "stop", begun).isEmpty());
    assertThat(state(old)).isEqualTo(before);
  }

  @Test
  void whileTheNewOneIsNotHealthy() throws Exception {
    App app = directory(dockerfile("true", SERVE));
    int port = freePort();
    app = with(app, App.Build.DEFAULT, run(List.of(port + ":80"), Duration.ofSeconds(60)));
    deployWell();
    String before = state(name());
    TestDirectory.write(
        app.path().resolve("Dockerfile"),
        dockerfile("echo two", SERVE) + "HEALTHCHECK --interval=200ms CMD false\n");
    long id = start();
    awaitTold(id, "Waiting for the new container's health check...");

    stop(id);
    assertThat(state(name())).isEqualTo(before);
    assertThat(containers()).hasSize(1);
    assertNoSources();
  }

  @Test
  void whenTheServerIsStopped() throws Exception {
    directory(dockerfile("echo begun; sleep 300", SERVE));
    long id = start();
    awaitTold(id, "\"line\":\"begun\"");

    deployments.close();

    assertThat(end(id).errorMessage()).contains("server was stopped");
    await().untilAsserted(this::assertNothingLeft);
  }

  @Test
  void manyAtOnceLeaveNothing() throws Exception {
    App app = directory(dockerfile("echo begun; sleep 300", SERVE));
    put(new App(appId, "", List.of(), null, app.path(), app.build(), app.run(), Set.of("s3cret")));
    for (int i = 1; i <= 5; i++) {
      long id = start();
      String step = "Step " + i + "/8";
      await().pollInterval(Duration.ofMillis(5)).until(() -> told(id).contains(step));
      stop(id);
      await().untilAsserted(this::assertNothingLeft);
    }
  }
}
