package io.miststream.docker.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Stands between a source and an engine, and can fall silent within an answer as a connection does
 * whose other end is gone without a word.
 */
public final class StallingProxy implements AutoCloseable {
  private final URI engine;
  private final ServerSocket server;
  private final List<AutoCloseable> open = new CopyOnWriteArrayList<>();
  private String request = "";
  private long bytes;
  private boolean stalled;

  private StallingProxy(URI engine, ServerSocket server) {
    this.engine = engine;
    this.server = server;
  }

  /** Begins to listen. */
  public static StallingProxy start(URI engine) throws IOException {
    StallingProxy proxy =
        new StallingProxy(engine, new ServerSocket(0, 50, InetAddress.getLoopbackAddress()));
    thread(proxy::accept);
    return proxy;
  }

  /** Where it listens. */
  public URI host() {
    return URI.create("tcp://127.0.0.1:" + server.getLocalPort());
  }

  /** Has the next answer to a request that contains {@code part} end in silence. */
  public synchronized void stall(String part, long afterBytes) {
    request = part;
    bytes = afterBytes;
    stalled = false;
  }

  /** Whether that has happened. */
  public synchronized boolean hasStalled() {
    return stalled;
  }

  private void accept() throws IOException {
    while (true) {
      Socket client = server.accept();
      SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
      channel.connect(UnixDomainSocketAddress.of(Path.of(engine.getPath())));
      open.add(client);
      open.add(channel);
      Connection connection = new Connection();
      InputStream fromClient = client.getInputStream();
      OutputStream toClient = client.getOutputStream();
      thread(
          () -> {
            byte[] buffer = new byte[8192];
            for (int n = fromClient.read(buffer); n >= 0; n = fromClient.read(buffer)) {
              connection.asks(new String(buffer, 0, n, StandardCharsets.ISO_8859_1));
              channel.write(ByteBuffer.wrap(buffer, 0, n));
            }
            channel.close();
          });
      thread(
          () -> {
            ByteBuffer buffer = ByteBuffer.allocate(8192);
            while (channel.read(buffer) >= 0) {
              if (connection.isCutAfter(buffer.position())) {
                return; // and nothing is closed
              }
              toClient.write(buffer.array(), 0, buffer.position());
              buffer.clear();
            }
            client.close();
          });
    }
  }

  private final class Connection {
    private boolean chosen; // guarded by the proxy

    void asks(String text) {
      synchronized (StallingProxy.this) {
        chosen = !stalled && !request.isEmpty() && text.contains(request);
      }
    }

    boolean isCutAfter(int n) {
      synchronized (StallingProxy.this) {
        if (chosen && !stalled) {
          bytes -= n;
          stalled = bytes < 0;
          return stalled;
        }
        return false;
      }
    }
  }

  private interface Task {
    void run() throws IOException;
  }

  private static void thread(Task task) {
    Thread thread =
        new Thread(
            () -> {
              try {
                task.run();
              } catch (IOException e) {
                // One side is gone, so this is over.
              }
            },
            "mist-test-proxy");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() throws Exception {
    server.close();
    for (AutoCloseable each : open) {
      each.close();
    }
  }
}
