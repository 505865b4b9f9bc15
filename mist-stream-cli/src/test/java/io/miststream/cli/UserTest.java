package io.miststream.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.miststream.server.security.Account;
import io.miststream.server.security.Grant;
import io.miststream.server.security.Grant.Role;
import io.miststream.server.security.Passwords;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

@ResourceLock("System.in")
class UserTest {
  private static final String HASH = Passwords.hash("12345678");

  @TempDir private Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private Path users() {
    return directory.resolve("users.yaml");
  }

  private int run(String password, String... arguments) {
    InputStream before = System.in;
    System.setIn(new ByteArrayInputStream((password + "\n").getBytes(UTF_8)));
    try {
      List<String> all = new ArrayList<>(List.of("user"));
      all.addAll(List.of(arguments));
      all.addAll(List.of("--users", "" + users()));
      if (!arguments[0].equals("list")) {
        all.add("--password-stdin");
      }
      CommandLine main = Main.commandLine("user");
      main.setOut(new PrintWriter(out, true)).setErr(new PrintWriter(err, true));
      return main.execute(all.toArray(String[]::new));
    } finally {
      System.setIn(before);
    }
  }

  private String text() throws IOException {
    return Files.readString(users());
  }

  private Grant grant(String name) {
    return UsersFile.read(users()).get(name).grant();
  }

  @Test
  void usersAreAddedAndListed() throws Exception {
    assertThat(run("correct horse", "add", "ann", "--role", "admin")).isZero();
    assertThat(run("correct horse", "add", "bob", "--apps", "3,1", "--metrics")).isZero();
    assertThat(run("correct horse", "add", "ci@example.com", "--role", "deployer", "--apps", "all"))
        .isZero();
    assertThat(run("correct horse", "add", "guest")).isZero();
    assertThat(run("", "list")).isZero();
    assertThat(out.toString())
        .isEqualTo(
            """
            ann\tadmin\tall apps\tmetrics
            bob\tviewer\tapps 1,3\tmetrics
            ci@example.com\tdeployer\tall apps
            guest\tviewer\tno apps
            """);
    assertThat(grant("bob")).isEqualTo(new Grant(Role.VIEWER, Set.of(1L, 3L), true));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(users())))
        .isEqualTo("rw-------");
    assertThat(text()).doesNotContain("correct horse");
    try (Stream<Path> files = Files.list(directory)) {
      assertThat(files).hasSize(1);
    }
  }

  @Test
  void whatTheAuthorWroteStays() throws Exception {
    String before =
        "# ours\nusers:\n    # the boss 🙂\n    - name: ann # first\n      password: '"
            + HASH
            + "' # old\n      role: admin\n";
    Files.writeString(users(), before);
    assertThat(run("87654321", "passwd", "ann")).as(err.toString()).isZero();
    String changed = text();
    Account ann = UsersFile.read(users()).get("ann");
    assertThat(ann.passwordHash()).isNotEqualTo(HASH);
    assertThat(changed)
        .isEqualTo(before.replace("'" + HASH + "'", "\"" + ann.passwordHash() + "\""));
    assertThat(run("87654321", "add", "bob", "--apps", "1")).as(err.toString()).isZero();
    assertThat(text()).startsWith(changed.stripTrailing() + "\n    - name: \"bob\"\n");
  }

  @ParameterizedTest
  @CsvSource({"''", "'# nothing yet\\n'", "'users:'", "'users: []\\n'", "'users:\\n'"})
  void emptyFilesAreAddedTo(String before) throws Exception {
    Files.writeString(users(), before.replace("\\n", "\n"));
    assertThat(run("87654321", "add", "bob")).as(err.toString()).isZero();
    assertThat(UsersFile.read(users())).containsOnlyKeys("bob");
  }

  @Test
  void mistakesAreExplainedAndChangeNothing() throws Exception {
    assertThat(run("12345678", "add", "ann")).isZero();
    String before = text();
    assertThat(run("12345678", "add", "ann")).isEqualTo(2);
    assertThat(run("1234567", "add", "bob")).isEqualTo(2);
    assertThat(run("12345678", "add", "b b")).isEqualTo(2);
    assertThat(run("12345678", "add", "bob", "--role", "boss")).isEqualTo(2);
    assertThat(run("12345678", "add", "bob", "--apps", "0")).isEqualTo(2);
    assertThat(run("12345678", "passwd", "bob")).isEqualTo(2);
    assertThat(run("12345678", "add")).isEqualTo(2);
    assertThat(err.toString())
        .contains("there is a user ann already")
        .contains("a password must have 8 to 1024 characters")
        .contains("NAME must be of 1 to 128 letters")
        .contains("must be one of admin, deployer, viewer")
        .contains("must be a whole number from 1")
        .contains("there is no user bob")
        .doesNotContain("\tat ");
    assertThat(text()).isEqualTo(before);
    Files.writeString(users(), "users: [{name: ann, password: '" + HASH + "'}]\n");
    assertThat(run("12345678", "add", "bob")).isEqualTo(2);
    assertThat(err.toString()).contains("one below the other");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "users: 1 | users.yaml:1: users must be a list",
        "user: [] | users.yaml:1: unknown key user of the file of users",
        "users:\\n- name: ann | users.yaml:2: a user needs a password",
        "users:\\n- password: x | users.yaml:2: a user needs a name",
        "users:\\n"
            + "- name: ann\\n"
            + "  password: secret1 | users.yaml:3: the password of ann is not a hash",
        "users:\\n- name: ann\\n  password: HASH\\n  role: x | users.yaml:4: role must be one of",
        "users:\\n- name: ann\\n  password: HASH\\n  apps: 1 | users.yaml:4: apps must be a list",
        "users:\\n- name: ann\\n  password: HASH\\n  apps: [x] | users.yaml:4: an app's id must be",
        "users:\\n"
            + "- name: ann\\n"
            + "  password: HASH\\n"
            + "  metrics: 1 | users.yaml:4: metrics must be true",
        "users:\\n- name: ann\\n  password: HASH\\n  more: 1 | users.yaml:4: unknown key more",
        "users:\\n- name: a b\\n  password: HASH | users.yaml:2: a user's name must be",
        "users:\\n"
            + "- name: ann\\n"
            + "  password: HASH\\n"
            + "- name: ann\\n"
            + "  password: HASH | users.yaml:4: user ann is listed twice",
      })
  void everyMistakeInTheFileIsToldWithItsLine(String text, String sentence) throws Exception {
    Files.writeString(users(), text.replace("\\n", "\n").replace("HASH", "\"" + HASH + "\""));
    assertThatThrownBy(() -> UsersFile.read(users()))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(sentence)
        .hasMessageNotContaining("secret1");
  }

  @Test
  void filesThatOthersCanReadAreRefused() throws Exception {
    Files.writeString(users(), "users: []");
    for (String permissions : new String[] {"rw----r--", "rw-----w-", "rwxrwxrwx"}) {
      Files.setPosixFilePermissions(users(), PosixFilePermissions.fromString(permissions));
      assertThatThrownBy(() -> SecretFile.read(users()))
          .hasMessageContaining("everybody on this machine can read or change it")
          .hasMessageContaining("chmod 600 " + users());
    }
    Files.setPosixFilePermissions(users(), PosixFilePermissions.fromString("rw-r-----"));
    assertThat(SecretFile.read(users())).isNotEmpty();
    byte[] key = SecretFile.key(directory.resolve("key"));
    assertThat(key).hasSize(32).isNotEqualTo(new byte[32]);
    assertThat(SecretFile.key(directory.resolve("key"))).isEqualTo(key);
  }
}
