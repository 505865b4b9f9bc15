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
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Flow;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server with certificates of files. */
@Tag("docker")
class ITTls {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @AutoClose private static DockerFixture docker;

  @TempDir private Path directory;

  @BeforeAll
  static void connect() {
    docker = DockerFixture.connect();
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
    TestCertificate first = TestCertificate.ec("first");
    TestCertificate second = TestCertificate.rsa("second");
    Path certificate = directory.resolve("cert.pem");
    Path key = directory.resolve("key.pem");
    first.write(certificate, key);
    SSLContext trust = TestCertificate.trust(first, second);
    TestContainer container =
        docker.container().run("i=0; while :; do i=$((i+1)); echo $i; sleep 0.05; done");
    try (ServerProcess server =
        ServerProcess.start(
            docker.host(), Map.of(), "--tls-cert", "" + certificate, "--tls-key", "" + key)) {
      assertThat(server.uri()).hasScheme("https");
      Lines lines = new Lines();
      MistStreamClient.builder(server.uri())
          .sslContext(trust)
          .connectTimeout(PATIENCE)
          .giveUpAfter(Duration.ZERO) // so that a connection that is dropped would show
          .build()
          .logs(LogRequest.of(container.appId()).withTail(LogRequest.ALL).withFollow(Follow.APP))
          .subscribe(lines);
      await().atMost(PATIENCE).until(() -> lines.all.size() > 10);
      assertThat(shown(server.uri(), trust)).isEqualTo("CN=first");
      Files.writeString(certificate, "half of a certif");
      second.write(certificate, key);
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
    TestCertificate stored = TestCertificate.rsa("stored");
    Path store = directory.resolve("stored.p12");
    stored.writeStore(store);
    Path password =
        Files.writeString(directory.resolve("password"), TestCertificate.PASSWORD + "\n");
    Files.setPosixFilePermissions(password, PosixFilePermissions.fromString("rw-------"));
    try (ServerProcess server =
        ServerProcess.start(
            docker.host(),
            Map.of(),
            "--tls-keystore",
            "" + store,
            "--tls-keystore-password-file",
            "" + password)) {
      assertThat(shown(server.uri(), TestCertificate.trust(stored))).isEqualTo("CN=stored");
    }
  }
}
