package io.miststream.testkit;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * One WebSocket frame (RFC 6455, section 5.2).
 *
 * @param fin whether it is the last one of its message
 * @param payload what it carries, unmasked
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record Frame(boolean fin, int opcode, byte[] payload) {
  private static final byte[] MASK = {0x12, 0x34, 0x56, 0x78};

  /** A text frame that is a whole message. */
  static Frame text(String text) {
    return new Frame(true, RawClient.TEXT, text.getBytes(StandardCharsets.UTF_8));
  }

  /** A close frame. */
  static Frame close(int code, String reason) {
    byte[] text = reason.getBytes(StandardCharsets.UTF_8);
    byte[] payload = ByteBuffer.allocate(2 + text.length).putShort((short) code).put(text).array();
    return new Frame(true, RawClient.CLOSE, payload);
  }

  /** Reads the next frame. Clients have to mask theirs, servers must not. */
  static Frame read(DataInputStream in, boolean masked) throws IOException {
    int first = in.readUnsignedByte();
    int second = in.readUnsignedByte();
    if (((second & 0x80) != 0) != masked) {
      throw new IOException(masked ? "a frame without mask" : "a masked frame");
    }
    long length = second & 0x7F;
    if (length == 126) {
      length = in.readUnsignedShort();
    } else if (length == 127) {
      length = in.readLong();
    }
    byte[] mask = new byte[masked ? 4 : 0];
    in.readFully(mask);
    byte[] payload = new byte[Math.toIntExact(length)];
    in.readFully(payload);
    if (masked) {
      mask(payload, mask);
    }
    return new Frame((first & 0x80) != 0, first & 0x0F, payload);
  }

  /** The bytes that go over the network. */
  byte[] encode(boolean masked) {
    int maskBit = masked ? 0x80 : 0;
    ByteBuffer out = ByteBuffer.allocate(payload.length + 14);
    out.put((byte) ((fin ? 0x80 : 0) | opcode));
    if (payload.length < 126) {
      out.put((byte) (maskBit | payload.length));
    } else if (payload.length <= 0xFFFF) {
      out.put((byte) (maskBit | 126)).putShort((short) payload.length);
    } else {
      out.put((byte) (maskBit | 127)).putLong(payload.length);
    }
    if (masked) {
      byte[] hidden = payload.clone();
      mask(hidden, MASK);
      out.put(MASK).put(hidden);
    } else {
      out.put(payload);
    }
    return Arrays.copyOf(out.array(), out.position());
  }

  private static void mask(byte[] bytes, byte[] key) {
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] ^= key[i % 4];
    }
  }

  /** The payload as text. */
  public String text() {
    return new String(payload, StandardCharsets.UTF_8);
  }

  /** A close frame's code; 1005 if it has none. */
  public int closeCode() {
    return payload.length < 2 ? 1005 : ByteBuffer.wrap(payload).getShort() & 0xFFFF;
  }

  /** A close frame's reason, which may be empty. */
  public String closeReason() {
    return payload.length < 2
        ? ""
        : new String(payload, 2, payload.length - 2, StandardCharsets.UTF_8);
  }

  /** A close frame's code, or the length of any other frame's payload. */
  public long value() {
    return opcode == RawClient.CLOSE ? closeCode() : payload.length;
  }

  @Override
  public String toString() {
    return opcode == RawClient.CLOSE
        ? "close " + closeCode() + " " + closeReason()
        : "opcode " + opcode + ": " + text();
  }
}
