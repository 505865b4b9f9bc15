package io.miststream.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;

/** A viewer that keeps nothing but a checksum of the messages, each on a line of its own. */
final class CountingViewer implements AutoCloseable {
  private static final int TEXT = 1;
  private static final int CLOSE = 8;
  private static final int PING = 9;

  /** A pong's first two bytes and the mask of its empty payload. */
  private static final byte[] PONG = {(byte) 0x8A, (byte) 0x80, 0, 0, 0, 0};

  private final Socket socket = new Socket();
  private final CRC32 sum = new CRC32();
  private final CompletableFuture<Integer> closed = new CompletableFuture<>();

  /** Connects; nothing is read before {@link #read}. */
  CountingViewer(URI server, String path) throws IOException {
    socket.setReceiveBufferSize(64 << 10);
    socket.connect(new InetSocketAddress(server.getHost(), server.getPort()));
    socket
        .getOutputStream()
        .write(
            ("GET "
                    + path
                    + " HTTP/1.1\r\nHost: "
                    + server.getAuthority()
                    + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
                .getBytes(ISO_8859_1));
  }

  /** Reads to the end, on a thread of its own. */
  void read() {
    Thread thread =
        new Thread(
            () -> {
              try {
                closed.complete(readAll());
              } catch (IOException e) {
                closed.completeExceptionally(e);
              }
            });
    thread.setDaemon(true);
    thread.start();
  }

  private int readAll() throws IOException {
    DataInputStream in =
        new DataInputStream(new BufferedInputStream(socket.getInputStream(), 64 << 10));
    skipHeader(in);
    byte[] chunk = new byte[64 << 10];
    while (true) {
      int opcode = in.readUnsignedByte() & 0x0F;
      long length = in.readUnsignedByte();
      length = length == 126 ? in.readUnsignedShort() : length == 127 ? in.readLong() : length;
      if (opcode == CLOSE) {
        return in.readUnsignedShort();
      }
      if (opcode == PING) {
        socket.getOutputStream().write(PONG);
      }
      for (long left = length; left > 0; ) {
        int n = in.read(chunk, 0, (int) Math.min(left, chunk.length));
        if (opcode == TEXT) {
          sum.update(chunk, 0, n);
        }
        left -= n;
      }
      if (opcode == TEXT) {
        sum.update('\n');
      }
    }
  }

  private static void skipHeader(InputStream in) throws IOException {
    int last = 0;
    while (last != 0x0D0A0D0A) {
      last = last << 8 | in.read();
    }
  }

  /** The checksum, once the server has closed the stream as complete. */
  long awaitEnd() throws Exception {
    assertThat(closed.get(120, TimeUnit.SECONDS)).isEqualTo(1000);
    return sum.getValue();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
