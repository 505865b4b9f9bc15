package io.miststream.cli;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;

/**
 * Clients who begin a handshake of TLS and leave it at that: it costs them nothing, and the server
 * all that it takes. Each stays for two seconds.
 */
final class HalfHandshakes {
  private static final int ADDRESSES = 10; // from 127.0.0.2 on

  private HalfHandshakes() {}

  /** Has so many come, so many a second; returns how long that took. */
  static Duration flood(URI server, int clients, int perSecond)
      throws IOException, GeneralSecurityException {
    InetSocketAddress address = new InetSocketAddress(server.getHost(), server.getPort());
    ByteBuffer hello = hello();
    Queue<SocketChannel> open = new ArrayDeque<>();
    long begun = System.nanoTime();
    try {
      for (int i = 0; i < clients; i++) {
        long due = begun + TimeUnit.SECONDS.toNanos(1) * i / perSecond;
        LockSupport.parkNanos(due - System.nanoTime());
        SocketChannel channel = SocketChannel.open();
        open.add(channel);
        channel.bind(new InetSocketAddress("127.0.0." + (2 + i % ADDRESSES), 0));
        channel.connect(address);
        try {
          channel.write(hello.duplicate());
        } catch (IOException reset) {
          // It is one too many.
        }
        if (open.size() > 2 * perSecond) {
          open.remove().close();
        }
      }
      return Duration.ofNanos(System.nanoTime() - begun);
    } finally {
      for (SocketChannel channel : open) {
        channel.close();
      }
    }
  }

  /** What a client says first. */
  private static ByteBuffer hello() throws IOException, GeneralSecurityException {
    SSLEngine engine = SSLContext.getDefault().createSSLEngine();
    engine.setUseClientMode(true);
    ByteBuffer hello = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
    engine.wrap(ByteBuffer.allocate(0), hello);
    return hello.flip();
  }
}
