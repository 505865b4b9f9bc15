package io.miststream.server;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A WebSocket client that sends exactly what it is told to, right or wrong. Reads wait for at most
 * 10 s unless a test sets another timeout.
 */
public final class RawWebSocket implements AutoCloseable {

  /** A key as clients send it. */
  public static final String KEY = "dGhlIHNhbXBsZSBub25jZQ==";

  /** Opcodes (RFC 6455, section 5.2). */
  public static final int CONTINUATION = 0;

  public static final int TEXT = 1;
  public static final int BINARY = 2;
  public static final int CLOSE = 8;
  public static final int PING = 9;
  public static final int PONG = 10;

  /** One frame of the server. */
  @SuppressWarnings("ArrayRecordComponent") // nobody compares them
  public record Frame(boolean fin, int opcode, byte[] payload) {
    public String text() {
      return new String(payload, StandardCharsets.UTF_8);
    }

    public int closeCode() {
      return ByteBuffer.wrap(payload).getShort() & 0xFFFF;
    }

    public String closeReason() {
      return new String(payload, 2, payload.length - 2, StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
      return opcode == CLOSE && payload.length >= 2
          ? "close " + closeCode() + " " + closeReason()
          : "opcode " + opcode + ": " + text();
    }
  }

  /** A response header, and the body it announces. */
  public record Response(String statusLine, List<String> headers, String body) {
    public int status() {
      return Integer.parseInt(statusLine.split(" ", 3)[1]);
    }

    public String header(String name) {
      String prefix = name.toLowerCase(Locale.ROOT) + ":";
      for (String header : headers) {
        if (header.toLowerCase(Locale.ROOT).startsWith(prefix)) {
          return header.substring(prefix.length()).trim();
        }
      }
      return "";
    }
  }

  private final Socket socket;
  private final DataInputStream in;
  private final int port;

