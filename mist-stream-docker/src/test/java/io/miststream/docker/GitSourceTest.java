package io.miststream.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.miststream.core.App;
import io.miststream.core.deployment.Cancellation;
import io.miststream.core.deployment.Cancellation.CancelledException;
import io.miststream.core.deployment.DeploymentFailedException;
import io.miststream.core.deployment.DeploymentJournal;
import io.miststream.core.deployment.DeploymentReporter;
import io.miststream.docker.testing.GitServer;
import io.miststream.docker.testing.TestRepository;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("jdk")
class GitSourceTest {
  private static final String TOKEN = "tok3n-never-to-be-shown";

  @TempDir static Path repositories;
  private static Path bare;
  private static String first;
  private static String second;

  @TempDir Path temp;
  private DeploymentJournal journal;
  private DeploymentReporter report;
  private Path home;

  @BeforeAll
  static void makeRepository() throws Exception {
    try (TestRepository repository = TestRepository.create(repositories.resolve("repository"))) {
      first = repository.commit("The first", Map.of("version", "1"));
      repository.tag("v1");
      second = repository.commit("The second", Map.of("version", "2", "sub/file", "x"));
      repository.branch("feature/x");
      repository.commit("On a branch", Map.of("version", "feature"));
      repository.branch("main");
      bare = repository.bare(repositories.resolve("bare.git"));
    }
  }

  @BeforeEach
  void begin() throws Exception {
    journal = DeploymentJournal.open(temp.resolve("journal"));
    report = journal.begin(1, "");
    home = Files.createDirectory(temp.resolve("home"));
  }

  @AfterEach
  void close() {
    journal.close();
  }

  private String fetch(String url, String ref, String token) throws Exception {
    Directories.remove(home);
    Path source =
        GitSource.fetch(new App.Git(url, ref, token, null), home, report, new Cancellation());
    return Files.readString(source.resolve("version"));
  }

  private String told() throws IOException {
    report.flush();
    try (InputStream in = journal.read(report.deploymentId())) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "main", "refs/heads/main"})
  void aBranchIsItsLastCommit(String ref) throws Exception {
    assertThat(fetch(bare.toUri().toString(), ref, null)).isEqualTo("2");
    assertThat(told()).contains("Commit " + second.substring(0, 7)).contains("The second");
    assertThat(home.resolve("source").toFile().list()).containsOnly("sub", "version");
    assertThat(home.resolve("git/shallow")).hasContent(second);
  }

  @Test
  void branchesHaveSlashesAndTagsAreTheirCommits() throws Exception {
    assertThat(fetch(bare.toUri().toString(), "feature/x", null)).isEqualTo("feature");
    assertThat(fetch(bare.toUri().toString(), "v1", null)).isEqualTo("1");
  }

  @Test
  void aCommitIsNamedInFullOrByItsFirstDigits() throws Exception {
    assertThat(fetch(bare.toUri().toString(), first, null)).isEqualTo("1");
    assertThat(fetch(bare.toUri().toString(), first.substring(0, 8), null)).isEqualTo("1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "nope",
        "deadbeef",
        "dddddddddddddddddddddddddddddddddddddddd",
        "main~1",
        "v1^{tree}"
      })
  void anUnknownRefIsNamed(String ref) {
    assertThatThrownBy(() -> fetch(bare.toUri().toString(), ref, null))
        .isInstanceOf(DeploymentFailedException.class)
        .hasMessage("The repository has no branch, tag or commit \"" + ref + "\"");
  }

  @Test
  void theTokenIsThePasswordOverHttp() throws Exception {
    try (GitServer server = GitServer.start(bare, TOKEN)) {
      assertThat(fetch(server.url(), "main", TOKEN)).isEqualTo("2");
      assertThat(fetch(server.url(), first, TOKEN)).isEqualTo("1");
      assertThat(fetch(server.url().replace("//", "//x-access-token:" + TOKEN + "@"), "", null))
          .isEqualTo("2");
    }
    assertThat(Files.readString(home.resolve("git/config"))).doesNotContain(TOKEN);
  }

  @Test
  void refusedCredentialsAreNotShown() throws Exception {
    try (GitServer server = GitServer.start(bare, "another")) {
      assertThatThrownBy(() -> fetch(server.url(), "main", TOKEN))
          .isInstanceOf(DeploymentFailedException.class)
          .hasMessage("The repository refused the credentials (" + server.url() + ")");
      assertThatThrownBy(
              () -> fetch(server.url().replace("//", "//user:" + TOKEN + "@"), "main", null))
          .hasMessage("The repository refused the credentials (" + server.url() + ")");
      assertThatThrownBy(() -> fetch(server.url(), "main", null))
          .hasMessage("The repository wants credentials (" + server.url() + ")");
    }
  }

  @Test
  void whatIsNotThereIsSaid() throws Exception {
    String nowhere = temp.resolve("nowhere.git").toUri().toString();
    assertThatThrownBy(() -> fetch(nowhere, "", null))
        .isInstanceOf(DeploymentFailedException.class)
        .hasMessageStartingWith("The repository " + nowhere + " cannot be reached: ");
    String closed;
    try (GitServer server = GitServer.start(bare, TOKEN)) {
      closed = server.url();
    }
    assertThatThrownBy(() -> fetch(closed, "", TOKEN))
        .isInstanceOf(DeploymentFailedException.class)
        .hasMessageStartingWith("The repository " + closed + " cannot be reached: ")
        .hasMessageContaining("refused");
    try (TestRepository empty = TestRepository.create(temp.resolve("empty"))) {
      assertThatThrownBy(
              () -> fetch(empty.bare(temp.resolve("e.git")).toUri().toString(), "", null))
          .hasMessage("The repository is empty");
    }
  }

  @Test
  void aServerThatHangsIsLeftAtOnce() throws Exception {
    try (GitServer server = GitServer.start(bare, TOKEN)) {
      server.hang();
      Cancellation cancellation = new Cancellation();
      CompletableFuture<Object> end =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return GitSource.fetch(
                      new App.Git(server.url(), "", TOKEN, null), home, report, cancellation);
                } catch (DeploymentFailedException | CancelledException e) {
                  return e;
                }
              });
      server.awaitHanging();
      cancellation.cancel();

      // The server still hangs, and the clone's own timeout is longer.
      assertThat(end.get(20, TimeUnit.SECONDS)).isInstanceOf(CancelledException.class);
    }
  }
}
