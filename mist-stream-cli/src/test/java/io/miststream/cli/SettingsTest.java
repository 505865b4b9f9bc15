package io.miststream.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where settings come from, and what is said of those that cannot be used. */
class SettingsTest {
  private static final Set<Setting> WITHOUT_DEFAULT =
      EnumSet.of(
          Setting.USERS,
          Setting.JWT_SECRET_FILE,
          Setting.JWKS,
          Setting.ALLOWED_ORIGINS,
          Setting.REDIRECT_PORT,
          Setting.TRUSTED_PROXIES,
          Setting.TLS_CERT,
          Setting.TLS_KEY,
          Setting.TLS_KEYSTORE,
          Setting.TLS_KEYSTORE_PASSWORD_FILE,
          Setting.DOCKER_HOST,
          Setting.DATA_DIR);

  @TempDir private Path directory;

  private String file(String... lines) {
    try {
      return Files.writeString(directory.resolve("mist.yaml"), String.join("\n", lines) + "\n")
          .toString();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static Settings flag(Setting setting, String value) {
    return Settings.of(Map.of(setting, value), null, Map.of());
  }

  private static Settings inFile(String file) {
    return Settings.of(Map.of(), file, Map.of());
  }

  private static Settings environment(String name, String value) {
    return Settings.of(Map.of(), null, Map.of(name, value));
  }

  /** The file is refused, at this line and with these words. */
  private void refused(int line, String words, String... lines) {
    String file = file(lines);
    assertThatThrownBy(() -> inFile(file))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(file + ":" + line + ": ")
        .hasMessageContaining(words);
  }

  @Test
  void nothingSaidIsTheDefaults() {
    Settings settings = Settings.of(Map.of(), null, Map.of());
    assertThat(settings.text(Setting.HOST)).isEqualTo("127.0.0.1");
    assertThat(settings.number(Setting.PORT)).isEqualTo(8080);
    assertThat(settings.time(Setting.PING_INTERVAL)).isEqualTo(Duration.ofSeconds(30));
    assertThat(settings.namePatterns()).containsExactly("mist-app-{id}", "app-{id}");
    assertThat(settings.dockerHost()).isNull();
    try (FileCatalogue catalogue = settings.catalogue()) {
      assertThat(catalogue.apps()).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "PORT, 1, 2, 3",
    "PING_INTERVAL, 1s, 2s, 3s",
    "LOG_LEVEL, error, info, debug",
    "DOCKER_HOST, unix:///a, tcp://b:1, tcp://c:1"
  })
  void theFlagBeatsTheVariableBeatsTheFileBeatsTheDefault(
      Setting setting, String inFile, String variable, String flag) {
    String file = file(setting.key() + ": " + inFile);
    Map<String, String> environment = Map.of(setting.variable(), variable);
    assertThat(Settings.of(Map.of(setting, flag), file, environment).text(setting)).isEqualTo(flag);
    assertThat(Settings.of(Map.of(), file, environment).text(setting)).isEqualTo(variable);
    assertThat(inFile(file).text(setting)).isEqualTo(inFile);
    assertThat(inFile(file("# nothing")).text(setting)).isEqualTo(setting.standard());
  }

  @Test
  void theFileIsNamedByTheFlagOrElseByTheVariable() {
    String file = file("port: 1");
    assertThat(environment("MIST_CONFIG", file).number(Setting.PORT)).isEqualTo(1);
    assertThat(
            Settings.of(Map.of(), file, Map.of("MIST_CONFIG", "/nonexistent")).number(Setting.PORT))
        .isEqualTo(1);
  }

  @Test
  void aFileThatIsNotThereIsNamed() {
    String file = directory.resolve("none.yaml").toString();
    assertThatThrownBy(() -> inFile(file))
        .isInstanceOf(ConfigException.class)
        .hasMessage(file + ": there is no such file");
  }

  @Test
  void whatCannotBeReadIsNamed() throws IOException {
    Path file = directory.resolve("latin1.yaml");
    Files.write(file, new byte[] {'#', (byte) 0xE4, '\n'});
    assertThatThrownBy(() -> inFile(file.toString()))
        .isInstanceOf(ConfigException.class)
        .hasMessage(file + ": is not UTF-8");
    assertThatThrownBy(() -> inFile(directory.toString()))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(directory + ": cannot be read");
    assertThatThrownBy(() -> inFile(file("host: \u0007")))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(directory.resolve("mist.yaml") + ": ");
  }

  @ParameterizedTest
  @EnumSource(Setting.class)
  void everyDefaultPassesItsOwnCheck(Setting setting) {
    if (setting.standard().isEmpty()) {
      assertThat(WITHOUT_DEFAULT).contains(setting);
    } else {
      assertThatCode(() -> setting.check(setting.standard())).doesNotThrowAnyException();
    }
    assertThat(setting.description()).isNotBlank();
    assertThat(setting.flag()).matches("--[a-z-]+");
    assertThat(setting.variable()).matches("MIST_[A-Z_]+");
  }

  @ParameterizedTest
  @CsvSource({
    "HOST, ' '",
    "PORT, abc",
    "DOCKER_HOST, ssh://host",
    "DOCKER_HOST, /var/run/docker.sock",
    "APP_LABEL, ''",
    "NAME_PATTERNS, app",
    "NAME_PATTERNS, 'app-{id},'",
    "RECOVERY, 30",
    "MAX_TAIL, -1",
    "RING_BYTES, 65535",
    "HISTORY_READS, 0",
    "MAX_FILTERS, -1",
    "LINGER, -1s",
    "PING_INTERVAL, 99ms",
    "HANDSHAKE_TIMEOUT, 5x",
    "STALL_TIMEOUT, 999ms",
    "MAX_CONNECTIONS, 0",
    "MAX_PER_USER, 0",
    "MAX_PER_ADDRESS, 0",
    "MAX_TLS_HANDSHAKES, 0",
    "MAX_HANDSHAKES, 0",
    "DATA_DIR, ' '",
    "KEEP_DEPLOYMENTS, 0",
    "KEEP_AGE, 90",
    "KEEP_AGE, 366d",
    "KEEP_BYTES, 10G",
    "KEEP_BYTES, 9223372036854775808",
    "MAX_RUNNING, 0",
    "MAX_WAITING, 0",
    "REPORT_SILENCE, 999ms",
    "MAX_EVENTS_BYTES, 1023",
    "LOG_LEVEL, loud"
  })
  void aBadValueIsRefusedWhereverItStandsWithItsPlaceAndWhatIsRight(Setting setting, String value) {
    refused(
        2,
        setting.key() + " must ",
        "# the second line is bad",
        setting.key() + ": \"" + value + "\"");
    assertThatThrownBy(() -> environment(setting.variable(), value))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(setting.variable() + " must ")
        .hasMessageEndingWith("and is \"" + value + "\"");
    assertThatThrownBy(() -> flag(setting, value))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(setting.flag() + " must ");
  }

  @Test
  void aBadValueInTheFileIsRefusedEvenIfSomethingElseWins() {
    String file = file("port: abc");
    assertThatThrownBy(() -> Settings.of(Map.of(Setting.PORT, "1"), file, Map.of()))
        .isInstanceOf(ConfigException.class)
        .hasMessage(file + ":1: port must be a whole number from 0 to 65535, and is \"abc\"");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "1", "65535"})
  void goodPorts(String port) {
    assertThat(flag(Setting.PORT, port).number(Setting.PORT)).isEqualTo(Integer.parseInt(port));
  }

  @ParameterizedTest
  @ValueSource(strings = {"65536", "-1", "abc", "", " 1", "1.0", "99999999999"})
  void badPorts(String port) {
    assertThatThrownBy(() -> flag(Setting.PORT, port))
        .isInstanceOf(ConfigException.class)
        .hasMessage("--port must be a whole number from 0 to 65535, and is \"" + port + "\"");
  }

  @ParameterizedTest
  @CsvSource({
    "LINGER, 0s, 0",
    "LINGER, 1ms, 1",
    "PING_INTERVAL, 100ms, 100",
    "PING_INTERVAL, 5m, 300000",
    "STALL_TIMEOUT, 1s, 1000",
    "STALL_TIMEOUT, 8760h, 31536000000",
    "KEEP_AGE, 90d, 7776000000"
  })
  void goodTimes(Setting setting, String value, long millis) {
    assertThat(flag(setting, value).time(setting)).isEqualTo(Duration.ofMillis(millis));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"99ms", "0s", "5x", "5", "s", "-5s", "1.5s", "8761h", "366d", "9999999999s"})
  void badTimes(String value) {
    assertThatThrownBy(() -> flag(Setting.PING_INTERVAL, value))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "--ping-interval must be a time such as 500ms, 30s, 5m, 1h or 90d, at least 100ms, at"
                + " most 365d, and is \""
                + value
                + "\"");
  }

  @Test
  void anUnknownVariableOfOursIsRefused() {
    assertThatThrownBy(() -> environment("MIST_PROT", "1"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("MIST_PROT");
  }

  @Test
  void variablesThatAreNotTheServersAreFine() {
    Map<String, String> environment =
        Map.of("MIST_JAVA_OPTS", "-Xmx64m", "MIST_SERVER", "ws://a", "PATH", "x", "MISTY", "y");
    assertThatCode(() -> Settings.of(Map.of(), null, environment)).doesNotThrowAnyException();
  }

  @Test
  void dockersOwnVariableComesLast() {
    Map<String, String> docker = Map.of("DOCKER_HOST", "tcp://last:1");
    assertThat(Settings.of(Map.of(), null, docker).dockerHost())
        .isEqualTo(URI.create("tcp://last:1"));
    assertThat(Settings.of(Map.of(), file("docker-host: unix:///file"), docker).dockerHost())
        .isEqualTo(URI.create("unix:///file"));
    Map<String, String> both =
        Map.of("DOCKER_HOST", "tcp://last:1", "MIST_DOCKER_HOST", "tcp://ours:1");
    assertThat(Settings.of(Map.of(), null, both).dockerHost())
        .isEqualTo(URI.create("tcp://ours:1"));
    // What is not used need not be right either: it may be meant for other programs.
    Map<String, String> ssh = Map.of("DOCKER_HOST", "ssh://host");
    assertThat(Settings.of(Map.of(Setting.DOCKER_HOST, "tcp://flag:1"), null, ssh).dockerHost())
        .isEqualTo(URI.create("tcp://flag:1"));
    assertThatThrownBy(() -> Settings.of(Map.of(), null, ssh))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(
            "DOCKER_HOST must be an address that begins with unix:// or tcp://");
    assertThat(environment("DOCKER_HOST", " ").dockerHost()).isNull();
  }

  @Test
  void namePatternsAreAListOrAreSeparatedByCommas() {
    assertThat(inFile(file("name-patterns: [\"a-{id}\", \"b-{id}\"]")).namePatterns())
        .containsExactly("a-{id}", "b-{id}");
    assertThat(inFile(file("name-patterns: \"a-{id}, b-{id}\"")).namePatterns())
        .containsExactly("a-{id}", "b-{id}");
  }

  @Test
  void numbersOfBytesAreLong() {
    assertThat(Settings.of(Map.of(), null, Map.of()).bytes(Setting.KEEP_BYTES))
        .isEqualTo(10L << 30);
  }

  @Test
  void theDataDirectoryIsTheUsersUnlessSet() {
    assertThat(flag(Setting.DATA_DIR, "a/b").dataDirectory()).isEqualTo(Path.of("a/b"));
    assertThat(environment("XDG_DATA_HOME", "/srv/data").dataDirectory())
        .isEqualTo(Path.of("/srv/data/mist-stream"));
    Path standard = Path.of(System.getProperty("user.home"), ".local/share/mist-stream");
    assertThat(environment("XDG_DATA_HOME", "data").dataDirectory()).isEqualTo(standard);
    assertThat(Settings.of(Map.of(), null, Map.of()).dataDirectory()).isEqualTo(standard);
  }

  @Test
  void keysThatAreUnknownOrTwiceThereAreRefused() {
    refused(3, "unknown key colour", "port: 1", "# a comment", "colour: blue");
    refused(2, "unknown key PORT", "host: localhost", "PORT: 1");
    refused(3, "port stands there twice", "port: 1", "host: localhost", "port: 2");
  }

  @Test
  void whatIsNoYamlOrNotOfKeysAndValuesIsRefused() {
    refused(3, "", "port: 1", "name-patterns: [a", "host: x");
    refused(2, "", "port: 1", "\thost: x");
    refused(1, "settings must be written as \"key: value\"", "- port: 1");
    refused(1, "settings must be written as \"key: value\"", "port");
    refused(2, "port must be a single value", "port:", "  number: 1");
    refused(2, "", "port: 1", "--- {}");
  }
}