  private RawWebSocket(Socket socket, int port) throws IOException {
    this.socket = socket;
    this.port = port;
    this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 1 << 16));
  }

  /** A connection, with nothing sent yet. */
  public static RawWebSocket connect(int port) throws IOException {
    return connect(port, 0);
  }

  /** The same over a socket that is connected already. */
  public static RawWebSocket over(Socket socket, int port) throws IOException {
    socket.setSoTimeout(10_000);
    return new RawWebSocket(socket, port);
  }

  /** The same from another address of this machine. */
  public static RawWebSocket connectFrom(String address, int port) throws IOException {
    Socket socket = new Socket();
    socket.bind(new InetSocketAddress(address, 0));
    return connect(socket, port);
  }

  /** The same with a receive buffer of a given size, 0 for the system's choice. */
  public static RawWebSocket connect(int port, int receiveBuffer) throws IOException {
    Socket socket = new Socket();
    if (receiveBuffer > 0) {
      socket.setReceiveBufferSize(receiveBuffer);
    }
    return connect(socket, port);
  }

  private static RawWebSocket connect(Socket socket, int port) throws IOException {
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 5000);
    socket.setSoTimeout(10_000);
    socket.setTcpNoDelay(true);
    return new RawWebSocket(socket, port);
  }

  /** An open WebSocket. */
  public static RawWebSocket open(int port, String target) throws IOException {
    RawWebSocket socket = connect(port);
    socket.handshake(target);
    return socket;
  }

  /** Shakes hands, and fails unless the answer is 101. */
  public RawWebSocket handshake(String target) throws IOException {
    send(request(target));
    Response response = readResponse();
    if (response.status() != 101) {
      throw new IOException(response.statusLine() + " " + response.body());
    }
    return this;
  }

  /** A proper handshake request. */
  public String request(String target, String... moreHeaders) {
    StringBuilder more = new StringBuilder();
    for (String header : moreHeaders) {
      more.append(header).append("\r\n");
    }
    return "GET "
        + target
        + " HTTP/1.1\r\nHost: 127.0.0.1:"
        + port
        + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: "
        + KEY
        + "\r\nSec-WebSocket-Version: 13\r\n"
        + more
        + "\r\n";
  }

  public RawWebSocket send(String latin1) throws IOException {
    return send(latin1.getBytes(StandardCharsets.ISO_8859_1));
  }

  public RawWebSocket send(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    socket.getOutputStream().flush();
    return this;
  }

  /** Sends a masked frame. */
  public RawWebSocket sendFrame(boolean fin, int opcode, byte[] payload) throws IOException {
    return send(frame(fin, opcode, payload, true));
  }

  public RawWebSocket sendText(String text) throws IOException {
    return sendFrame(true, TEXT, text.getBytes(StandardCharsets.UTF_8));
  }

  public RawWebSocket sendClose(int code) throws IOException {
    return sendFrame(true, CLOSE, new byte[] {(byte) (code >>> 8), (byte) code});
  }

  /** The bytes of a frame. */
  public static byte[] frame(boolean fin, int opcode, byte[] payload, boolean masked) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(payload.length + 14);
    int mask = masked ? 0x80 : 0;
    out.write((fin ? 0x80 : 0) | opcode);
    if (payload.length < 126) {
      out.write(mask | payload.length);
    } else if (payload.length <= 0xFFFF) {
      out.write(mask | 126);
      out.write(payload.length >>> 8);
      out.write(payload.length);
    } else {
      out.write(mask | 127);
      out.writeBytes(ByteBuffer.allocate(8).putLong(payload.length).array());
    }
    if (masked) {
      byte[] key = {0x12, 0x34, 0x56, 0x78};
      out.writeBytes(key);
      for (int i = 0; i < payload.length; i++) {
        out.write(payload[i] ^ key[i % 4]);
      }
    } else {
      out.writeBytes(payload);
    }
    return out.toByteArray();
  }

  /** Whether something has arrived that has not been read. */
  public boolean hasInput() {
    try {
      return in.available() > 0;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Reads a response with its body. */
  public Response readResponse() throws IOException {
    return readResponse(true);
  }

  /** Reads a response; one to HEAD has no body, whatever its header says. */
  public Response readResponse(boolean withBody) throws IOException {
    String statusLine = readLine();
    List<String> headers = new ArrayList<>();
    for (String line = readLine(); !line.isEmpty(); line = readLine()) {
      headers.add(line);
    }
    Response head = new Response(statusLine, headers, "");
    String length = head.header("Content-Length");
    byte[] body = withBody && !length.isEmpty() ? new byte[Integer.parseInt(length)] : new byte[0];
    in.readFully(body);
    return new Response(statusLine, headers, new String(body, StandardCharsets.UTF_8));
  }

  private String readLine() throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        throw new EOFException("end of stream after: " + line);
      }
      if (b != '\r') {
        line.write(b);
      }
    }
    return line.toString(StandardCharsets.ISO_8859_1);
  }

  /** Reads whatever comes until the connection ends. */
  public String readRest() throws IOException {
    return new String(in.readAllBytes(), StandardCharsets.UTF_8);
  }

  /** Reads one frame, which must not be masked. */
  public Frame readFrame() throws IOException {
    int first = in.readUnsignedByte();
    int second = in.readUnsignedByte();
    if ((second & 0x80) != 0) {
      throw new IOException("a server's frame is masked");
    }
    long length = second;
    if (length == 126) {
      length = in.readUnsignedShort();
    } else if (length == 127) {
      length = in.readLong();
    }
    byte[] payload = new byte[Math.toIntExact(length)];
    in.readFully(payload);
    return new Frame((first & 0x80) != 0, first & 0x0F, payload);
  }

  /** Reads the next text message, answering pings. */
  public String readText() throws IOException {
    Frame frame = readFrame();
    while (frame.opcode() == PING) {
      sendFrame(true, PONG, frame.payload());
      frame = readFrame();
    }
    if (frame.opcode() != TEXT) {
      throw new IOException("not a text: " + frame);
    }
    return frame.text();
  }

  /** Reads on until the close frame. */
  public Frame readClose() throws IOException {
    Frame frame = readFrame();
    while (frame.opcode() != CLOSE) {
      frame = readFrame();
    }
    return frame;
  }

  /** Whether the server closes the connection, and not later than the read timeout. */
  public boolean isEnded() throws IOException {
    try {
      return in.read() < 0;
    } catch (java.net.SocketTimeoutException e) {
      return false;
    } catch (IOException e) {
      return true; // reset
    }
  }

  public RawWebSocket readTimeout(int millis) throws IOException {
    socket.setSoTimeout(millis);
    return this;
  }

  /** Drops the connection with a reset. */
  public void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
