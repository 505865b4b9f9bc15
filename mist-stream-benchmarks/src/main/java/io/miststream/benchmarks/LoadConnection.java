package io.miststream.benchmarks;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/**
 * One viewer of the load client: RFC 6455, section 5.2, as far as counting frames needs it. Its
 * fields belong to the client's thread.
 */
final class LoadConnection {
  /**
   * What a connection asks for and counts.
   *
   * @param path with the query
   * @param headers further lines of the handshake
   * @param hello sent once the connection is open, as one binary message
   * @param unit bytes of a message where several share a frame, as other protocols have it; 0 to
   *     count text frames
   * @param sample one message of so many is looked into
   */
  record Plan(String path, String headers, String hello, int unit, int sample) {}

  private static final int CARRY = 32; // a frame's header, and the beginning of its message
  private static final int STALLED_RECEIVE_BUFFER = 4096;
  private static final byte[] SEQ = "seq=".getBytes(StandardCharsets.ISO_8859_1);
  private static final byte[] NS = "ns=".getBytes(StandardCharsets.ISO_8859_1);

  final boolean stalled;
  long frames;
  long bytes;
  boolean closed;
  @Nullable String error;

  private final LoadClient client;
  private final SocketChannel channel;
  private final InetSocketAddress to;
  private final Plan plan;
  private final CountDownLatch open = new CountDownLatch(1);

  private boolean upgraded;
  private final byte[] carry = new byte[4096]; // at first the response's header
  private int carried;
  private long skip; // bytes of the frame before that have not come yet
  private long payload; // of binary frames
  private long sampledSeq = -1;
  private long sampledAt;

  LoadConnection(LoadClient client, int port, Plan plan, InetAddress from, boolean stalled)
      throws IOException {
    this.client = client;
    this.plan = plan;
    this.stalled = stalled;
    this.to = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    channel = SocketChannel.open();
    channel.configureBlocking(false);
    if (stalled) {
      channel.setOption(StandardSocketOptions.SO_RCVBUF, STALLED_RECEIVE_BUFFER);
    }
    channel.bind(new InetSocketAddress(from, 0));
  }

  void connect(Selector selector) throws IOException {
    channel.register(selector, SelectionKey.OP_CONNECT, this);
    channel.connect(to);
  }

  /** Waits for the end of the handshake; any thread. */
  void awaitOpen() throws InterruptedException, IOException {
    open.await();
    String problem = error;
    if (problem != null) {
      throw new IOException(problem);
    }
  }

  void ready(SelectionKey key, ByteBuffer buffer) {
    try {
      if (key.isConnectable()) {
        channel.finishConnect();
        channel.write(
            ByteBuffer.wrap(
                handshake(plan.path, to.getPort(), plan.headers)
                    .getBytes(StandardCharsets.ISO_8859_1)));
        key.interestOps(SelectionKey.OP_READ);
        return;
      }
      buffer.clear();
      buffer.put(carry, 0, carried);
      int count = channel.read(buffer);
      if (count < 0) {
        end(null);
        return;
      }
      bytes += count;
      buffer.flip();
      if (!upgraded && !upgrade(buffer)) {
        return;
      }
      if (stalled) {
        key.interestOps(0);
        return;
      }
      count(buffer);
    } catch (IOException e) {
      end(e.toString());
    }
  }

  /** The client's side of an opening handshake. */
  static String handshake(String path, int port, String headers) {
    return "GET "
        + path
        + " HTTP/1.1\r\nHost: 127.0.0.1:"
        + port
        + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        + headers
        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
  }

  private boolean upgrade(ByteBuffer buffer) throws IOException {
    for (int at = 0; at + 4 <= buffer.limit(); at++) {
      if (buffer.getInt(at) == 0x0d0a0d0a) {
        if (buffer.get(9) != '1' || buffer.get(10) != '0' || buffer.get(11) != '1') {
          byte[] head = new byte[at];
          buffer.get(0, head);
          end(new String(head, StandardCharsets.ISO_8859_1));
          return false;
        }
        upgraded = true;
        if (!plan.hello.isEmpty()) {
          channel.write(masked(2, plan.hello.getBytes(StandardCharsets.ISO_8859_1)));
        }
        carried = 0;
        buffer.position(at + 4);
        open.countDown();
        return true;
      }
    }
    carry(buffer, 0);
    return false;
  }

