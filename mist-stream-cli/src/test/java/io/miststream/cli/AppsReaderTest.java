package io.miststream.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.miststream.core.App;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the configuration file can say of apps, and what is said of mistakes. */
class AppsReaderTest {
  private static final Map<String, String> ENVIRONMENT =
      Map.of(
          "SHOP_GIT_TOKEN",
          "t0ken-$1",
          "HOST",
          "git.example",
          "SHORT",
          "abc",
          "KEY",
          "{\n  key1\n}");

  @TempDir private Path directory;

  private List<App> read(String... lines) {
    try {
      Path file = directory.resolve("mist.yaml");
      Files.writeString(file, "apps:\n" + String.join("\n", lines) + "\n");
      return ConfigFile.read(file, ENVIRONMENT).apps();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /** An app with these lines behind its id, which is in the second line. */
  private App app(String... lines) {
    List<String> all = new ArrayList<>(List.of("  - id: 1"));
    for (String line : lines) {
      all.add("    " + line);
    }
    return read(all.toArray(String[]::new)).get(0);
  }

  private void refused(int line, String words, Runnable reading) {
    assertThatThrownBy(reading::run)
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(directory.resolve("mist.yaml") + ":" + line + ": ")
        .hasMessageContaining(words);
  }

  /** The last of these lines of an app is refused. */
  private void refused(String words, String... lines) {
    refused(lines.length + 2, words, () -> app(lines));
  }

  @Test
  void everyKeyIsRead() {
    App app =
        app(
            "name: shop",
            "containers: [shop-web, shop-worker]",
            "git: {url: 'https://${HOST}/shop.git', ref: main, token: '${SHOP_GIT_TOKEN}'}",
            "build:",
            "  dockerfile: docker/Dockerfile",
            "  args: {VERSION: 1, TOKEN: 'x-${SHOP_GIT_TOKEN}', EMPTY: ''}",
            "  secrets: [TOKEN, PASSWORD, KEY]",
            "run:",
            "  env: {PORT: '3000', PASSWORD: hunter2}",
            "  ports: ['3000:3000', '127.0.0.1:80:8080/tcp', '9000']",
            "  volumes: ['shop-data:/data', '/srv/a:/a:ro']",
            "  health_timeout: 2m");
    assertThat(app)
        .isEqualTo(
            new App(
                1,
                "shop",
                List.of("shop-web", "shop-worker"),
                new App.Git("https://git.example/shop.git", "main", "t0ken-$1", null),
                null,
                new App.Build(
                    "docker/Dockerfile",
                    Map.of("VERSION", "1", "TOKEN", "x-t0ken-$1", "EMPTY", "")),
                new App.Run(
                    Map.of("PORT", "3000", "PASSWORD", "hunter2"),
                    List.of("3000:3000", "127.0.0.1:80:8080/tcp", "9000"),
                    List.of("shop-data:/data", "/srv/a:/a:ro"),
                    Duration.ofMinutes(2)),
                Set.of("t0ken-$1", "x-t0ken-$1", "hunter2", "key1")));
  }

  @Test
  void onlyTheIdIsNeeded() {
    assertThat(app())
        .isEqualTo(
            new App(1, "", List.of(), null, null, App.Build.DEFAULT, App.Run.DEFAULT, Set.of()));
    assertThat(app().isDeployable()).isFalse();
  }

  @Test
  void appsComeByTheirIds() {
    assertThat(read("  - id: 10", "  - id: 9", "  - {id: 1, name: a}"))
        .extracting(App::id)
        .containsExactly(1L, 9L, 10L);
  }

  @Test
  void pathsAreRelativeToTheFile() {
    assertThat(app("path: ./shop").path()).isEqualTo(directory.resolve("shop"));
    assertThat(app("path: /srv/shop").path()).isEqualTo(Path.of("/srv/shop"));
    assertThat(app("git: {url: 'git@host:a/b.git', ssh-key: key}").git().sshKey())
        .isEqualTo(directory.resolve("key"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "https://host/a.git",
        "http://host/a.git",
        "ssh://git@host:22/a.git",
        "git@host:a/b.git",
        "file:///srv/a.git"
      })
  void addressesOfRepositories(String url) {
    assertThat(app("git: {url: '" + url + "'}").git().url()).isEqualTo(url);
  }

  @Test
  void whatStandsBeforeTheHostIsSecret() {
    assertThat(app("git: {url: 'https://me:p%40ssw@my_host/a.git'}").secrets())
        .containsExactlyInAnyOrder("p%40ssw", "p@ssw");
    assertThat(app("git: {url: 'https://${SHORT}-token@host/a.git'}").secrets())
        .containsExactly("abc-token");
    assertThat(app("git: {url: 'https://git@host/a.git'}").secrets()).isEmpty();
  }

  @Test
  void secretsAreVariablesOfTheEnvironmentToo() {
    assertThat(app("build: {secrets: [SHOP_GIT_TOKEN]}").secrets()).containsExactly("t0ken-$1");
  }

  @Test
  void textThatIsNoVariableStays() {
    assertThat(app("run: {env: {A: '$HOST ${} ${a-b} $${HOST}'}}").run().env())
        .containsEntry("A", "$HOST ${} ${a-b} $git.example");
  }

  @Test
  void badAppsAreRefused() {
    refused(3, "an app needs an id", () -> read("  - id: 1", "  - name: shop"));
    refused(2, "id must be a positive whole number and is \"0\"", () -> read("  - id: 0"));
    refused(2, "id must be a positive whole number and is \"x\"", () -> read("  - id: x"));
    refused(3, "app 7 is listed twice", () -> read("  - id: 7", "  - id: 7"));
    refused(2, "an app must be written as", () -> read("  - 1"));
    refused(2, "apps must be a list", () -> read("  id: 1"));
    refused("containers must be a list of names", "containers: a");
    refused("a container's name must be a single value", "containers: [[a]]");
    refused("name must be a single value", "name: [a]");
    refused("id stands there twice", "id: 2");
  }

  @Test
  void unknownKeysAreRefusedEverywhere() {
    refused("unknown key image of an app", "image: a");
    refused("unknown key branch of git", "git:", "  url: https://h/a", "  branch: main");
    refused("unknown key file of build", "build:", "  file: a");
    refused("unknown key healthTimeout of run", "run:", "  healthTimeout: 3s");
  }

  @Test
  void badSourcesAreRefused() {
    refused("an app has either git or path", "git: {url: 'https://h/a'}", "path: a");
    refused("path must not be empty", "path: ''");
    refused("git must be written as", "git: https://h/a");
    refused("git needs a url", "git: {ref: main}");
    refused("url must begin with https://", "git: {url: ftp://h/a}");
    refused("url must begin with https://", "git: {url: /srv/a}");
    refused("url is not a valid address", "git: {url: 'https://h/a b'}");
    refused("ref must not be empty", "git: {url: 'https://h/a', ref: ''}");
    refused("only sent to an https:// url", "git:", "  url: http://h/a", "  token: abcd");
    refused("only sent to an https:// url", "git:", "  url: git@h:a", "  token: abcd");
    refused("a password is only sent to an https", "git: {url: 'http://me:hunter2@h/a'}");
    refused("ssh-key needs an ssh:// url", "git:", "  url: https://h/a", "  ssh-key: key");
  }

  @Test
  void badBuildsAndRunsAreRefused() {
    refused("dockerfile must not be empty", "build: {dockerfile: ''}");
    refused("args must be written as", "build: {args: [A]}");
    refused("\"A=B\" of args is no name", "build: {args: {A=B: c}}");
    refused("A must be a single value", "run:", "  env:", "    A: [b]");
    refused("env must be written as", "run: {env: a}");
    refused("ports must be a list", "run: {ports: '3000:3000'}");
    refused("ports must be like", "run:", "  ports:", "    - 3000:3000", "    - web:80");
    refused("volumes must be like", "run: {volumes: ['./data:/data']}");
    refused("ports must be like", "run: {ports: ['3000-3005:3000-3005']}");
    refused("volumes must be like", "run: {volumes: ['data:data']}");
    refused("volumes must be like", "run: {volumes: [/data]}");
    refused("health_timeout must be a time such as", "run: {health_timeout: 60}");
    refused("health_timeout must be a time such as", "run: {health_timeout: 0s}");
  }

  @Test
  void variablesThatAreNotSetAreRefused() {
    refused("no variable NONE", "git:", "  url: https://h/a", "  token: '${NONE}'");
    refused("no variable NONE", "git: {url: 'https://${NONE}/a'}");
    refused("no variable NONE", "build:", "  args:", "    B: 'c'", "    A: 'x${NONE}'");
    refused("no variable NONE", "run:", "  env:", "    A: '${NONE}'");
  }

  @Test
  void secretsThatCannotBeHiddenAreRefusedWithoutShowingThem() {
    refused("secret NONE is neither in args", "build:", "  secrets: [NONE]");
    refused("secrets must be a list of names", "build: {secrets: a}");
    refused("secret SHORT is shorter than 4", "build:", "  secrets:", "    - SHORT");
    refused("token is shorter than 4", "git: {url: 'https://h/a', token: '${SHORT}'}");
    refused("the password in url is shorter than 4", "git: {url: 'https://me:abc@h/a'}");
    assertThatThrownBy(() -> app("git: {url: 'ftp://me:hunter2@h/a'}"))
        .message()
        .doesNotContain("hunter2");
  }
}
