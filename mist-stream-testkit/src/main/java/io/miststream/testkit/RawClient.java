package io.miststream.testkit;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * An HTTP and WebSocket client that sends exactly the bytes it is given, valid or not, for tests of
 * servers. A read that takes longer than 30 s fails, unless a test sets another {@linkplain
 * #readTimeout timeout}. Not thread-safe, except that one thread may send while another reads.
 */
public final class RawClient implements AutoCloseable {

  /** The {@code Sec-WebSocket-Key} that handshakes carry. */
  public static final String KEY = "dGhlIHNhbXBsZSBub25jZQ==";

  /** Opcode of a frame that continues a message. */
  public static final int CONTINUATION = 0;

  /** Opcode of a text frame. */
  public static final int TEXT = 1;

  /** Opcode of a binary frame. */
  public static final int BINARY = 2;

  /** Opcode of a close frame. */
  public static final int CLOSE = 8;

  /** Opcode of a ping. */
  public static final int PING = 9;

  /** Opcode of a pong. */
  public static final int PONG = 10;

  private static final int TIMEOUT_MILLIS = 30_000;

  /** A response: its head, and the body whose length the head announces. */
  public record Response(String statusLine, List<String> headers, String body) {

    /** The status code. */
    public int status() {
      return RawClient.status(statusLine);
    }

    /** The first header of that name, or an empty string. */
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
  private final String authority;

  private RawClient(Socket socket, String authority) throws IOException {
    this.socket = socket;
    this.authority = authority;
    socket.setSoTimeout(TIMEOUT_MILLIS);
    socket.setTcpNoDelay(true);
    in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 16 << 10));
  }

  /** Connects from one of this machine's addresses, with a receive buffer of 64 KiB. */
  public RawClient(URI server, String from) throws IOException {
    this(
        connected(
            new InetSocketAddress(from, 0),
            new InetSocketAddress(server.getHost(), server.getPort()),
            64 << 10),
        server.getAuthority());
  }

  /** Connects to a port of this machine. */
  public static RawClient connect(int port) throws IOException {
    return connect(port, 0);
  }

  /** Connects with a receive buffer of the given size; the system chooses it if 0. */
  public static RawClient connect(int port, int receiveBuffer) throws IOException {
    InetAddress loopback = InetAddress.getLoopbackAddress();
    return new RawClient(
        connected(null, new InetSocketAddress(loopback, port), receiveBuffer), "127.0.0.1:" + port);
  }

  /** Uses a connected socket, one with TLS for instance. {@link #close} closes it. */
  public static RawClient over(Socket socket, String authority) throws IOException {
    return new RawClient(socket, authority);
  }

  /** Connects and opens a WebSocket. */
  public static RawClient open(int port, String path) throws IOException {
    return connect(port).open(path);
  }

  private static Socket connected(
      @Nullable InetSocketAddress from, InetSocketAddress server, int receiveBuffer)
      throws IOException {
    Socket socket = new Socket();
    if (receiveBuffer > 0) {
      socket.setReceiveBufferSize(receiveBuffer); // has to be known when the connection is made
    }
    socket.bind(from);
    socket.connect(server, TIMEOUT_MILLIS);
    return socket;
  }

  /** The first lines of a GET request, which an empty line would complete. */
  public String head(String path) {
    return "GET " + path + " HTTP/1.1\r\nHost: " + authority + "\r\n";
  }

  /** A valid handshake request, with more headers at its end. */
  public String handshake(String path, String... moreHeaders) {
    StringBuilder more = new StringBuilder();
    for (String header : moreHeaders) {
      more.append(header).append("\r\n");
    }
    return head(path)
        + "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        + "Sec-WebSocket-Key: "
        + KEY
        + "\r\n"
        + more
        + "\r\n";
  }

  /**
   * Opens a WebSocket on this connection.
   *
   * @throws IOException if the status is not 101; the message has the response
   */
  public RawClient open(String path) throws IOException {
    send(handshake(path));
    Response response = readResponse();
    if (response.status() != 101) {
      throw new IOException(response.statusLine() + " " + response.body());
    }
    return this;
  }

  /** Sends text in ISO 8859-1, so that each character is one byte. */
  public RawClient send(String latin1) throws IOException {
    return send(latin1.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** Sends bytes as they are. */
  public RawClient send(byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    socket.getOutputStream().flush();
    return this;
  }

  /** Sends a masked frame. */
  public RawClient sendFrame(boolean fin, int opcode, byte[] payload) throws IOException {
    return send(frame(fin, opcode, payload, true));
  }

  /** Sends a text message in one frame. */
  public RawClient sendText(String text) throws IOException {
    return send(Frame.text(text).encode(true));
  }

  /** Sends a close frame. */
  public RawClient sendClose(int code) throws IOException {
    return send(Frame.close(code, "").encode(true));
  }

  /** The bytes of a frame. */
  public static byte[] frame(boolean fin, int opcode, byte[] payload, boolean masked) {
    return new Frame(fin, opcode, payload).encode(masked);
  }

  /**
   * The bytes of a short frame with a mask and a payload of zeros.
   *
   * @param first the first byte: flags and opcode
   * @param length the payload's, at most 125
   */
  public static byte[] frame(int first, int length) {
    byte[] frame = new byte[6 + length];
    frame[0] = (byte) first;
    frame[1] = (byte) (0x80 | length);
    return frame;
  }

  /** The status in a response's head. */
  public static int status(String head) {
    return Integer.parseInt(head.substring(9, 12));
  }

  /** Reads a response's head, including the empty line. */
  public String readHead() throws IOException {
    StringBuilder head = new StringBuilder();
    String line;
    do {
      line = readLine();
      head.append(line).append("\r\n");
    } while (!line.isEmpty());
    return head.toString();
  }

  /** Reads a response with its body. */
  public Response readResponse() throws IOException {
    return readResponse(true);
  }

  /** Reads a response; one to HEAD has no body, whatever its head announces. */
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

  /** Reads everything up to the end of the connection, a reset included. */
  public String readAll() throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    try {
      in.transferTo(all);
    } catch (SocketException e) {
      // A reset.
    }
    return all.toString(StandardCharsets.UTF_8);
  }

  /** Reads one frame. */
  public Frame readFrame() throws IOException {
    return Frame.read(in, false);
  }

  /** Reads the next text message, which has to be a single frame, and answers pings before it. */
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

  /** Skips frames up to the close frame; returns its code. */
  public int readClose() throws IOException {
    return readCloseFrame().closeCode();
  }

  /** Skips frames up to the close frame. */
  public Frame readCloseFrame() throws IOException {
    Frame frame = readFrame();
    while (frame.opcode() != CLOSE) {
      frame = readFrame();
    }
    return frame;
  }

  /** Whether there is input that has not been read. */
  public boolean hasInput() throws IOException {
    return in.available() > 0;
  }

  /** Whether the connection ends, with a reset or without, before anything else or a timeout. */
  public boolean isEnded() throws IOException {
    try {
      return in.read() < 0;
    } catch (SocketTimeoutException e) {
      return false;
    } catch (IOException e) {
      return true; // a reset
    }
  }

  /** Sets how long a read may take. */
  public RawClient readTimeout(int millis) throws IOException {
    socket.setSoTimeout(millis);
    return this;
  }

  /** Ends the connection with a reset. */
  public void reset() throws IOException {
    socket.setSoLinger(true, 0);
    socket.close();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