  /** A frame with a mask of zeros, which leaves everything as it is. */
  private static ByteBuffer masked(int opcode, byte[] payload) {
    return ByteBuffer.allocate(8 + payload.length)
        .put((byte) (0x80 | opcode))
        .put((byte) (0x80 | 126))
        .putShort((short) payload.length)
        .putInt(0)
        .put(payload)
        .flip();
  }

  private void count(ByteBuffer in) throws IOException {
    int at = in.position();
    int limit = in.limit();
    if (skip > 0) {
      int now = (int) Math.min(skip, limit - at);
      at += now;
      skip -= now;
    }
    carried = 0;
    while (at < limit) {
      int left = limit - at;
      int first = left < 2 ? 0 : in.get(at + 1) & 0x7f;
      int head = first == 127 ? 10 : first == 126 ? 4 : 2;
      if (left < head) {
        break;
      }
      long length = first == 127 ? in.getLong(at + 2) : first == 126 ? in.getChar(at + 2) : first;
      if (left < Math.min(head + length, CARRY)) {
        break;
      }
      frame(in, in.get(at) & 0x0f, at + head, (int) Math.min(length, left - head), length);
      if (head + length > left) {
        skip = head + length - left;
        return;
      }
      at += (int) (head + length);
    }
    carry(in, at);
  }

  private void carry(ByteBuffer in, int from) {
    carried = in.limit() - from;
    in.get(from, carry, 0, carried);
  }

  private void frame(ByteBuffer in, int opcode, int at, int here, long length) throws IOException {
    switch (opcode) {
      case 2 -> {
        payload += length;
        frames = payload / Math.max(1, plan.unit);
      }
      case 1 -> message(in, at, here, length);
      case 8 -> end(null);
      case 9 -> channel.write(masked(10, new byte[0]));
      default -> {}
    }
  }

  /** Log lines count; what else there is says so in the same place. */
  private void message(ByteBuffer in, int at, int here, long length) {
    if (in.get(at) != '{') {
      frames++; // somebody else's plain lines
      return;
    }
    byte type = in.get(at + 9);
    if (type == 'g') {
      error = "gap";
    }
    if (type != 'l') {
      return;
    }
    frames++;
    if (frames % plan.sample == 0 && here == length) {
      sample(in, at, at + here);
    }
  }

  private void sample(ByteBuffer in, int at, int end) {
    int number = find(SEQ, in, at, end);
    if (number >= 0) {
      long seq = digits(in, number, end);
      if (sampledSeq >= 0 && seq - sampledSeq != frames - sampledAt) {
        error = "frame " + frames + " has number " + seq + ", out of order";
      }
      sampledSeq = seq;
      sampledAt = frames;
    }
    int time = find(NS, in, at, end);
    if (time >= 0) {
      client.took(Clock.nanos() - digits(in, time, end));
    }
  }

  private static int find(byte[] text, ByteBuffer in, int from, int end) {
    for (int at = from; at + text.length <= end; at++) {
      int same = 0;
      while (same < text.length && in.get(at + same) == text[same]) {
        same++;
      }
      if (same == text.length) {
        return at + same;
      }
    }
    return -1;
  }

  private static long digits(ByteBuffer in, int from, int end) {
    long value = 0;
    for (int at = from; at < end && in.get(at) >= '0' && in.get(at) <= '9'; at++) {
      value = value * 10 + in.get(at) - '0';
    }
    return value;
  }

  private void end(@Nullable String problem) {
    if (problem != null || open.getCount() > 0) {
      error = problem == null ? "closed in the handshake" : problem;
    }
    closed = true;
    open.countDown();
    close();
  }

  void close() {
    try {
      channel.close();
    } catch (IOException e) {
      error = e.toString();
    }
  }
}
