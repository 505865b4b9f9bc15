package io.miststream.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.miststream.core.App;
import io.miststream.core.DeploymentStage;
import io.miststream.core.DeploymentState;
import io.miststream.core.StreamException;
import io.miststream.core.deployment.Deployment;
import io.miststream.docker.testing.GitServer;
import io.miststream.docker.testing.TestDirectory;
import io.miststream.docker.testing.TestRepository;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Deployments of repositories and directories. */
class ITDockerDeployerSource extends DeployerTests {
  private static final String TOKEN = "tok3n-never-to-be-shown";

  private Path bareRepository(String dockerfile) throws Exception {
    try (TestRepository repository = TestRepository.create(temp.resolve("repository"))) {
      repository.commit("Say hello", Map.of("Dockerfile", dockerfile, "file", "content"));
      return repository.bare(temp.resolve("bare.git"));
    }
  }

  /** Stage and progress of each status, without repetitions. */
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
  void anEngineThatIsNotThereIsSaid() throws Exception {
    directory(dockerfile("true", SERVE));
    deployWith(builder().dockerHost(URI.create("unix://" + temp.resolve("no.sock"))));

    assertThat(deploy().errorMessage()).startsWith("The Docker engine cannot be reached: ");
    assertNothingLeft();
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
