package io.miststream.benchmarks;

import io.miststream.core.LogLine;
import io.miststream.core.wire.MessageEncoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** The same bytes for all. */
final class Json {
  private static final ThreadLocal<MessageEncoder> ENCODER =
      ThreadLocal.withInitial(MessageEncoder::new);

  private Json() {}

  /** A message's JSON. */
  static String of(LogLine message) {
    ByteBuffer frame = frame(message);
    int head = (frame.get(frame.position() + 1) & 0x7f) == 126 ? 4 : 2;
    return new String(
        frame.array(), frame.position() + head, frame.remaining() - head, StandardCharsets.UTF_8);
  }

  /** A message as a frame; to be used before the next call. */
  static ByteBuffer frame(LogLine message) {
    MessageEncoder encoder = ENCODER.get();
    encoder.encode(message, false);
    return ByteBuffer.wrap(encoder.buffer(), encoder.start(), encoder.length());
  }
}
