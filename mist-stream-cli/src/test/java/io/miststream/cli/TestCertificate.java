package io.miststream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyStore;
import java.util.Base64;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * A self-signed certificate with its key, for this machine and {@code mist.example.com}.
 *
 * @param file where they are, as a key store
 */
record TestCertificate(Path file, KeyStore store) {
  static final String PASSWORD = "changeit";
  private static final String ALIAS = "server";

  static TestCertificate make(Path directory, String name, String algorithm) throws Exception {
    Path file = directory.resolve(name + ".p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                ALIAS,
                "-keyalg",
                algorithm,
                "-storetype",
                "PKCS12",
                "-keystore",
                file.toString(),
                "-storepass",
                PASSWORD,
                "-dname",
                "CN=" + name,
                "-ext",
                "san=ip:127.0.0.1,dns:localhost,dns:mist.example.com")
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertThat(keytool.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return new TestCertificate(file, KeyStore.getInstance(file.toFile(), PASSWORD.toCharArray()));
  }

  String pem() throws Exception {
    return pem("CERTIFICATE", store.getCertificate(ALIAS).getEncoded());
  }

  /** Writes both as PEM; the key's file is never half written, nor readable by others. */
  void write(Path certificate, Path key) throws Exception {
    Path fresh = Files.writeString(key.resolveSibling("fresh"), "");
    Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-------"));
    Files.writeString(
        fresh, pem("PRIVATE KEY", store.getKey(ALIAS, PASSWORD.toCharArray()).getEncoded()));
    Files.move(fresh, key, StandardCopyOption.REPLACE_EXISTING);
    Files.writeString(certificate, pem());
  }

  private static String pem(String what, byte[] encoded) {
    return "-----BEGIN "
        + what
        + "-----\n"
        + Base64.getMimeEncoder().encodeToString(encoded)
        + "\n-----END "
        + what
        + "-----\n";
  }

  /** What a client needs that trusts these and nothing else. */
  static SSLContext trust(TestCertificate... certificates) throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    for (int i = 0; i < certificates.length; i++) {
      trusted.setCertificateEntry(ALIAS + i, certificates[i].store.getCertificate(ALIAS));
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, factory.getTrustManagers(), null);
    return context;
  }
}
