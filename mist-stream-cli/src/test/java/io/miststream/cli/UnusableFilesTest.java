package io.miststream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;
import picocli.CommandLine;

/** Certificates, keys and secrets that {@code serve} refuses to start with. */
@ResourceLock(Resources.SYSTEM_ERR) // serve sets where the log goes
class UnusableFilesTest {
  private static final String SECRET = "a secret of more than 32 bytes, as it must be";

  @TempDir private Path directory;

  /** Runs {@code serve}, which must call it wrong usage; returns the explanation. */
  private String refused(String... options) {
    List<String> arguments = new ArrayList<>(List.of("serve", "--port", "0"));
    arguments.addAll(List.of("--data-dir", "" + directory.resolve("data")));
    arguments.addAll(List.of(options));
    StringWriter err = new StringWriter();
    CommandLine main = Main.commandLine("serve");
    main.setErr(new PrintWriter(err, true));
    assertThat(main.execute(arguments.toArray(String[]::new))).isEqualTo(Main.USAGE);
    return err.toString();
  }

  private Path write(String name, String text, String permissions) throws IOException {
    Path file = Files.writeString(directory.resolve(name), text);
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
  }

  @Test
  void certificatesAndKeys() throws Exception {
    TestCertificate first = TestCertificate.ec("first");
    Path certificate = directory.resolve("cert.pem");
    Path key = directory.resolve("key.pem");
    TestCertificate.ec("second").write(directory.resolve("other.pem"), key);
    Files.writeString(certificate, first.pem());
    String[] tls = {"--tls-cert", "" + certificate, "--tls-key", "" + key};
    assertThat(refused(tls)).contains("key.pem is not the key of the first certificate");
    Files.writeString(key, "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----");
    assertThat(refused(tls)).contains("openssl pkcs8 -topk8 -nocrypt");
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));
    assertThat(refused(tls)).contains("chmod 600 " + key);
    Files.writeString(certificate, "nothing");
    assertThat(refused(tls)).contains("cert.pem");
    assertThat(refused("--tls-cert", "" + certificate)).contains("--tls-cert goes with --tls-key");
  }

  @Test
  void usersThatOthersCanRead() throws Exception {
    Path users = write("users.yaml", "users: []\n", "rw-r--r--");
    assertThat(refused("--auth", "users", "--users", "" + users))
        .contains("everybody on this machine can read or change it", "chmod 600 " + users);
  }

  @Test
  void secretsThatOthersCanReadOrGuess() throws Exception {
    Path secret = write("secret", SECRET, "rw----r--");
    String[] jwt = {"--auth", "jwt", "--jwt-secret-file", "" + secret};
    assertThat(refused(jwt)).contains("chmod 600 " + secret);
    write("secret", "short", "rw-------");
    assertThat(refused(jwt)).contains("must have 32 bytes or more");
  }

  @Test
  void withoutAuthenticationOtherMachinesAreKeptOut() {
    assertThat(refused("--host", "0.0.0.0"))
        .contains("--auth users --users FILE", "listen to 127.0.0.1");
  }
}
