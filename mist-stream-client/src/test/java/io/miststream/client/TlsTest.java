package io.miststream.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.ErrorCode;
import io.miststream.core.LogRequest;
import io.miststream.core.StreamException;
import io.miststream.testkit.RawClient;
import io.miststream.testkit.RecordingSubscriber;
import io.miststream.testkit.ScriptedServer;
import java.net.InetAddress;
import java.net.URI;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
@Tag("jdk")
class TlsTest {
  private static final HeldCertificate CERTIFICATE =
      new HeldCertificate.Builder().addSubjectAlternativeName("127.0.0.1").build();
  private static final SSLContext TRUSTED =
      new HandshakeCertificates.Builder()
          .heldCertificate(CERTIFICATE)
          .addTrustedCertificate(CERTIFICATE.certificate())
          .build()
          .sslContext();

  private ScriptedServer server;

  @BeforeEach
  void start() throws Exception {
    server =
        new ScriptedServer(
            TRUSTED
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
                .sslContext(TRUSTED)
                .build()
                .logs(LogRequest.of(1)));

    assertThat(subscriber.awaitComplete().lines()).hasSize(1);
  }

  @Test
  void cancelsWhileWaiting() throws Exception {
    server.close();
    server =
        new ScriptedServer(
            TRUSTED
                .getServerSocketFactory()
                .createServerSocket(0, 50, InetAddress.getLoopbackAddress()),
            peer -> {
              peer.accept();
              peer.message(Samples.line(1));
              new CountDownLatch(1).await(); // says nothing more
            });
    RecordingSubscriber subscriber =
        RecordingSubscriber.to(
            MistStreamClient.builder(uri("127.0.0.1"))
                .sslContext(TRUSTED)
                .build()
                .logs(LogRequest.of(1)));
    subscriber.awaitLines(1);

    subscriber.cancel();

    var frames = server.peers().get(0).frames();
    assertThat(frames.poll(60, TimeUnit.SECONDS).opcode()).isEqualTo(RawClient.CLOSE);
    assertThat(frames.poll(60, TimeUnit.SECONDS).opcode()).isEqualTo(-1);
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
                    .sslContext(TRUSTED)
                    .build()
                    .logs(LogRequest.of(1))));

    assertThat(failure.code()).isEqualTo(ErrorCode.SOURCE_UNAVAILABLE);
    assertThat(failure).hasMessageContaining("localhost");
  }
}
