package io.miststream.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.miststream.core.App;
import io.miststream.core.DeploymentStage;
import io.miststream.core.DeploymentState;
import io.miststream.core.StreamException;
import io.miststream.core.deployment.Deployment;
import io.miststream.core.deployment.Deployments;
import io.miststream.docker.testing.GitServer;
import io.miststream.docker.testing.TestDirectory;
import io.miststream.docker.testing.TestRepository;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Deployments that succeed and that fail. */
class ITDockerDeployer extends DeployerTests {
  private static final String TOKEN = "tok3n-never-to-be-shown";

  private Path bareRepository(String dockerfile) throws Exception {
    try (TestRepository repository = TestRepository.create(temp.resolve("repository"))) {
      repository.commit("Say hello", Map.of("Dockerfile", dockerfile, "file", "content"));
      return repository.bare(temp.resolve("bare.git"));
    }
  }

  /** Stage, progress and state of each status, without repetitions of a stage. */
  private List<String> stages(long id) {
    return told(id)
        .lines()
        .map(Pattern.compile("\"stage\":\"(\\w*)\",\"progress\":(\\d+)")::matcher)
        .filter(Matcher::find)
        .map(matcher -> matcher.group(1) + " " + matcher.group(2))
        .distinct()
        .toList();
  }

  @Test
  void eightStepsOfARepositoryBecomeARunningContainer() throws Exception {
    Path bare = bareRepository(dockerfile("echo hello $GREETING && echo careful >&2", SERVE));
    app(
        new App.Git(bare.toUri().toString(), "main", null, null),
        null,
        new App.Build("Dockerfile", Map.of("GREETING", "world")),
        new App.Run(
            Map.of("COLOUR", "blue"),
            List.of("127.0.0.1:" + freePort() + ":80"),
            List.of(temp.resolve("data") + ":/data:ro"),
            Duration.ofSeconds(10)));

    Deployment done = deployWell();

    assertThat(stages(done.id()))
        .filteredOn(stage -> !stage.matches("cloning_repo 3[0-9]|cloning_repo 2[6-9]"))
        .containsExactly(
            " 0",
            "cloning_repo 25",
            "cloning_repo 40",
            "building_image 40",
            "building_image 44",
            "building_image 49",
            "building_image 53",
            "building_image 58",
            "building_image 62",
            "building_image 66",
            "building_image 71",
            "building_image 75",
            "stopping_old 75",
            "starting_new 80",
            "starting_new 90",
            "completed 100");
    List<String> logged = logged(done.id());
    assertThat(logged)
        .filteredOn(l -> l.matches("stdout: Commit [0-9a-f]{7} \\(main\\): Say hello"))
        .hasSize(1);
    for (int i = 1; i <= 8; i++) {
      String step = "stdout: Step " + i + "/8 : ";
      assertThat(logged).filteredOn(line -> line.startsWith(step)).hasSize(1);
    }
    assertThat(logged).containsOnlyOnce("stdout: hello world").containsOnlyOnce("stderr: careful");
    assertThat(told(done.id()))
        .contains("Cloning repository...", "Building Docker image...", "Starting new container...");

    assertThat(containers()).hasSize(1);
    assertThat(
            inspect(
                name(),
                "{{.State.Status}} {{.HostConfig.RestartPolicy.Name}}"
                    + " {{index .Config.Labels \"mist.app.id\"}}"
                    + " {{index .Config.Labels \"mist.deployment.id\"}} {{.Config.Image}}"))
        .isEqualTo(
            "running unless-stopped %d %d %s:deployment-%d"
                .formatted(appId, done.id(), name(), done.id()));
    assertThat(
            inspect(name(), "{{.Config.Env}} {{.HostConfig.PortBindings}} {{.HostConfig.Binds}}"))
        .contains("COLOUR=blue", "MODE=test", "80/tcp:[{127.0.0.1 ", "/data:ro");
    assertThat(docker.docker("exec", name(), "ls", "-A", "/app").lines())
        .containsExactly("Dockerfile", "file");
    assertNoSources();
  }

