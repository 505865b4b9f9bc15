package io.miststream.docker;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.App;
import io.miststream.core.AppCatalogue;
import io.miststream.core.DeploymentState;
import io.miststream.core.deployment.Deployment;
import io.miststream.core.deployment.DeploymentJournal;
import io.miststream.core.deployment.Deployments;
import io.miststream.docker.testing.DockerFixture;
import io.miststream.docker.testing.TestDirectory;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * A deployer on the common engine, and one app for each test. Its Dockerfiles put a label on all
 * that comes of them, which finds it again.
 */
@Tag("docker")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class DeployerTests {
  static final String LABEL = "mist.test.app";
  static final String SERVE =
      "trap 'exit 0' TERM; echo started $0; while :; do sleep 1000 & wait; done";

  DockerFixture docker;

  @TempDir Path temp;
  long appId;
  DeploymentJournal journal;
  DockerDeployer deployer;
  Deployments deployments;
  final List<App> apps = new CopyOnWriteArrayList<>();

  @BeforeAll
  void connect() {
    docker = DockerFixture.connect();
  }

  @AfterAll
  void disconnect() {
    if (docker != null) {
      docker.close();
    }
  }

  @BeforeEach
  void startDeployments() throws IOException {
    appId = DockerFixture.newAppId();
    journal = DeploymentJournal.open(temp.resolve("journal"));
    deployer = deployer();
    deployments = Deployments.builder(journal, deployer).build();
  }

  /** A deployer for which a container is up as soon as it runs. */
  DockerDeployer deployer() {
    return builder().staysUp(Duration.ofMillis(1)).build();
  }

  DockerDeployer.Builder builder() {
    AppCatalogue catalogue = () -> List.copyOf(apps);
    return DockerDeployer.builder(catalogue, temp.resolve("work")).dockerHost(docker.host());
  }

  /** Goes on with another deployer. */
  void deployWith(DockerDeployer.Builder other) {
    deployments.close();
    deployer.close();
    deployer = other.build();
    deployments = Deployments.builder(journal, deployer).build();
  }

  @AfterEach
  void cleanUp() {
    deployments.close();
    deployer.close();
    journal.close();
    remove(containers(), "rm", "-f", "-v");
    remove(images("{{.Repository}}:{{.Tag}}", "reference=" + name()), "rmi", "-f");
    remove(images("{{.ID}}", "dangling=true", "label=" + LABEL + "=" + appId), "rmi", "-f");
  }

  private void remove(List<String> what, String... command) {
    if (!what.isEmpty()) {
      docker.docker(Stream.concat(Stream.of(command), what.stream()).toArray(String[]::new));
    }
  }

  // -- sources

  /** A Dockerfile of eight steps. */
  String dockerfile(String run, String command) {
    return """
        FROM %s
        LABEL %s=%d
        ARG GREETING=nobody
        ENV MODE=test
        RUN %s
        COPY . /app
        WORKDIR /app
        CMD ["sh", "-c", "%s"]
        """
        .formatted(DockerFixture.IMAGE, LABEL, appId, run, command);
  }

  /** An app of a directory. */
  App directory(String dockerfile) throws IOException {
    Path source = temp.resolve("source");
    TestDirectory.write(source.resolve("Dockerfile"), dockerfile);
    TestDirectory.write(source.resolve("file"), "content");
    return app(null, source, App.Build.DEFAULT, App.Run.DEFAULT);
  }

  App app(App.Git git, Path path, App.Build build, App.Run run) {
    App app = new App(appId, "", List.of(), git, path, build, run, Set.of());
    put(app);
    return app;
  }

  void put(App app) {
    apps.clear();
    apps.add(app);
  }

  App with(App app, App.Build build, App.Run run) {
    App changed =
        new App(
            app.id(),
            app.name(),
            app.containers(),
            app.git(),
            app.path(),
            build,
            run,
            app.secrets());
    put(changed);
    return changed;
  }

  static App.Run run(List<String> ports, Duration healthTimeout) {
    return new App.Run(Map.of(), ports, List.of(), healthTimeout);
  }

  /** Not one that the system gives away: a port is free again between two containers. */
  static int freePort() {
    while (true) {
      int port = ThreadLocalRandom.current().nextInt(20_000, 32_768);
      try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getByName("0.0.0.0"))) {
        return socket.getLocalPort();
      } catch (IOException e) {
        // It is taken.
      }
    }
  }

  // -- deployments

  /** Waits for what takes a moment, or long on a busy machine. */
  static ConditionFactory await() {
    return Awaitility.await()
        .pollInterval(Duration.ofMillis(20))
        .pollDelay(Duration.ZERO)
        .atMost(Duration.ofSeconds(90));
  }

  /** Deploys the app, to the end. */
  Deployment deploy() {
    return end(deployments.start(appId));
  }

  Deployment deployWell() {
    Deployment done = deploy();
    assertThat(done.state()).as(done.errorMessage()).isEqualTo(DeploymentState.SUCCESS);
    return done;
  }

  Deployment end(long id) {
    await().until(() -> journal.deployment(id).orElseThrow().state().isFinal());
    return journal.deployment(id).orElseThrow();
  }

  /** Stops it, and sees that it ends so. */
  void stop(long id) {
    assertThat(deployments.stop(id)).isTrue();
    assertThat(end(id).state()).isEqualTo(DeploymentState.STOPPED);
  }

  String told(long id) {
    try (InputStream in = journal.read(id)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  void awaitTold(long id, String text) {
    await().until(() -> told(id).contains(text));
  }

  /** What was logged, a line each. */
  List<String> logged(long id) throws IOException {
    List<String> lines = new ArrayList<>();
    for (String line : told(id).lines().toList()) {
      var message = EngineApi.JSON.readTree(line);
      if (message.path("type").asText().equals("log")) {
        lines.add(
            message.path("data").path("stream").asText()
                + ": "
                + message.path("data").path("line").asText());
      }
    }
    return lines;
  }

  // -- the engine

  /** All containers of the app, and of its builds. */
  List<String> containers() {
    return Stream.of("mist.app.id", LABEL)
        .flatMap(
            label ->
                docker
                    .docker("ps", "-aq", "--no-trunc", "--filter", "label=" + label + "=" + appId)
                    .lines())
        .filter(line -> !line.isBlank())
        .distinct()
        .toList();
  }

  String name() {
    return "mist-app-" + appId;
  }

  String inspect(String container, String format) {
    return docker.docker("inspect", "-f", format, container);
  }

  List<String> images(String format, String... filters) {
    List<String> command = new ArrayList<>(List.of("images", "--format", format, "--no-trunc"));
    for (String filter : filters) {
      command.addAll(List.of("--filter", filter));
    }
    return docker.docker(command.toArray(String[]::new)).lines().filter(l -> !l.isBlank()).toList();
  }

  List<String> tags() {
    return images("{{.Tag}}", "reference=" + name()).stream().sorted().toList();
  }

  /** All that has been built for the app, steps included. */
  List<String> builtImages() {
    return docker
        .docker("images", "-aq", "--no-trunc", "--filter", "label=" + LABEL + "=" + appId)
        .lines()
        .filter(line -> !line.isBlank())
        .sorted()
        .toList();
  }

  /** What runs for the app, and what there is of its images. */
  String state() {
    return inspect(
            name(),
            "{{.Id}} {{.State.Status}} {{.HostConfig.RestartPolicy.Name}} {{.Config.Image}}")
        + containers()
        + tags()
        + builtImages();
  }

  /** Nothing of any source is left. */
  void assertNoSources() throws IOException {
    try (Stream<Path> files = Files.list(temp.resolve("work"))) {
      assertThat(files.map(file -> file.getFileName().toString())).containsOnly("owner");
    }
  }

  /** There is nothing of the app at all. */
  void assertNothingLeft() throws IOException {
    assertThat(containers()).isEmpty();
    assertThat(builtImages()).isEmpty();
    assertThat(tags()).isEmpty();
    assertNoSources();
  }
}
