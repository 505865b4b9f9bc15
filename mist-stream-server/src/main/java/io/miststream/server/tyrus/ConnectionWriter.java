package io.miststream.server.tyrus;

import io.miststream.core.topic.StreamClose;
import io.miststream.core.topic.Viewer;
import io.miststream.server.FrameConnection;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import org.glassfish.grizzly.Buffer;
import org.glassfish.grizzly.CompletionHandler;
import org.glassfish.grizzly.WriteResult;
import org.glassfish.grizzly.memory.Buffers;
import org.glassfish.grizzly.nio.NIOConnection;
import org.glassfish.tyrus.spi.Writer;
import org.jspecify.annotations.Nullable;

/**
 * The only thing that writes to a connection once it is a WebSocket. The engine's frames go first,
 * then a ping if one is due, then the viewer's. At most one write is in flight; the next one
 * follows its completion. Everything but the queue of the engine's frames is done in turns of a
 * {@link WriteLoop}.
 */
final class ConnectionWriter extends Writer
    implements FrameConnection, Runnable, CompletionHandler<WriteResult<Buffer, SocketAddress>> {

  /** Most bytes of a viewer in one write. */
  static final int WRITE_BYTES = 64 << 10;

  /** Bytes after which another connection has its turn: history to a fast reader is endless. */
  private static final int TURN_BYTES = 256 << 10;

  private static final long STALLED_NANOS = 1_000_000_000;

  private static final byte[] PING = {(byte) 0x89, 0};

  private static final AtomicIntegerFieldUpdater<ConnectionWriter> SCHEDULED =
      AtomicIntegerFieldUpdater.newUpdater(ConnectionWriter.class, "scheduled");

  private final NIOConnection connection;
  private final SocketChannel channel;
  private final WriteLoop loop;
  private final Heartbeat heartbeat;
  private final ControlQueue queue;
  private final boolean secure;

  private volatile int scheduled;
  private volatile @Nullable Viewer viewer;
  private volatile boolean writing;
  private volatile boolean pingDue;
  private volatile boolean closed;
  private volatile boolean closeWhenFlushed;
  private @Nullable String forwardedFor; // before anybody else sees this
  private volatile @Nullable Finish finish;

  private boolean closeTaken; // a close frame is on its way; nothing may follow. Loop only.
  private @Nullable ControlFrame inFlight; // written before the write, read at its completion
  private boolean pingInFlight;

  // For the heartbeat; System.nanoTime.
  private volatile long writeStarted;
  private volatile long lastSign;
  private volatile long pinged; // 0: no ping is unanswered
  private volatile long closeDeadline; // 0: none
  private long nextPing; // heartbeat only

  private record Finish(StreamClose close, long latest) {}

  ConnectionWriter(
      NIOConnection connection,
      WriteLoop loop,
      Heartbeat heartbeat,
      int maxMessageBytes,
      boolean secure) {
    this.connection = connection;
    this.channel = (SocketChannel) connection.getChannel();
    this.loop = loop;
    this.heartbeat = heartbeat;
    this.queue = new ControlQueue(maxMessageBytes);
    this.secure = secure;
    this.lastSign = System.nanoTime();
    this.nextPing = lastSign + heartbeat.pingInterval();
  }

  // -- FrameConnection

  /** Behind a proxy: where the client itself is. */
  void isFor(String client) {
    forwardedFor = client;
  }

  @Override
  public String address() {
    String client = forwardedFor;
    return client != null
        ? client
        : connection.getPeerAddress() instanceof InetSocketAddress peer
            ? peer.getAddress().getHostAddress()
            : "";
  }

  @Override
  public void serve(Viewer served) {
    viewer = served;
    if (closed) {
      served.close();
      viewer = null;
      return;
    }
    served.onReady(this);
  }

  /** There may be something to write. Never blocks. */
  @Override
  public void run() {
    if (scheduled == 0 && SCHEDULED.compareAndSet(this, 0, 1)) {
      loop.add(this);
    }
  }

  // -- the engine's side

  @Override
  public void write(
      ByteBuffer frame, org.glassfish.tyrus.spi.CompletionHandler<ByteBuffer> written) {
    enqueue(new ControlFrame(frame, written));
  }

  /** The engine is done with the connection. */
  @Override
  public void close() {
    // The peer's close frame may still be on its way: leaving before it is read would reset the
    // connection, and our own close frame could be lost with it.
    startClosing();
    run();
  }

  /** Sends a close frame before anything that is still waiting. */
  void sendClose(StreamClose close) {
    enqueue(new ControlFrame(CloseFrames.encode(close), null));
    startClosing();
  }

  /** The peer has sent its close frame: what is queued goes out, then the connection is closed. */
  void closeWhenFlushed() {
    closeWhenFlushed = true;
    startClosing();
    run();
  }

  /**
   * Sends what the viewer still has, then a close frame. Doing so again changes nothing.
   *
   * @param latest {@code System.nanoTime} from which on the close frame goes first
   */
  void finish(StreamClose close, long latest) {
    if (finish == null) {
      finish = new Finish(close, latest);
      run();
    }
  }

  private void enqueue(ControlFrame frame) {
    if (!queue.offer(frame)) {
      frame.failed();
      terminate(); // it makes us answer and does not read
    } else if (closed) {
      queue.failAll();
    } else {
      run();
    }
  }

  // -- turns

  void takeTurn() {
    scheduled = 0;
    int left = TURN_BYTES;
    while (!writing && !closed) {
      int sent = sendNext();
      if (sent == 0) {
        return;
      }
      left -= sent;
      if (left <= 0) {
        run();
        return;
      }
    }
  }

  /** Sends what comes next; returns how many bytes that is, 0 if there is nothing. */
  private int sendNext() {
    // Looked at before the queue: whoever closes has put the close frame there first.
    boolean leaving = closeWhenFlushed || (isClosing() && !closeTaken);
    ControlFrame frame = queue.poll();
    while (frame != null && closeTaken) {
      frame.failed(); // RFC 6455, section 5.5.1: nothing follows a close frame
      frame = queue.poll();
    }
    if (frame != null) {
      return send(frame);
    }
    if (leaving) {
      connection.closeSilently(); // the peer knows, or the engine has given up without a word
      return 0;
    }
    if (closeTaken) {
      return 0;
    }
    if (pingDue) {
      pingDue = false;
      pingInFlight = true;
      return send(ByteBuffer.wrap(PING));
    }
    Finish finishing = finish;
    Viewer source = viewer;
    if (source != null && (finishing == null || System.nanoTime() - finishing.latest < 0)) {
      List<ByteBuffer> frames = loop.slices();
      source.poll(frames, WRITE_BYTES);
      if (!frames.isEmpty()) {
        return send(source, frames);
      }
      StreamClose end = source.ended();
      if (end != null) {
        return send(new ControlFrame(CloseFrames.encode(end), null));
      }
    }
    return finishing == null
        ? 0
        : send(new ControlFrame(CloseFrames.encode(finishing.close), null));
  }

  private int send(ControlFrame frame) {
    inFlight = frame;
    if (frame.isClose()) {
      closeTaken = true;
      startClosing();
    }
    return send(frame.bytes());
  }

  /**
   * Straight to the socket, for that is most of what a server does, and the transport's way there
   * costs as much again as the system call. What the socket does not take goes back to the viewer,
   * but for the rest of a frame, which the transport sends as soon as there is room.
   */
  private int send(Viewer source, List<ByteBuffer> frames) {
    int length = 0;
    for (ByteBuffer slice : frames) {
      length += slice.remaining();
    }
    if (length > WRITE_BYTES) {
      return send(frames.get(0)); // one long frame
    }
    // What is to be encrypted is not for the socket, and not done when this returns.
    ByteBuffer gathered = secure ? ByteBuffer.allocate(length) : loop.buffer();
    for (ByteBuffer slice : frames) {
      gathered.put(slice.array(), slice.arrayOffset() + slice.position(), slice.remaining());
    }
    gathered.flip();
    if (secure) {
      return send(gathered);
    }
    int sent;
    try {
      sent = channel.write(gathered);
    } catch (IOException e) {
      terminate();
      return 0;
    }
    return sent == length ? length : sent + send(source.takeBack(frames, sent));
  }

  private int send(ByteBuffer bytes) {
    int length = bytes.remaining();
    writeStarted = System.nanoTime();
    writing = true;
    connection.write(Buffers.wrap(connection.getMemoryManager(), bytes), this);
    return length;
  }

  // -- the write's completion: on the loop if it went out at once, else on the transport's threads

  @Override
  public void completed(WriteResult<Buffer, SocketAddress> result) {
    boolean atOnce = loop.isCurrentThread();
    long now = System.nanoTime();
    if (!atOnce) {
      lastSign = now; // room in the socket again: the peer reads
    }
    ControlFrame frame = inFlight;
    inFlight = null;
    if (pingInFlight) {
      pingInFlight = false;
      pinged = writeStarted; // the answer can be here before we are
    }
    writing = false;
    if (frame != null) {
      frame.completed();
    }
    if (!atOnce) {
      run();
    }
  }

  @Override
  public void failed(Throwable error) {
    ControlFrame frame = inFlight;
    inFlight = null;
    if (frame != null) {
      frame.failed();
    }
    terminate();
  }

  @Override
  public void cancelled() {
    failed(new IllegalStateException("cancelled"));
  }

  @Override
  public void updated(WriteResult<Buffer, SocketAddress> result) {
    lastSign = System.nanoTime(); // a part has gone out
  }

  // -- signs of life, and the end

  /** Something has arrived. */
  void received() {
    lastSign = System.nanoTime();
  }

  private void startClosing() {
    if (closeDeadline == 0) {
      long deadline = System.nanoTime() + heartbeat.closeGrace();
      closeDeadline = deadline == 0 ? 1 : deadline;
    }
  }

  /** Whether a close frame is on its way, from us or the engine: the engine hears no more. */
  boolean isClosing() {
    return closeDeadline != 0;
  }

  /** Whether the peer has taken nothing for a while. */
  boolean isStalled(long now) {
    return writing && now - stuckSince() > STALLED_NANOS;
  }

  private long stuckSince() {
    long sign = lastSign;
    return sign - writeStarted > 0 ? sign : writeStarted;
  }

  /** Drops the connection if it is dead, or asks for a ping. The heartbeat's thread. */
  void check(long now) {
    long deadline = closeDeadline;
    if (deadline != 0) {
      if (now - deadline >= 0) {
        terminate();
      }
      return;
    }
    long sign = lastSign;
    if (writing) {
      // Nothing fits into the socket: the peer has stopped reading, and cannot answer a ping that
      // lies behind what it has not read. It may come back.
      if (now - stuckSince() > heartbeat.stallTimeout()) {
        terminate();
        return;
      }
    }
    if (now - nextPing < 0) {
      return;
    }
    long ping = pinged;
    if (ping != 0 && sign - ping < 0 && !writing) {
      terminate();
      return;
    }
    pinged = 0;
    pingDue = true;
    nextPing = now + heartbeat.pingInterval();
    run();
  }

  /** Drops the connection and what is still unsent. Any thread, never blocks. */
  void terminate() {
    connection.terminateSilently();
  }

  /** The connection is gone. */
  void closed() {
    closed = true;
    Viewer served = viewer;
    if (served != null) {
      served.close();
    }
    viewer = null; // the transport keeps some of its connections, and they would keep a whole topic
    queue.failAll();
  }

  @Override
  public String toString() {
    return String.valueOf(connection.getPeerAddress());
  }
}
