package io.miststream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What the command says to arguments, before it connects to anything. */
@ResourceLock(Resources.SYSTEM_ERR) // serve sets where the log goes
@Tag("jdk")
class MainTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... arguments) {
    CommandLine main = Main.commandLine();
    main.setOut(new PrintWriter(out, true));
    main.setErr(new PrintWriter(err, true));
    return main.execute(arguments);
  }

  @Test
  void withoutACommandItSaysWhichThereAre() {
    assertThat(run()).isEqualTo(2);
    assertThat(err.toString()).contains("Usage: mist-stream").contains("serve").contains("logs");
    assertThat(out.toString()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--help",
        "serve --help",
        "logs --help",
        "deploy --help",
        "deployments --help",
        "deployment --help",
        "stop --help"
      })
  void helpIsPrinted(String arguments) {
    assertThat(run(arguments.split(" ", -1))).isZero();
    assertThat(out.toString()).contains("Usage: mist-stream");
    assertThat(err.toString()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"--version", "serve --version", "logs --version"})
  void theVersionIsPrinted(String arguments) {
    assertThat(run(arguments.split(" ", -1))).isZero();
    assertThat(out.toString()).startsWith("mist-stream ");
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void theHelpOfServeNamesEverySettingAndItsDefault() {
    run("serve", "--help");
    String help = out.toString().replaceAll("\\s+", "");
    for (Setting setting : Setting.values()) {
      assertThat(help).contains(setting.flag() + "=").contains(setting.standard());
    }
  }

  static Stream<Arguments> wrongUsage() {
    return Stream.of(
        Arguments.of("Unknown option", "--colour"),
        Arguments.of("Unknown option", "serve --colour"),
        Arguments.of("Unknown option", "logs 1 --colour"),
        Arguments.of("'abc' is not a long", "logs abc"),
        Arguments.of("Missing required parameter: 'APP'", "logs"),
        Arguments.of("appId must be a positive integer", "logs 0"),
        Arguments.of("--tail must be a number or all, and is \"-1\"", "logs 1 --tail -1"),
        Arguments.of("--tail must be a number or all", "logs 1 --tail 4294967295"),
        Arguments.of("grep", "logs 1 --grep ("),
        Arguments.of("exclude", "logs 1 --exclude ("),
        Arguments.of("--since must be an RFC 3339 time", "logs 1 --since yesterday"),
        Arguments.of("--until must be an RFC 3339 time", "logs 1 --until 2025-01-15"),
        // The forms that the server takes: fractions, milliseconds, seconds since 1970.
        Arguments.of("until must not be before since", "logs 1 --since 100ms --until 1.5h"),
        Arguments.of("until must not be before since", "logs 1 --since 1736933400.5 --until 0"),
        Arguments.of("until must not be before since", "logs 1 --since 1m --until 2m"),
        Arguments.of(
            "--follow must be one of container, app, none, and is \"sometimes\"",
            "logs 1 --follow sometimes"),
        Arguments.of("--stream must be one of stdout, stderr", "logs 1 --stream both"),
        Arguments.of("Missing required parameter: 'APP'", "deploy"),
        Arguments.of("appId must be a positive integer", "deploy 0"),
        Arguments.of("'shop' is not a long", "deploy shop"),
        Arguments.of("ftp", "deploy 1 --server ftp://127.0.0.1"),
        Arguments.of("deploymentId must be a positive integer", "deployment 0"),
        Arguments.of("deploymentId must be a positive integer", "deployment 0 --follow"),
        Arguments.of("deploymentId must be a positive integer", "stop -- -1"),
        Arguments.of("limit must be a positive integer", "deployments --limit 0"),
        Arguments.of("ftp", "logs 1 --server ftp://127.0.0.1"),
        // It is --tail that is wrong: -f does not take the app for its own value.
        Arguments.of("--tail must be a number or all, and is \"x\"", "logs -f 1 --tail x"),
        Arguments.of("/nonexistent: there is no such file", "serve --config /nonexistent"),
        Arguments.of("is not a loopback address", "serve --port 0 --host 0.0.0.0"),
        Arguments.of(
            "host no.such.host.invalid is neither localhost", "serve --host no.such.host.invalid"),
        Arguments.of("--auth users --users FILE", "serve --port 0 --host ::"),
        Arguments.of("--auth must be one of none, users, jwt", "serve --auth all"),
        Arguments.of("auth users needs --users FILE", "serve --auth users"),
        Arguments.of(
            "/nonexistent: there is no such file", "serve --auth users --users /nonexistent"),
        Arguments.of("--users is for auth users, and auth is none", "serve --users /nonexistent"),
        Arguments.of(
            "--jwks is for auth jwt, and auth is users",
            "serve --auth users --users /nonexistent --jwks /nonexistent"),
        Arguments.of("auth jwt needs either --jwt-secret-file", "serve --auth jwt"),
        Arguments.of("/nonexistent: cannot be read", "serve --auth jwt --jwks /nonexistent"),
        Arguments.of("--allowed-origins needs authentication", "serve --allowed-origins http://a"),
        Arguments.of("--port must be a whole number from 0 to 65535, and is", "serve --port abc"));
  }

  @ParameterizedTest(name = "{1}")
  @MethodSource("wrongUsage")
  void wrongUsageIsExplained(String sentence, String arguments) {
    assertThat(run(arguments.split(" ", -1))).isEqualTo(2);
    assertThat(err.toString()).contains(sentence);
    assertThat(out.toString()).isEmpty();
    assertThat(Arrays.stream(err.toString().split("\n", -1)))
        .as("no stack trace")
        .noneMatch(line -> line.startsWith("\tat "));
  }
}
