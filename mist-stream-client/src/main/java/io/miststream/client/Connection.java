package io.miststream.client;

import io.miststream.client.FrameInput.ProtocolException;
import io.miststream.client.MistStreamClient.Settings;
import io.miststream.core.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * One WebSocket, from the handshake to its end, on a blocking socket: one thread opens it and
 * reads, any thread may close it. Whatever the reader does not ask for stays in the network.
 *
 * <p>Not the JDK's WebSocket: when the other side goes away while that one is busy with a message,
 * its listener often never hears of it ({@code TransportImpl} is not prepared for an end of stream
 * that nobody has asked for), and a stream would hang until the silence is noticed.
 */
final class Connection {

  /** Longest message in bytes: each character of a line of 1 MiB can become six in JSON. */
  static final int LONGEST_MESSAGE = 24 << 20;

  private static final int NORMAL_CLOSURE = 1000;
  private static final int NO_CODE = 1005;
  private static final String ENDPOINT_IDENTIFICATION = "HTTPS";
  // A close frame that a full network does not take is not worth waiting for.
  private static final Duration CLOSE_PATIENCE = Duration.ofMillis(100);

  private final Settings settings;
  private final ReentrantLock writing = new ReentrantLock();
  private final Object state = new Object();
  private @Nullable Socket wire; // the TCP connection; guarded by state
  private boolean closed; // guarded by state
  private volatile @Nullable OutputStream out; // set once the handshake is over
  private @Nullable FrameInput in; // reader's

  Connection(Settings settings) {
    this.settings = settings;
  }

  /** Connects and shakes hands, within the connect timeout. */
  void open(URI uri) throws FailedException {
    // A time for each read would not do: a server could send its answer byte by byte.
    CompletableFuture<Void> opened = new CompletableFuture<>();
    Future<?> unused =
        opened
            .orTimeout(millis(settings.connectTimeout()), TimeUnit.MILLISECONDS)
            .whenComplete(
                (ready, late) -> {
                  if (late != null) {
                    close();
                  }
                });
    try {
      boolean tls = uri.getScheme().equals("wss");
      int port = uri.getPort() >= 0 ? uri.getPort() : tls ? 443 : 80;
      String host = uri.getHost();
      Socket socket = connect(host, port);
      if (tls) {
        socket = secure(socket, host, port);
      }
      InputStream input = socket.getInputStream();
      OutputStream output = socket.getOutputStream();
      Handshake.perform(uri, settings.headers(), input, output, settings.endpoints());
      in = new FrameInput(new PatientInput(socket, input), LONGEST_MESSAGE);
      out = output;
    } catch (IOException e) {
      IOException problem = opened.isDone() ? new SocketTimeoutException() : e;
      throw new FailedException(Failure.unreachable(settings.endpoints(), problem));
    } finally {
      opened.complete(null);
    }
  }

  private Socket connect(String host, int port) throws IOException {
    IOException problem = null;
    String name = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    InetAddress[] addresses = InetAddress.getAllByName(name);
    for (InetAddress address : addresses) {
      Socket socket = new Socket();
      synchronized (state) {
        if (closed) {
          throw new IOException("closed");
        }
        wire = socket;
      }
      try {
        Duration share = settings.connectTimeout().dividedBy(addresses.length);
        socket.setTcpNoDelay(true);
        socket.connect(new InetSocketAddress(address, port), millis(share));
        return socket;
      } catch (IOException e) {
        socket.close();
        problem = e;
      }
    }
    throw problem == null ? new IOException("it has no address") : problem;
  }

  private Socket secure(Socket socket, String host, int port) throws IOException {
    SSLContext context = settings.tls();
    SSLSocketFactory factory =
        context == null
            ? (SSLSocketFactory) SSLSocketFactory.getDefault()
            : context.getSocketFactory();
    SSLSocket secured = (SSLSocket) factory.createSocket(socket, host, port, true);
    SSLParameters parameters = secured.getSSLParameters();
    parameters.setEndpointIdentificationAlgorithm(ENDPOINT_IDENTIFICATION);
    secured.setSSLParameters(parameters);
    secured.startHandshake();
    return secured;
  }

