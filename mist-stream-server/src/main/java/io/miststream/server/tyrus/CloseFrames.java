package io.miststream.server.tyrus;

import io.miststream.core.topic.StreamClose;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Close frames (RFC 6455, section 5.5.1). */
final class CloseFrames {
  private static final byte FINAL_CLOSE = (byte) 0x88;
  // Section 5.5: a control frame carries 125 bytes, of which the code takes two.
  private static final int MAX_REASON = 123;

  private CloseFrames() {}

  /** The frame as a server sends it; a reason that is too long is cut between two characters. */
  static ByteBuffer encode(StreamClose close) {
    byte[] reason = close.reason().getBytes(StandardCharsets.UTF_8);
    int length = reason.length;
    if (length > MAX_REASON) {
      length = MAX_REASON;
      while ((reason[length] & 0xC0) == 0x80) {
        length--;
      }
    }
    ByteBuffer frame = ByteBuffer.allocate(4 + length);
    frame.put(FINAL_CLOSE).put((byte) (2 + length)).putShort((short) close.code());
    frame.put(reason, 0, length);
    return frame.flip();
  }
}
