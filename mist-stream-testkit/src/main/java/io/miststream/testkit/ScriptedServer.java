package io.miststream.testkit;

import io.miststream.core.StreamMessage;
import io.miststream.core.wire.WireCodec;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A WebSocket server that plays a script to each connection, for tests of clients. The script runs
 * on a thread of the connection's own and may do what no proper server does.
 *
 * <pre>{@code
 * new ScriptedServer(
 *     peer -> {
 *       peer.accept();
 *       peer.message(line);
 *       peer.close(1000, "done");
 *       peer.awaitEnd();
 *     });
 * }</pre>
 */
public final class ScriptedServer implements Closeable {

  /** What happens on one connection. */
  @FunctionalInterface
  public interface Script {

    /** Runs once the request has been read. When it returns, the connection is closed. */
    void play(Peer peer) throws Exception;
  }

  private final ServerSocket listener;
  private final Script script;
  private final List<Peer> peers = new CopyOnWriteArrayList<>();

  /** Listens on a free loopback port. */
  public ScriptedServer(Script script) throws IOException {
    this(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), script);
  }

  /** Listens on a bound socket, one with TLS for instance. {@link #close} closes it. */
  public ScriptedServer(ServerSocket listener, Script script) {
    this.listener = listener;
    this.script = script;
    start("scripted-server", this::accept);
  }

  private static void start(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() {
    while (true) {
      try {
        Peer peer = new Peer(listener.accept(), peers.size() + 1);
        peers.add(peer);
        start("scripted-peer-" + peer.number, peer::run);
      } catch (IOException e) {
        return; // closed
      }
    }
  }

  /** Where clients connect, without a path. */
  public URI uri() {
    return URI.create("ws://127.0.0.1:" + listener.getLocalPort());
  }

  /** All connections so far, in order. */
  public List<Peer> peers() {
    return peers;
  }

  @Override
  public void close() throws IOException {
    listener.close();
    for (Peer peer : peers) {
      peer.socket.close();
    }
  }

  /** One connection. */
  public final class Peer {
    private final int number;
    private final Socket socket;
    private final OutputStream out;
    private final DataInputStream in;
    private final Map<String, String> headers = new HashMap<>();
    private final BlockingQueue<Frame> frames = new LinkedBlockingQueue<>();
    private final AtomicInteger sent = new AtomicInteger();
    private volatile String target = "";

    private Peer(Socket socket, int number) throws IOException {
      this.socket = socket;
      this.number = number;
      out = socket.getOutputStream();
      in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
    }

    private void run() {
      try (socket) {
        readRequest();
        script.play(this);
      } catch (IOException e) {
        // The client has gone.
      } catch (Exception e) {
        throw new AssertionError("the script failed", e);
      }
    }

    private void readRequest() throws IOException {
      String requestLine = line();
      for (String line = line(); !line.isEmpty(); line = line()) {
        int colon = line.indexOf(':');
        headers.put(
            line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).trim());
      }
      target = requestLine.split(" ", -1)[1];
    }

    private String line() throws IOException {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      for (int b = in.readUnsignedByte(); b != '\n'; b = in.readUnsignedByte()) {
        line.write(b);
      }
      return line.toString(StandardCharsets.UTF_8).trim();
    }

    /** Its place among the connections; the first is 1. */
    public int number() {
      return number;
    }

    /** Whether {@code client} is the other end. */
    public boolean isFrom(Socket client) {
      return socket.getPort() == client.getLocalPort();
    }

    /** Path and query as the client sent them. */
    public String target() {
      return target;
    }

    /** A request header, or null. */
    public @Nullable String header(String name) {
      return headers.get(name.toLowerCase(Locale.ROOT));
    }

    /** A query parameter, decoded, or null. */
    public @Nullable String parameter(String name) {
      for (String pair : target.substring(target.indexOf('?') + 1).split("&", -1)) {
        String[] parts = pair.split("=", 2);
        if (parts[0].equals(name)) {
          return URLDecoder.decode(parts[1], StandardCharsets.UTF_8);
        }
      }
      return null;
    }

    /**
     * Answers with something other than a WebSocket.
     *
     * @param header one more header, or an empty string
     */
    public void refuse(int status, String header, String body) throws IOException {
      byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
      String head =
          "HTTP/1.1 "
              + status
              + " No\r\n"
              + (header.isEmpty() ? "" : header + "\r\n")
              + "Content-Type: application/json\r\nContent-Length: "
              + bytes.length
              + "\r\n\r\n";
      out.write(head.getBytes(StandardCharsets.ISO_8859_1));
      out.write(bytes);
    }

    /** Opens the WebSocket. */
    public void accept() throws IOException {
      out.write(
          ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  + "Sec-WebSocket-Accept: "
                  + proof(header("Sec-WebSocket-Key"))
                  + "\r\n\r\n")
              .getBytes(StandardCharsets.ISO_8859_1));
      start("scripted-reader-" + number, this::readFrames);
    }

    private void readFrames() {
      try {
        while (true) {
          frames.add(Frame.read(in, true));
        }
      } catch (IOException e) {
        frames.add(new Frame(true, -1, new byte[0]));
      }
    }

    /** What the client sends, in order; opcode −1 is the end of the connection. */
    public BlockingQueue<Frame> frames() {
      return frames;
    }

    /** Sends a text message. */
    public void text(String message) throws IOException {
      send(Frame.text(message));
      sent.incrementAndGet();
    }

    /** Sends a message of a stream. */
    public void message(StreamMessage message) throws IOException {
      text(WireCodec.encode(message));
    }

    /** Sends one text message in frames of {@code size} bytes. */
    public void fragments(String message, int size) throws IOException {
      byte[] bytes = message.getBytes(StandardCharsets.UTF_8);
      for (int from = 0; from < bytes.length; from += size) {
        int to = Math.min(bytes.length, from + size);
        int opcode = from == 0 ? RawClient.TEXT : RawClient.CONTINUATION;
        send(new Frame(to == bytes.length, opcode, Arrays.copyOfRange(bytes, from, to)));
      }
    }

    /** How many text messages the network has accepted. */
    public int sent() {
      return sent.get();
    }

    /** Sends a ping. */
    public void ping() throws IOException {
      send(new Frame(true, RawClient.PING, new byte[] {'p'}));
    }

    /** Sends a close frame; the connection stays open. */
    public void close(int code, String reason) throws IOException {
      send(Frame.close(code, reason));
    }

    /** Waits until the client has closed its side. */
    public void awaitEnd() throws InterruptedException {
      while (frames.take().opcode() != -1) {
        // Whatever it sends before that does not matter.
      }
    }

    /** Sends the first half of a text frame. */
    public void half(String message) throws IOException {
      byte[] frame = Frame.text(message).encode(false);
      out.write(frame, 0, frame.length / 2);
    }

    /** Sends one byte of a response that never ends, and pauses for 20 ms. */
    public void trickle() throws IOException, InterruptedException {
      out.write('H');
      frames.poll(20, TimeUnit.MILLISECONDS);
    }

    /** Ends the connection with a reset. */
    public void reset() throws IOException {
      socket.setSoLinger(true, 0);
      socket.close();
    }

    private synchronized void send(Frame frame) throws IOException {
      out.write(frame.encode(false));
    }
  }

  /** The {@code Sec-WebSocket-Accept} that answers a key (RFC 6455, section 4.2.2). */
  private static String proof(@Nullable String key) {
    try {
      byte[] text = (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(StandardCharsets.UTF_8);
      return Base64.getEncoder().encodeToString(MessageDigest.getInstance("SHA-1").digest(text));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
