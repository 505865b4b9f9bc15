package io.miststream.core.wire;

import java.nio.charset.StandardCharsets;

/**
 * The WebSocket frame around a message, as a server sends it: one unmasked, final text frame (RFC
 * 6455, section 5.2). It is the same for every client, so it is made once.
 */
public final class Frames {

  /** Longest header of an unmasked frame, in bytes. */
  public static final int MAX_HEADER = 10;

  private static final byte FINAL_TEXT = (byte) 0x81;
  private static final int LENGTH_IN_16_BITS = 126;
  private static final int LENGTH_IN_64_BITS = 127;

  private Frames() {}

  /** Bytes of the header before a payload of {@code payload} bytes. */
  public static int headerLength(int payload) {
    return payload < LENGTH_IN_16_BITS ? 2 : payload <= 0xFFFF ? 4 : MAX_HEADER;
  }

  /** Writes the header of a payload of {@code payload} bytes; returns the index behind it. */
  public static int putHeader(byte[] out, int at, int payload) {
    out[at] = FINAL_TEXT;
    if (payload < LENGTH_IN_16_BITS) {
      out[at + 1] = (byte) payload;
      return at + 2;
    }
    if (payload <= 0xFFFF) {
      out[at + 1] = LENGTH_IN_16_BITS;
      out[at + 2] = (byte) (payload >>> 8);
      out[at + 3] = (byte) payload;
      return at + 4;
    }
    out[at + 1] = LENGTH_IN_64_BITS;
    for (int i = 0; i < 8; i++) {
      out[at + 2 + i] = i < 4 ? 0 : (byte) (payload >>> (8 * (7 - i)));
    }
    return at + MAX_HEADER;
  }

  /** Length in bytes, header included, of the frame of ours that begins at {@code at}. */
  public static int length(byte[] frames, int at) {
    int payload = frames[at + 1];
    if (payload == LENGTH_IN_16_BITS) {
      payload = ((frames[at + 2] & 0xFF) << 8) | (frames[at + 3] & 0xFF);
    } else if (payload == LENGTH_IN_64_BITS) {
      payload =
          ((frames[at + 6] & 0xFF) << 24)
              | ((frames[at + 7] & 0xFF) << 16)
              | ((frames[at + 8] & 0xFF) << 8)
              | (frames[at + 9] & 0xFF);
    }
    return headerLength(payload) + payload;
  }

  /** The text of a frame of ours that begins at {@code at} and is {@code length} bytes long. */
  public static String text(byte[] frames, int at, int length) {
    int header = headerLengthAt(frames, at);
    return new String(frames, at + header, length - header, StandardCharsets.UTF_8);
  }

  /** Bytes of the header of a frame of ours that begins at {@code at}. */
  public static int headerLengthAt(byte[] frames, int at) {
    return frames[at + 1] < LENGTH_IN_16_BITS
        ? 2
        : frames[at + 1] == LENGTH_IN_16_BITS ? 4 : MAX_HEADER;
  }
}
