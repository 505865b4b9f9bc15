package io.miststream.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;

/**
 * A client that sends exactly what it is told to, right or wrong. Reads give up after 30 s, which
 * is longer than any deadline of the server that is looked at.
 */
final class RawClient implements AutoCloseable {
  static final int CONTINUATION = 0;
  static final int TEXT = 1;
  static final int CLOSE = 8;
  static final int PING = 9;
  static final int PONG = 10;

  /** A frame's head: its opcode and the length of its payload, or a close frame's code. */
  record Frame(int opcode, long value) {}

  private final Socket socket = new Socket();
  private final DataInputStream in;
  private final String authority;

  /** Connects, from an address of this machine. */
  RawClient(URI server, String from) throws IOException {
    authority = server.getAuthority();
    socket.bind(new InetSocketAddress(from, 0));
    socket.setReceiveBufferSize(64 << 10);
    socket.connect(new InetSocketAddress(server.getHost(), server.getPort()), 10_000);
    socket.setSoTimeout(30_000);
    in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 16 << 10));
  }

  /** The first lines of a request. */
  String head(String path) {
    return "GET " + path + " HTTP/1.1\r\nHost: " + authority + "\r\n";
  }

  /** A handshake, right but for what is added. */
  String handshake(String path, String... more) {
    return head(path)
        + String.join(
            "\r\n",
            "Upgrade: websocket",
            "Connection: Upgrade",
            "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
            String.join("\r\n", more))
        + (more.length == 0 ? "\r\n" : "\r\n\r\n");
  }

  /** Opens a WebSocket. */
  RawClient open(String path) throws IOException {
    send(handshake(path));
    String answer = readHead();
    if (status(answer) != 101) {
      throw new IOException(answer);
    }
    return this;
  }

  RawClient send(String latin1) throws IOException {
    return send(latin1.getBytes(ISO_8859_1));
  }

  RawClient send(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    return this;
  }

  /** A frame with a mask of zeros, so that its payload stays what it is. */
  static byte[] frame(int first, int payload) {
    byte[] frame = new byte[6 + payload];
    frame[0] = (byte) first;
    frame[1] = (byte) (0x80 | payload); // short ones alone
    return frame;
  }

  static int status(String head) {
    return Integer.parseInt(head.substring(9, 12));
  }

  /** Reads an answer up to the empty line. */
  String readHead() throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      head.append((char) in.readUnsignedByte());
    }
    return head.toString();
  }

  /** Reads all that comes up to the end of the connection; a reset is one. */
  String readAll() throws IOException {
    StringBuilder all = new StringBuilder();
    try {
      for (int b = in.read(); b >= 0; b = in.read()) {
        all.append((char) b);
      }
    } catch (SocketException reset) {
      // This is the end, too.
    }
    return all.toString();
  }

  /** Reads a frame. */
  Frame readFrame() throws IOException {
    int opcode = in.readUnsignedByte() & 0x0F;
    long length = in.readUnsignedByte();
    length = length == 126 ? in.readUnsignedShort() : length == 127 ? in.readLong() : length;
    if (opcode == CLOSE) {
      return new Frame(opcode, in.readUnsignedShort());
    }
    in.skipNBytes(length);
    return new Frame(opcode, length);
  }

  /** Reads on to the close frame; returns its code. */
  int readClose() throws IOException {
    Frame frame = readFrame();
    while (frame.opcode != CLOSE) {
      frame = readFrame();
    }
    return (int) frame.value;
  }

  /** Whether something has come that has not been read. */
  boolean hasInput() throws IOException {
    return in.available() > 0;
  }

  /** Goes with a reset. */
  void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
