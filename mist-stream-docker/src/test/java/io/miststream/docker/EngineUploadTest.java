package io.miststream.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Uploads that are given up. */
@Tag("jdk")
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
    try (ServerSocketChannel server = listen(unix);
        EngineApi api = EngineApi.connect(address(server), Duration.ofSeconds(10))) {
      UploadRequest request = api.upload("/build", new Upload(endless));
      CompletableFuture<Void> end = api.run(request::send);
      AtomicLong before = new AtomicLong(-1);
      await()
          .pollInterval(Duration.ofMillis(200))
          .until(() -> taken.get() > 0 && taken.get() == before.getAndSet(taken.get()));
      request.giveUp();

      // The engine still takes nothing.
      assertThatThrownBy(() -> end.get(30, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .hasCauseInstanceOf(EngineUnreachableException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anEngineThatHasItAllIsHeardToItsEnd(boolean unix) throws Exception {
    try (ServerSocketChannel server = listen(unix);
        EngineApi api = EngineApi.connect(address(server), Duration.ofSeconds(10))) {
      UploadRequest request =
          api.upload("/build", new Upload(new ByteArrayInputStream(new byte[100_000])));
      CompletableFuture<String> heard = new CompletableFuture<>();
      CompletableFuture<Void> end =
          api.run(
              () -> {
                try (EngineStream answer = request.send()) {
                  return heard.complete(
                      new String(answer.readAllBytes(), StandardCharsets.US_ASCII));
                }
              });
      try (SocketChannel engine = server.accept()) {
        InputStream in = Channels.newInputStream(engine);
        String sent = "";
        for (byte[] read = new byte[8192]; !sent.endsWith("\r\n0\r\n\r\n"); ) {
          int n = in.read(read);
          assertThat(n).isPositive();
          sent += new String(read, 0, n, StandardCharsets.ISO_8859_1);
        }
        say(engine, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
        request.giveUp();
        assertThat(in.read()).isEqualTo(-1);
        say(engine, "6\r\n, last\r\n0\r\n\r\n");
      }
      end.get(30, TimeUnit.SECONDS);
      assertThat(heard).isCompletedWithValue("first, last");
    }
  }

  private static void say(SocketChannel engine, String text) throws IOException {
    engine.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)));
  }
}
