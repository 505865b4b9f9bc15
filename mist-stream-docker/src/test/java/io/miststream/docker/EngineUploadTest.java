package io.miststream.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Uploads to an engine that takes nothing. */
class EngineUploadTest {

  @TempDir Path temp;

  private ServerSocketChannel listen(boolean unix) throws IOException {
    ServerSocketChannel server =
        ServerSocketChannel.open(unix ? StandardProtocolFamily.UNIX : StandardProtocolFamily.INET);
    server.bind(
        unix
            ? UnixDomainSocketAddress.of(temp.resolve("s"))
            : new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    return server;
  }

  private URI address(ServerSocketChannel server) throws IOException {
    return server.getLocalAddress() instanceof InetSocketAddress inet
        ? URI.create("tcp://127.0.0.1:" + inet.getPort())
        : URI.create("unix://" + temp.resolve("s"));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anUploadThatIsStuckCanBeGivenUp(boolean unix) throws Exception {
    AtomicLong taken = new AtomicLong();
    InputStream endless =
        new InputStream() {
          @Override
          public int read() {
            return 0;
          }

          @Override
          public int read(byte[] buffer, int offset, int length) {
            taken.addAndGet(length);
            return length;
          }
        };
    AtomicReference<Runnable> abort = new AtomicReference<>();
    try (ServerSocketChannel server = listen(unix);
        EngineApi api = EngineApi.connect(address(server), Duration.ofSeconds(10))) {
      CompletableFuture<EngineStream> answer =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return api.upload("/build", new Upload(endless), abort::set);
                } catch (IOException e) {
                  throw new IllegalStateException(e);
                }
              });
      AtomicLong before = new AtomicLong(-1);
      await()
          .pollInterval(Duration.ofMillis(200))
          .until(() -> taken.get() > 0 && taken.get() == before.getAndSet(taken.get()));
      long begin = System.nanoTime();
      abort.get().run();

      assertThatThrownBy(answer::get).hasRootCauseInstanceOf(Exception.class);
      assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(1));
      await()
          .until(
              () ->
                  Thread.getAllStackTraces().values().stream()
                      .flatMap(Arrays::stream)
                      .noneMatch(frame -> frame.getClassName().equals(Upload.class.getName())));
    }
  }
}
