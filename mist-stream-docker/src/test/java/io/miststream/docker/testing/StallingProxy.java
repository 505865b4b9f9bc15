package io.miststream.docker.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Stands between a source and an engine. It counts the source's connections, and can fall silent
 * within an answer as a connection does whose other end is gone without a word.
 */
public final class StallingProxy implements AutoCloseable {
  private final URI engine;
  private final ServerSocketChannel server;
  private final URI host;
  private final Set<Connection> open = ConcurrentHashMap.newKeySet();
  private String request = ""; // guarded by this
  private long bytes; // guarded by this
  private boolean stalled; // guarded by this

  private StallingProxy(URI engine, ServerSocketChannel server, URI host) {
    this.engine = engine;
    this.server = server;
    this.host = host;
    thread(this::accept);
  }

  /** Begins to listen on a port. */
  public static StallingProxy start(URI engine) throws IOException {
    SocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    ServerSocketChannel server = ServerSocketChannel.open().bind(any);
    int port = server.socket().getLocalPort();
    return new StallingProxy(engine, server, URI.create("tcp://127.0.0.1:" + port));
  }

  /** Begins to listen on a unix socket in a directory. */
  public static StallingProxy start(URI engine, Path directory) throws IOException {
    Path socket = directory.resolve("proxy.sock");
    ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket));
    return new StallingProxy(engine, server, URI.create("unix://" + socket));
  }

  /** Where it listens. */
  public URI host() {
    return host;
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

  /** How many connections are open whose last request contains {@code part}. */
  public long connections(String part) {
    return open.stream().filter(connection -> connection.last.contains(part)).count();
  }

  private void accept() throws IOException {
    while (true) {
      SocketChannel client = server.accept();
      SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
      channel.connect(UnixDomainSocketAddress.of(Path.of(engine.getPath())));
      Connection connection = new Connection(client, channel);
      open.add(connection);
      thread(connection::toEngine);
      thread(connection::toClient);
    }
  }

  private final class Connection implements AutoCloseable {
    private final SocketChannel client;
    private final SocketChannel channel;
    private volatile String last = "";
    private boolean chosen; // guarded by the proxy

    Connection(SocketChannel client, SocketChannel channel) {
      this.client = client;
      this.channel = channel;
    }

    private void toEngine() throws IOException {
      try (this) {
        ByteBuffer buffer = ByteBuffer.allocate(8192);
        while (client.read(buffer) >= 0) {
          buffer.flip();
          asks(StandardCharsets.ISO_8859_1.decode(buffer.duplicate()).toString());
          write(channel, buffer);
        }
      }
    }

    private void toClient() throws IOException {
      ByteBuffer buffer = ByteBuffer.allocate(8192);
      while (channel.read(buffer) >= 0) {
        buffer.flip();
        int passing = passing(buffer.limit());
        boolean cut = passing < buffer.limit();
        write(client, buffer.limit(passing));
        if (cut) {
          return; // and nothing is closed
        }
      }
      client.close();
    }

    private void write(SocketChannel to, ByteBuffer buffer) throws IOException {
      while (buffer.hasRemaining()) {
        to.write(buffer);
      }
      buffer.clear();
    }

    private void asks(String text) {
      last = text;
      synchronized (StallingProxy.this) {
        chosen = !stalled && !request.isEmpty() && text.contains(request);
      }
    }

    /** How many of these bytes of an answer are passed on. */
    private int passing(int n) {
      synchronized (StallingProxy.this) {
        if (!chosen || stalled) {
          return n;
        }
        int passing = (int) Math.min(n, bytes);
        bytes -= passing;
        stalled = passing < n;
        return passing;
      }
    }

    @Override
    public void close() throws IOException {
      open.remove(this);
      client.close();
      channel.close();
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
  public void close() throws IOException {
    server.close();
    for (Connection each : open) {
      each.close();
    }
  }
}
