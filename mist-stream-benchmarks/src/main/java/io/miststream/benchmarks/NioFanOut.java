package io.miststream.benchmarks;

import io.miststream.core.LogLine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;

/**
 * What the machine can do: one thread that writes ready frames to every socket in turn, with no
 * queue, no control frames, and nothing for a viewer that stalls but waiting for it.
 */
final class NioFanOut implements FanOut {
  private static final String RESPONSE =
      String.join(
          "\r\n",
          "HTTP/1.1 101 Switching Protocols",
          "Upgrade: websocket",
          "Connection: Upgrade",
          "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
          "",
          "");

  private final ServerSocketChannel listener = ServerSocketChannel.open();
  private final List<SocketChannel> viewers = new CopyOnWriteArrayList<>();
  private final ByteBuffer gathered;
  private final int atOnce;

  /**
   * @param atOnce bytes to gather before they are written, or as many as there are for the moment
   */
  NioFanOut(int atOnce) throws IOException {
    this.atOnce = atOnce;
    gathered = ByteBuffer.allocateDirect(atOnce + (16 << 10));
    listener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 1024);
    Thread accepting = new Thread(this::accept, "nio-accept");
    accepting.setDaemon(true);
    accepting.start();
  }

  private void accept() {
    try {
      ByteBuffer request = ByteBuffer.allocate(4096);
      while (true) {
        SocketChannel viewer = listener.accept();
        request.clear();
        while (request.position() < 4 || request.getInt(request.position() - 4) != 0x0d0a0d0a) {
          if (viewer.read(request) < 0) {
            throw new IOException("handshake cut off");
          }
        }
        viewer.write(ByteBuffer.wrap(RESPONSE.getBytes(StandardCharsets.ISO_8859_1)));
        viewer.setOption(StandardSocketOptions.TCP_NODELAY, true);
        viewer.configureBlocking(false);
        viewers.add(viewer);
      }
    } catch (IOException e) {
      if (listener.isOpen()) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @Override
  public int port() {
    return listener.socket().getLocalPort();
  }

  @Override
  public void publish(LogLine message) {
    gathered.put(Json.frame(message));
    if (gathered.position() >= atOnce) {
      flush();
    }
  }

  @Override
  public void flush() {
    gathered.flip();
    viewers.removeIf(viewer -> !send(viewer, gathered.duplicate()));
    gathered.clear();
  }

  /** Whether the viewer is still there. */
  private static boolean send(SocketChannel viewer, ByteBuffer bytes) {
    try {
      viewer.write(bytes);
      while (bytes.hasRemaining()) {
        LockSupport.parkNanos(10_000);
        viewer.write(bytes);
      }
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
  }
}
