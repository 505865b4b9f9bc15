package io.miststream.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.ErrorCode;
import io.miststream.core.LogRequest;
import io.miststream.core.StreamException;
import io.miststream.testkit.RecordingSubscriber;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class TlsTest {
  private static final String PASSWORD = "only-a-test";

  @TempDir static Path directory;
  private static SSLContext trusted;

  private ScriptedServer server;

  @BeforeAll
  static void makeCertificate() throws Exception {
    Path file = directory.resolve("keys.p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keyalg",
                "EC",
                "-dname",
                "CN=test",
                "-ext",
                "san=ip:127.0.0.1",
                "-storetype",
                "PKCS12",
                "-storepass",
                PASSWORD,
                "-keystore",
                file.toString())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertThat(keytool.waitFor(30, TimeUnit.SECONDS)).isTrue();
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      keys.load(in, PASSWORD.toCharArray());
    }
    KeyStore anchors = KeyStore.getInstance("PKCS12");
    anchors.load(null, null);
    anchors.setCertificateEntry("test", keys.getCertificate("mykey"));
    KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    own.init(keys, PASSWORD.toCharArray());
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(anchors);
    trusted = SSLContext.getInstance("TLS");
    trusted.init(own.getKeyManagers(), trust.getTrustManagers(), null);
  }

  @BeforeEach
  void start() throws Exception {
    server =
        new ScriptedServer(
            trusted
                .getServerSocketFactory()
                .createServerSocket(0, 50, InetAddress.getLoopbackAddress()),
            peer -> {
              peer.accept();
              peer.message(Samples.line(1, "x".repeat(1_000_000)));
              peer.ping();
              peer.frames().take();
              peer.message(Samples.end(1));
              peer.awaitEnd();
            });
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  private URI uri(String host) {
    return URI.create("https://" + host + ":" + server.uri().getPort());
  }

  private static StreamException failure(RecordingSubscriber subscriber) {
    return (StreamException) subscriber.awaitError();
  }

  @Test
  void streams() {
    RecordingSubscriber subscriber =
        RecordingSubscriber.to(
            MistStreamClient.builder(uri("127.0.0.1"))
                .sslContext(trusted)
                .build()
                .logs(LogRequest.of(1)));

    assertThat(subscriber.awaitComplete().lines()).hasSize(1);
  }

  @Test
  void cancelsWhileWaiting() throws Exception {
    server.close();
    server =
        new ScriptedServer(
            trusted
                .getServerSocketFactory()
                .createServerSocket(0, 50, InetAddress.getLoopbackAddress()),
            peer -> {
              peer.accept();
              peer.message(Samples.line(1));
              TimeUnit.MINUTES.sleep(1);
            });
    RecordingSubscriber subscriber =
        RecordingSubscriber.to(
            MistStreamClient.builder(uri("127.0.0.1"))
                .sslContext(trusted)
                .build()
                .logs(LogRequest.of(1)));
    subscriber.awaitLines(1);

    subscriber.cancel();

    var frames = server.peers().get(0).frames();
    assertThat(frames.poll(5, TimeUnit.SECONDS).opcode()).isEqualTo(ScriptedServer.CLOSE);
    assertThat(frames.poll(5, TimeUnit.SECONDS).opcode()).isEqualTo(-1);
  }

  @Test
  void anUntrustedCertificateFailsAtOnce() {
    StreamException failure =
        failure(
            RecordingSubscriber.to(
                MistStreamClient.create(uri("127.0.0.1")).logs(LogRequest.of(1))));

    assertThat(failure.code()).isEqualTo(ErrorCode.SOURCE_UNAVAILABLE);
    assertThat(failure).hasMessageContaining("certification path");
  }

  @Test
  void aCertificateForAnotherHostFailsAtOnce() {
    StreamException failure =
        failure(
            RecordingSubscriber.to(
                MistStreamClient.builder(uri("localhost"))
                    .sslContext(trusted)
                    .build()
                    .logs(LogRequest.of(1))));

    assertThat(failure.code()).isEqualTo(ErrorCode.SOURCE_UNAVAILABLE);
    assertThat(failure).hasMessageContaining("localhost");
  }
}
