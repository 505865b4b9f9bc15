package io.miststream.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import javax.net.ssl.SSLContext;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;

/** A self-signed certificate with its key, for this machine and {@code mist.example.com}. */
final class TestCertificate {
  static final String PASSWORD = "changeit";

  private final HeldCertificate held;

  private TestCertificate(HeldCertificate held) {
    this.held = held;
  }

  /** One with a key for elliptic curves. */
  static TestCertificate ec(String name) {
    return new TestCertificate(builder(name).ecdsa256().build());
  }

  /** One with an RSA key. */
  static TestCertificate rsa(String name) {
    return new TestCertificate(builder(name).rsa2048().build());
  }

  private static HeldCertificate.Builder builder(String name) {
    return new HeldCertificate.Builder()
        .commonName(name)
        .addSubjectAlternativeName("127.0.0.1")
        .addSubjectAlternativeName("localhost")
        .addSubjectAlternativeName("mist.example.com");
  }

  String pem() {
    return held.certificatePem();
  }

  /** Writes both as PEM; the key's file is never half written, nor readable by others. */
  void write(Path certificate, Path key) throws IOException {
    Path fresh = Files.writeString(key.resolveSibling("fresh"), "");
    Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-------"));
    Files.writeString(fresh, held.privateKeyPkcs8Pem());
    Files.move(fresh, key, StandardCopyOption.REPLACE_EXISTING);
    Files.writeString(certificate, pem());
  }

  /** Writes both as a key store, {@code PKCS12}, with {@link #PASSWORD}. */
  void writeStore(Path file) throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry(
        "server",
        held.keyPair().getPrivate(),
        PASSWORD.toCharArray(),
        new Certificate[] {held.certificate()});
    try (OutputStream out = Files.newOutputStream(file)) {
      store.store(out, PASSWORD.toCharArray());
    }
  }

  /** What a client needs that trusts these and nothing else. */
  static SSLContext trust(TestCertificate... certificates) {
    HandshakeCertificates.Builder trusted = new HandshakeCertificates.Builder();
    for (TestCertificate certificate : certificates) {
      trusted.addTrustedCertificate(certificate.held.certificate());
    }
    return trusted.build().sslContext();
  }
}