  @Test
  void aRepositoryOverHttpWithAToken() throws Exception {
    Path bare = bareRepository(dockerfile("echo " + TOKEN, SERVE));
    try (GitServer server = GitServer.start(bare, TOKEN)) {
      app(new App.Git(server.url(), "", TOKEN, null), null, App.Build.DEFAULT, App.Run.DEFAULT);
      Deployment done = deployWell();
      assertThat(told(done.id())).doesNotContain(TOKEN).contains("RUN echo ***");

      app(
          new App.Git(server.url(), "", TOKEN + "x", null),
          null,
          App.Build.DEFAULT,
          App.Run.DEFAULT);
      Deployment failed = deploy();
      assertThat(failed.errorMessage())
          .isEqualTo("The repository refused the credentials (" + server.url() + ")");
      assertThat(told(failed.id())).doesNotContain(TOKEN);
      assertThat(inspect(name(), "{{.State.Status}}")).isEqualTo("running");
      assertNoSources();
    }
  }

  @Test
  void anUnknownRefIsSaid() throws Exception {
    Path bare = bareRepository(dockerfile("true", SERVE));
    app(
        new App.Git(bare.toUri().toString(), "nope", null, null),
        null,
        App.Build.DEFAULT,
        App.Run.DEFAULT);

    Deployment failed = deploy();

    assertThat(failed.state()).isEqualTo(DeploymentState.FAILED);
    assertThat(failed.stage()).isEqualTo(DeploymentStage.CLONING_REPO);
    assertThat(failed.errorMessage())
        .isEqualTo("The repository has no branch, tag or commit \"nope\"");
    assertNothingLeft();
  }

