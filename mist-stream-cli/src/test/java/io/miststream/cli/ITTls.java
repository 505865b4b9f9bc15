package io.miststream.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.miststream.client.MistStreamClient;
import io.miststream.core.Follow;
import io.miststream.core.LogLine;
import io.miststream.core.LogRequest;
import io.miststream.core.StreamMessage;
import io.miststream.docker.testing.DockerFixture;
import io.miststream.docker.testing.TestContainer;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server with certificates of files. */
@Tag("docker")
class ITTls {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final String PASSWORD = "changeit";

  private static DockerFixture docker;

  @TempDir private Path directory;

  @BeforeAll
  static void connect() {
    docker = DockerFixture.connect();
  }

  @AfterAll
  static void close() throws IOException {
    docker.close();
  }

  private Path keyStore(String name, String algorithm) throws Exception {
    Path file = directory.resolve(name + ".p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                "server",
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
                "san=ip:127.0.0.1,dns:localhost")
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertThat(keytool.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return file;
  }

  private static KeyStore read(Path file) throws Exception {
    return KeyStore.getInstance(file.toFile(), PASSWORD.toCharArray());
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

  private void writePem(KeyStore store, Path certificate, Path key) throws Exception {
    Path fresh = Files.writeString(directory.resolve("fresh"), "");
    Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString("rw-------"));
    Files.writeString(
        fresh, pem("PRIVATE KEY", store.getKey("server", PASSWORD.toCharArray()).getEncoded()));
    Files.move(fresh, key, StandardCopyOption.REPLACE_EXISTING);
    Files.writeString(certificate, pem("CERTIFICATE", store.getCertificate("server").getEncoded()));
  }

  private static SSLContext trust(KeyStore... stores) throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    for (int i = 0; i < stores.length; i++) {
      trusted.setCertificateEntry("server" + i, stores[i].getCertificate("server"));
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, factory.getTrustManagers(), null);
    return context;
  }

  private static String shown(URI server, SSLContext trust) throws Exception {
    try (SSLSocket socket =
        (SSLSocket) trust.getSocketFactory().createSocket("127.0.0.1", server.getPort())) {
      socket.startHandshake();
      X509Certificate first = (X509Certificate) socket.getSession().getPeerCertificates()[0];
      return first.getSubjectX500Principal().getName();
    }
  }

  private static final class Lines implements Flow.Subscriber<StreamMessage> {
    final List<String> all = new CopyOnWriteArrayList<>();
    volatile Throwable failure;

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(StreamMessage message) {
      if (message instanceof LogLine line) {
        all.add(line.line());
      }
    }

    @Override
    public void onError(Throwable problem) {
      failure = problem;
    }

    @Override
    public void onComplete() {
      failure = new IllegalStateException("over");
    }
  }

  @Test
  void aRenewedCertificateIsShownAndNobodyIsDropped() throws Exception {
    KeyStore first = read(keyStore("first", "EC"));
    KeyStore second = read(keyStore("second", "RSA"));
    Path certificate = directory.resolve("cert.pem");
    Path key = directory.resolve("key.pem");
    writePem(first, certificate, key);
    SSLContext trust = trust(first, second);
    TestContainer container =
        docker.container().run("i=0; while :; do i=$((i+1)); echo $i; sleep 0.05; done");
    try (ServerProcess server =
        ServerProcess.start(
            docker.host(), Map.of(), "--tls-cert", "" + certificate, "--tls-key", "" + key)) {
      assertThat(server.uri()).hasScheme("https");
      Lines lines = new Lines();
      MistStreamClient.builder(server.uri())
          .sslContext(trust)
          .giveUpAfter(Duration.ZERO) // so that a connection that is dropped would show
          .build()
          .logs(LogRequest.of(container.appId()).withTail(LogRequest.ALL).withFollow(Follow.APP))
          .subscribe(lines);
      await().atMost(PATIENCE).until(() -> lines.all.size() > 10);
      assertThat(shown(server.uri(), trust)).isEqualTo("CN=first");
      Files.writeString(certificate, "half of a certif");
      writePem(second, certificate, key);
      await().atMost(PATIENCE).until(() -> shown(server.uri(), trust).equals("CN=second"));
      int seen = lines.all.size();
      await().atMost(PATIENCE).until(() -> lines.all.size() > seen + 10);
      assertThat(lines.failure).isNull();
      for (int i = 0; i < lines.all.size(); i++) {
        assertThat(lines.all.get(i)).isEqualTo("" + (i + 1));
      }
      assertThat(server.stop()).isZero();
    }
  }

  @Test
  void aKeyStoreWillDo() throws Exception {
    Path store = keyStore("stored", "RSA");
    Path password = Files.writeString(directory.resolve("password"), PASSWORD + "\n");
    Files.setPosixFilePermissions(password, PosixFilePermissions.fromString("rw-------"));
    try (ServerProcess server =
        ServerProcess.start(
            docker.host(),
            Map.of(),
            "--tls-keystore",
            "" + store,
            "--tls-keystore-password-file",
            "" + password)) {
      assertThat(shown(server.uri(), trust(read(store)))).isEqualTo("CN=stored");
    }
  }

  private String refused(String... arguments) throws Exception {
    Process process =
        ServerProcess.command(arguments)
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("out").toFile())
            .start();
    assertThat(process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).isEqualTo(2);
    return Files.readString(directory.resolve("out"));
  }

  @Test
  void mistakesAreExplained() throws Exception {
    KeyStore first = read(keyStore("first", "EC"));
    KeyStore second = read(keyStore("second", "EC"));
    Path certificate = directory.resolve("cert.pem");
    Path key = directory.resolve("key.pem");
    writePem(second, directory.resolve("other.pem"), key);
    Files.writeString(certificate, pem("CERTIFICATE", first.getCertificate("server").getEncoded()));
    String[] command = {
      "serve", "--port", "0", "--tls-cert", "" + certificate, "--tls-key", "" + key
    };
    assertThat(refused(command)).contains("key.pem is not the key of the first certificate");
    Files.writeString(key, "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----");
    assertThat(refused(command)).contains("openssl pkcs8 -topk8 -nocrypt");
    Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));
    assertThat(refused(command)).contains("chmod 600 " + key);
    Files.writeString(certificate, "nothing");
    assertThat(refused(command)).contains("cert.pem");
    assertThat(refused("serve", "--tls-cert", "" + certificate))
        .contains("--tls-cert goes with --tls-key");
  }
}
