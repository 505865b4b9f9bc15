package io.miststream.client;

import io.miststream.core.StreamMessage;
import io.miststream.core.wire.WireCodec;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
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

/** A WebSocket server on a bare socket, which does to each connection what a test says. */
final class ScriptedServer implements Closeable {

  /** What happens to one connection. When it returns, the connection is cut. */
  interface Script {
    void play(Peer peer) throws Exception;
  }

  /** A frame that the client has sent. */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  record Frame(int opcode, byte[] payload) {
    int closeCode() {
      return payload.length < 2 ? 1005 : (payload[0] & 0xFF) << 8 | (payload[1] & 0xFF);
    }
  }

  private static final int TEXT = 1;
  private static final int CONTINUATION = 0;
  static final int CLOSE = 8;
  static final int PING = 9;
  static final int PONG = 10;

  private final ServerSocket listener;
  private final Script script;
  private final List<Peer> peers = new CopyOnWriteArrayList<>();

  ScriptedServer(Script script) throws IOException {
    this(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), script);
  }

  ScriptedServer(ServerSocket listener, Script script) {
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

  URI uri() {
    return URI.create("ws://127.0.0.1:" + listener.getLocalPort());
  }

  /** All connections so far, in order. */
  List<Peer> peers() {
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
  final class Peer {
    final int number;
    private final Socket socket;
    private final OutputStream out;
    private final DataInputStream in;
    private final Map<String, String> headers = new HashMap<>();
    private final BlockingQueue<Frame> frames = new LinkedBlockingQueue<>();
    private final AtomicInteger sent = new AtomicInteger();
    private String target = "";

    Peer(Socket socket, int number) throws IOException {
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
      target = line().split(" ", -1)[1];
      for (String line = line(); !line.isEmpty(); line = line()) {
        int colon = line.indexOf(':');
        headers.put(
            line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 1).trim());
      }
    }

    private String line() throws IOException {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      for (int b = in.readUnsignedByte(); b != '\n'; b = in.readUnsignedByte()) {
        line.write(b);
      }
      return line.toString(StandardCharsets.UTF_8).trim();
    }

    /** Whether its other end is {@code client}. */
    boolean isFrom(Socket client) {
      return socket.getPort() == client.getLocalPort();
    }

    /** Path and query as the client has sent them. */
    String target() {
      return target;
    }

    String header(String name) {
      return headers.get(name.toLowerCase(Locale.ROOT));
    }

    /** A parameter of the query, or null. */
    String parameter(String name) {
      for (String pair : target.substring(target.indexOf('?') + 1).split("&", -1)) {
        String[] parts = pair.split("=", 2);
        if (parts[0].equals(name)) {
          return URLDecoder.decode(parts[1], StandardCharsets.UTF_8);
        }
      }
      return null;
    }

    /** Answers with anything but a WebSocket. */
    void refuse(int status, String header, String body) throws IOException {
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
      out.flush();
    }

    /** Opens the WebSocket. */
    void accept() throws IOException {
      try {
        byte[] digest =
            MessageDigest.getInstance("SHA-1")
                .digest(
                    (header("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
                        .getBytes(StandardCharsets.ISO_8859_1));
        out.write(
            ("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    + "Sec-WebSocket-Accept: "
                    + Base64.getEncoder().encodeToString(digest)
                    + "\r\n\r\n")
                .getBytes(StandardCharsets.ISO_8859_1));
      } catch (NoSuchAlgorithmException e) {
        throw new AssertionError(e);
      }
      start("scripted-reader-" + number, this::readFrames);
    }

    private void readFrames() {
      try {
        while (true) {
          int opcode = in.readUnsignedByte() & 0xF;
          byte[] payload =
              new byte[in.readUnsignedByte() & 0x7F]; // clients only send control frames
          byte[] mask = in.readNBytes(4);
          in.readFully(payload);
          for (int i = 0; i < payload.length; i++) {
            payload[i] ^= mask[i % 4];
          }
          frames.add(new Frame(opcode, payload));
        }
      } catch (IOException e) {
        frames.add(new Frame(-1, new byte[0])); // the end of the connection
      }
    }

    /** What the client has sent, in order; opcode −1 is the end of the connection. */
    BlockingQueue<Frame> frames() {
      return frames;
    }

    void text(String message) throws IOException {
      frame(0x80 | TEXT, message.getBytes(StandardCharsets.UTF_8));
      sent.incrementAndGet();
    }

    void message(StreamMessage message) throws IOException {
      text(WireCodec.encode(message));
    }

    /** One message in frames of {@code size} bytes. */
    void fragments(String message, int size) throws IOException {
      byte[] bytes = message.getBytes(StandardCharsets.UTF_8);
      for (int from = 0; from < bytes.length; from += size) {
        int to = Math.min(bytes.length, from + size);
        int opcode = from == 0 ? TEXT : CONTINUATION;
        frame(opcode | (to == bytes.length ? 0x80 : 0), Arrays.copyOfRange(bytes, from, to));
      }
    }

    /** How many whole texts the network has taken. */
    int sent() {
      return sent.get();
    }

    void ping() throws IOException {
      frame(0x80 | PING, new byte[] {'p'});
    }

    void close(int code, String reason) throws IOException {
      byte[] text = reason.getBytes(StandardCharsets.UTF_8);
      byte[] payload = new byte[2 + text.length];
      payload[0] = (byte) (code >>> 8);
      payload[1] = (byte) code;
      System.arraycopy(text, 0, payload, 2, text.length);
      frame(0x80 | CLOSE, payload);
    }

    /** Waits until the client has closed its side. */
    void awaitEnd() throws InterruptedException {
      while (frames.take().opcode() != -1) {
        // Its frames before that are not asked for any more.
      }
    }

    /** Part of a frame, and then nothing more. */
    void half(String message) throws IOException {
      byte[] bytes = message.getBytes(StandardCharsets.UTF_8);
      out.write(0x80 | TEXT);
      out.write(126);
      out.write(bytes.length >>> 8);
      out.write(bytes.length);
      out.write(bytes, 0, bytes.length / 2);
      out.flush();
    }

    /** A byte of an answer that never ends, and a moment's rest. */
    void trickle() throws IOException, InterruptedException {
      out.write('H');
      out.flush();
      frames.poll(20, TimeUnit.MILLISECONDS);
    }

    /** Ends the connection with a reset. */
    void reset() throws IOException {
      socket.setSoLinger(true, 0);
      socket.close();
    }

    private synchronized void frame(int first, byte[] payload) throws IOException {
      ByteArrayOutputStream frame = new ByteArrayOutputStream(payload.length + 10);
      frame.write(first);
      if (payload.length < 126) {
        frame.write(payload.length);
      } else if (payload.length <= 0xFFFF) {
        frame.write(126);
        frame.write(payload.length >>> 8);
        frame.write(payload.length);
      } else {
        frame.write(127);
        for (int shift = 56; shift >= 0; shift -= 8) {
          frame.write((int) ((long) payload.length >>> shift));
        }
      }
      frame.write(payload);
      try {
        frame.writeTo(out);
      } catch (UncheckedIOException e) {
        throw e.getCause();
      }
    }
  }
}