  @Test
  void aStepThatFailsIsNamedWithItsExitCode() throws Exception {
    directory(dockerfile("echo working; echo broken >&2; exit 3", SERVE));

    Deployment failed = deploy();

    assertThat(failed.stage()).isEqualTo(DeploymentStage.BUILDING_IMAGE);
    assertThat(failed.errorMessage())
        .isEqualTo(
            "Docker build failed: exit code 3 in step 5/8:"
                + " RUN echo working; echo broken >&2; exit 3");
    assertThat(logged(failed.id())).contains("stdout: working", "stderr: broken");
    assertNothingLeft();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          RUN --mount=type=cache,target=/x true | Docker build failed: this needs BuildKit
          COPY nothere /                        | Docker build failed: COPY failed
          NONSENSE                              | Docker build failed: dockerfile parse error
          FROM registry.invalid/nothing:here    | Docker build failed:
          """)
  void whatTheBuilderRefusesIsSaid(String instruction, String message) throws Exception {
    directory(dockerfile("true", SERVE) + instruction + "\n");

    assertThat(deploy().errorMessage()).startsWith(message);
    assertNothingLeft();
  }

  @ParameterizedTest
  @CsvSource({
    "Dockerfile.prod,  There is no Dockerfile at Dockerfile.prod in the directory",
    "sub,              There is no Dockerfile at sub in the directory",
    "../Dockerfile,    The Dockerfile ../Dockerfile is outside of the directory",
    "/etc/passwd,      The Dockerfile /etc/passwd is outside of the directory",
    "link,             The Dockerfile link is outside of the directory",
    "sub/link/passwd,  The Dockerfile sub/link/passwd is outside of the directory",
  })
  void aDockerfileThatIsNotThereOrNotWithinIsRefused(String dockerfile, String message)
      throws Exception {
    App app = directory(dockerfile("true", SERVE));
    Path source = app.path();
    Files.createDirectory(source.resolve("sub"));
    Files.createSymbolicLink(source.resolve("link"), Path.of("/etc/passwd"));
    Files.createSymbolicLink(source.resolve("sub/link"), Path.of("/etc"));
    with(app, new App.Build(dockerfile, Map.of()), App.Run.DEFAULT);

    assertThat(deploy().errorMessage()).isEqualTo(message);
    assertNothingLeft();
  }

  @Test
  void aDirectoryIsBuiltWithoutWhatDockerignoreLeavesOut() throws Exception {
    App app = directory(dockerfile("true", SERVE));
    TestDirectory.write(app.path().resolve(".dockerignore"), "**/*.secret\nDockerfile\n");
    TestDirectory.write(app.path().resolve("sub/a.secret"), "");
    TestDirectory.write(app.path().resolve("sub/b"), "");

    Deployment done = deployWell();

    assertThat(told(done.id())).contains("Using the local directory...");
    assertThat(docker.docker("exec", name(), "find", "/app", "-type", "f").lines())
        .contains("/app/sub/b", "/app/file")
        .noneMatch(path -> path.endsWith(".secret") || path.endsWith("Dockerfile"));
    assertThat(app.path().resolve("sub/b")).exists();
  }

  @Test
  void aBadPortFailsBeforeAnythingIsBuilt() throws Exception {
    App app = directory(dockerfile("true", SERVE));
    with(app, App.Build.DEFAULT, run(List.of("eighty"), Duration.ofSeconds(1)));

    Deployment failed = deploy();

    assertThat(failed.errorMessage()).contains("\"eighty\" in run.ports");
    assertThat(told(failed.id())).doesNotContain("building_image");
    assertNothingLeft();
  }

  @Test
  void theNextOneTakesTheOldOnesPlaceAndPort() throws Exception {
    App app = directory(dockerfile("echo one", SERVE));
    app = with(app, App.Build.DEFAULT, run(List.of(freePort() + ":80"), Duration.ofSeconds(5)));
    Deployment first = deployWell();
    String old = inspect(name(), "{{.Id}}");

    TestDirectory.write(app.path().resolve("file"), "two");
    Deployment second = deployWell();

    assertThat(inspect(name(), "{{.Id}}")).isNotEqualTo(old);
    assertThat(containers()).hasSize(1);
    assertThat(told(second.id())).contains("Stopping previous container...");
    assertThat(tags()).containsExactly("deployment-" + first.id(), "deployment-" + second.id());

    TestDirectory.write(app.path().resolve("file"), "three");
    Deployment third = deployWell();
    assertThat(tags()).containsExactly("deployment-" + second.id(), "deployment-" + third.id());
    assertThat(images("{{.ID}}", "dangling=true", "label=" + LABEL + "=" + appId)).isEmpty();
  }

  @Test
  void earlierBuildStagesGoWithTheirImage() throws Exception {
    String stages =
        "FROM %s AS made\nLABEL %s=%d\nRUN echo $RANDOM > /made\n"
            .formatted("mist-test-busybox", LABEL, appId);
    App app = directory(stages + dockerfile("true", SERVE) + "COPY --from=made /made /made\n");
    long first = deployWell().id();
    assertThat(tags()).containsExactly("deployment-" + first, "deployment-" + first + "-stage-1");
    for (int i = 0; i < 2; i++) {
      TestDirectory.write(
          app.path().resolve("Dockerfile"),
          stages.replace("/made", i + "/made").replace("$RANDOM > " + i, i + " > ")
              + dockerfile("echo " + i, SERVE)
              + "COPY --from=made /made /made\n");
      deployWell();
    }
    assertThat(tags()).hasSize(4).noneMatch(tag -> tag.startsWith("deployment-" + first));
    assertThat(images("{{.ID}}", "dangling=true", "label=" + LABEL + "=" + appId)).isEmpty();
  }

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

  private String state() {
    return inspect(
            name(),
            "{{.Id}} {{.State.Status}} {{.HostConfig.RestartPolicy.Name}} {{.Config.Image}}")
        + containers()
        + tags()
        + builtImages();
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
    with(app, App.Build.DEFAULT, run(List.of(), Duration.ofSeconds(2)));

    Deployment failed = deploy();

    assertThat(failed.errorMessage())
        .isEqualTo("The new container did not become healthy within 2 s: no database");
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

  @Test
  void anEngineThatIsNotThereIsSaid() throws Exception {
    directory(dockerfile("true", SERVE));
    DockerDeployer nowhere =
        DockerDeployer.builder(() -> apps, temp.resolve("work"))
            .dockerHost(URI.create("unix://" + temp.resolve("no.sock")))
            .build();
    try (nowhere) {
      deployments.close();
      deployments = Deployments.builder(journal, nowhere).build();
      assertThat(deploy().errorMessage()).startsWith("The Docker engine cannot be reached: ");
      assertNothingLeft();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void whatCannotBeDeployedIsSaidAtOnce(boolean known) {
    if (known) {
      app(null, null, App.Build.DEFAULT, App.Run.DEFAULT);
    }
    assertThatThrownBy(() -> deployments.start(appId))
        .isInstanceOf(StreamException.class)
        .hasMessage(
            known
                ? "App " + appId + " has neither a git repository nor a path to deploy from"
                : "There is no app " + appId);
  }
}
