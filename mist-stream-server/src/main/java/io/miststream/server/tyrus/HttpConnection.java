package io.miststream.server.tyrus;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.concurrent.TimeUnit;
import org.glassfish.grizzly.Buffer;
import org.glassfish.grizzly.EmptyCompletionHandler;
import org.glassfish.grizzly.Grizzly;
import org.glassfish.grizzly.WriteResult;
import org.glassfish.grizzly.attributes.Attribute;
import org.glassfish.grizzly.memory.Buffers;
import org.glassfish.grizzly.nio.NIOConnection;
import org.jspecify.annotations.Nullable;

/** A connection until it becomes a WebSocket: how long its header may take, and its refusal. */
final class HttpConnection {
  private static final Attribute<HttpConnection> ATTRIBUTE =
      Grizzly.DEFAULT_ATTRIBUTE_BUILDER.createAttribute("io.miststream.server.HttpConnection");

  // How long a refused peer has to read the refusal before the connection is reset, and how long it
  // may take to get it on its way: a busy server must not reset those whom it has not answered yet.
  private static final long LINGER = TimeUnit.SECONDS.toNanos(1);
  private static final long WRITE = TimeUnit.SECONDS.toNanos(10);

  private final NIOConnection connection;
  private final String address;
  private volatile long deadline; // System.nanoTime; 0: none
  private volatile boolean refused;
  private volatile boolean handshaking;

  private HttpConnection(NIOConnection connection) {
    this.connection = connection;
    this.address =
        connection.getPeerAddress() instanceof InetSocketAddress peer
            ? peer.getAddress().getHostAddress()
            : "";
  }

  /** Of whoever has opened it. */
  String address() {
    return address;
  }

  static HttpConnection attach(NIOConnection connection) {
    HttpConnection state = new HttpConnection(connection);
    ATTRIBUTE.set(connection, state);
    return state;
  }

  static @Nullable HttpConnection of(NIOConnection connection) {
    return ATTRIBUTE.get(connection);
  }

  static void detach(NIOConnection connection) {
    ATTRIBUTE.remove(connection);
  }

  /** Something has arrived, or is expected to: a header must be complete in time. */
  void headerStarted(long timeout) {
    if (deadline == 0) {
      deadlineIn(timeout);
    }
  }

  void headerComplete() {
    if (!refused) {
      deadline = 0;
    }
  }

  private void deadlineIn(long timeout) {
    long at = System.nanoTime() + timeout;
    deadline = at == 0 ? 1 : at;
  }

  /** Whether a handshake of TLS has begun and is not over. */
  boolean isHandshaking() {
    return handshaking;
  }

  void handshaking(boolean now) {
    handshaking = now;
  }

  boolean isRefused() {
    return refused;
  }

  /** Answers, and closes when the peer has read the answer. */
  void refuse(Refusal refusal, boolean withBody) {
    refused = true;
    deadlineIn(WRITE);
    Buffer answer =
        Buffers.wrap(connection.getMemoryManager(), ByteBuffer.wrap(refusal.bytes(withBody)));
    connection.write(
        answer,
        new EmptyCompletionHandler<WriteResult<Buffer, SocketAddress>>() {
          @Override
          public void completed(WriteResult<Buffer, SocketAddress> result) {
            deadlineIn(LINGER);
            endOutput();
          }
        });
  }

  /**
   * Closing at once would reset the connection if the peer is still sending, and take the answer
   * with it; so only our half is closed, and whatever still arrives is thrown away.
   */
  private void endOutput() {
    try {
      ((SocketChannel) connection.getChannel()).shutdownOutput();
    } catch (IOException e) {
      connection.terminateSilently();
    }
  }

  void check(long now) {
    long at = deadline;
    if (at != 0 && now - at >= 0) {
      drop();
    }
  }

  void drop() {
    connection.terminateSilently();
  }
}