  /** The next message, waiting for it. */
  String next() throws FailedException {
    FrameInput input = in;
    if (input == null) {
      throw new IllegalStateException("not open");
    }
    try {
      while (true) {
        switch (input.next()) {
          case FrameInput.TEXT -> {
            return input.text();
          }
          case FrameInput.PING -> send(FrameInput.PONG, input.control());
          case FrameInput.CLOSE -> throw new FailedException(closedByServer(input.control()));
          default -> {} // a pong, or a binary message, which this protocol does not have
        }
      }
    } catch (ProtocolException e) {
      sendClose(e.closeCode());
      throw new FailedException(
          Failure.lasting(
              ErrorCode.INTERNAL, "the server broke the WebSocket protocol: " + e.getMessage()));
    } catch (SilenceException e) {
      throw new FailedException(Failure.passing("the connection has gone silent"));
    } catch (IOException e) {
      throw new FailedException(Failure.lost(e));
    }
  }

  private Failure closedByServer(ByteBuffer frame) {
    int code = frame.remaining() < 2 ? NO_CODE : frame.getShort() & 0xFFFF;
    sendClose(code == NO_CODE ? NORMAL_CLOSURE : code);
    return Failure.ofClose(code, StandardCharsets.UTF_8.decode(frame).toString());
  }

  /** Ends it, if it is not over yet. Quick, idempotent, for any thread. */
  void close() {
    Socket open;
    synchronized (state) {
      if (closed) {
        return;
      }
      closed = true;
      open = wire;
    }
    sendClose(NORMAL_CLOSURE);
    if (open != null) {
      try {
        open.close();
      } catch (IOException e) {
        // It is of no use any more either way.
      }
    }
  }

  private void sendClose(int code) {
    try {
      if (writing.tryLock(CLOSE_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        try {
          if (out != null) {
            send(FrameInput.CLOSE, ByteBuffer.allocate(2).putShort((short) code).flip());
            out = null; // nothing may follow a close frame
          }
        } finally {
          writing.unlock();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      // The other side will notice in another way.
    }
  }

  private void send(int opcode, ByteBuffer payload) throws IOException {
    int length = payload.remaining();
    int mask = ThreadLocalRandom.current().nextInt();
    ByteBuffer frame = ByteBuffer.allocate(6 + length);
    frame.put((byte) (0x80 | opcode)).put((byte) (0x80 | length)).putInt(mask);
    for (int i = 0; i < length; i++) {
      frame.put((byte) (payload.get() ^ mask >>> (24 - 8 * (i % 4))));
    }
    writing.lock();
    try {
      OutputStream output = out;
      if (output != null) {
        output.write(frame.array());
        output.flush();
      }
    } finally {
      writing.unlock();
    }
  }

  private static int millis(Duration time) {
    return (int) Math.max(1, Math.min(Integer.MAX_VALUE, time.toMillis()));
  }

  private static final class SilenceException extends IOException {
    private static final long serialVersionUID = 1L;
  }

  /** Waits for a sign of life, asks for one, waits for the rest of the time, and gives up. */
  private final class PatientInput extends InputStream {
    private final Socket socket;
    private final InputStream input;

    PatientInput(Socket socket, InputStream input) {
      this.socket = socket;
      this.input = input;
    }

    @Override
    public int read(byte[] to, int start, int count) throws IOException {
      Duration third = settings.silenceLimit().dividedBy(3);
      try {
        socket.setSoTimeout(millis(third.multipliedBy(2)));
        return input.read(to, start, count);
      } catch (SocketTimeoutException e) {
        send(FrameInput.PING, ByteBuffer.allocate(0));
      }
      try {
        socket.setSoTimeout(millis(third));
        return input.read(to, start, count);
      } catch (SocketTimeoutException e) {
        throw new SilenceException();
      }
    }

    @Override
    public int read() {
      throw new UnsupportedOperationException("only read by the buffer");
    }
  }
}
