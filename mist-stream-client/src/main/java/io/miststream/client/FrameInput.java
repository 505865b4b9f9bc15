package io.miststream.client;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A server's frames, put together to messages (RFC 6455, sections 5.2 to 5.4). Reads no further
 * than the message asked for needs, give or take one buffer. Not thread-safe.
 */
final class FrameInput {

  static final int CONTINUATION = 0;
  static final int TEXT = 1;
  static final int BINARY = 2;
  static final int CLOSE = 8;
  static final int PING = 9;
  static final int PONG = 10;

  private static final int BUFFER = 32 << 10;
  private static final int KEPT_MESSAGE = 1 << 20;
  private static final int LONGEST_CONTROL = 125;

  /** Breaks the rules; the code says how, for the close frame. */
  static final class ProtocolException extends Exception {
    private static final long serialVersionUID = 1L;
    private final int closeCode;

    ProtocolException(int closeCode, String message) {
      super(message);
      this.closeCode = closeCode;
    }

    int closeCode() {
      return closeCode;
    }
  }

  private final InputStream in;
  private final int longest;
  private final byte[] buffer = new byte[BUFFER];
  private int at;
  private int limit;

  private byte[] message = new byte[1024]; // of the message so far, or the last control frame
  private int length;
  private int kind; // of the message that has begun, 0 if none has
  private final byte[] control = new byte[LONGEST_CONTROL];
  private int controlLength;

  /**
   * Reads from a stream.
   *
   * @param longest most bytes of a message
   */
  FrameInput(InputStream in, int longest) {
    this.in = in;
    this.longest = longest;
  }

  /** Reads to the end of a message or of a control frame, and returns which it is. */
  int next() throws IOException, ProtocolException {
    while (true) {
      int first = read();
      int second = read();
      int opcode = first & 0x0F;
      boolean last = (first & 0x80) != 0;
      check((first & 0x70) == 0, "reserved bits are set");
      check((second & 0x80) == 0, "a server's frame is masked");
      long payload = second & 0x7F;
      if (payload > LONGEST_CONTROL) {
        payload = readLength(payload == 126 ? 2 : 8);
      }
      if (opcode >= CLOSE) {
        check(opcode <= PONG, "unknown opcode");
        boolean small = payload >= 0 && payload <= LONGEST_CONTROL;
        check(last && small, "a control frame is fragmented or too long");
        controlLength = (int) payload;
        read(control, 0, controlLength);
        return opcode;
      }
      check(opcode <= BINARY, "unknown opcode");
      check((opcode == CONTINUATION) == (kind != 0), "a fragment is out of place");
      if (kind == 0) {
        kind = opcode;
        length = 0;
      }
      append(payload);
      if (last) {
        int whole = kind;
        kind = 0;
        return whole;
      }
    }
  }

  private void append(long payload) throws IOException, ProtocolException {
    if (payload < 0 || payload > longest - length) {
      throw new ProtocolException(1009, "a message of more than " + longest + " bytes");
    }
    int more = (int) payload;
    if (message.length < length + more) {
      message = Arrays.copyOf(message, Math.max(length + more, Math.min(longest, 2 * length)));
    }
    read(message, length, more);
    length += more;
  }

  /** The message that {@link #next} has come to the end of. */
  String text() {
    String text = new String(message, 0, length, StandardCharsets.UTF_8);
    if (message.length > KEPT_MESSAGE) {
      message = new byte[1024]; // what one long line needed is not kept for the next
    }
    return text;
  }

  /** The content of the control frame that {@link #next} has come to the end of. */
  ByteBuffer control() {
    return ByteBuffer.wrap(Arrays.copyOf(control, controlLength));
  }

  private static void check(boolean rule, String message) throws ProtocolException {
    if (!rule) {
      throw new ProtocolException(1002, message);
    }
  }

  private long readLength(int bytes) throws IOException {
    long value = 0;
    for (int i = 0; i < bytes; i++) {
      value = (value << 8) | read();
    }
    return value;
  }

  private int read() throws IOException {
    if (at == limit) {
      fill(buffer, 0, BUFFER);
    }
    return buffer[at++] & 0xFF;
  }

  private void read(byte[] to, int start, int count) throws IOException {
    int copied = Math.min(count, limit - at);
    System.arraycopy(buffer, at, to, start, copied);
    at += copied;
    while (copied < count) {
      int rest = count - copied;
      if (rest >= BUFFER) {
        copied += readSome(to, start + copied, rest);
      } else {
        fill(buffer, 0, BUFFER);
        int part = Math.min(rest, limit);
        System.arraycopy(buffer, 0, to, start + copied, part);
        at = part;
        copied += part;
      }
    }
  }

  private void fill(byte[] to, int start, int count) throws IOException {
    at = 0;
    limit = 0;
    limit = readSome(to, start, count);
  }

  private int readSome(byte[] to, int start, int count) throws IOException {
    int read = in.read(to, start, count);
    if (read < 0) {
      throw new EOFException("the server closed the connection");
    }
    return read;
  }
}
