package io.miststream.benchmarks;

import io.miststream.core.LogLine;
import io.miststream.core.wire.Frames;
import io.miststream.core.wire.MessageEncoder;
import java.nio.ByteBuffer;

/** The same bytes for all. */
final class Json {
  private static final ThreadLocal<MessageEncoder> ENCODER =
      ThreadLocal.withInitial(MessageEncoder::new);

  private Json() {}

  /** A message's JSON. */
  static String of(LogLine message) {
    MessageEncoder encoder = ENCODER.get();
    encoder.encode(message, false);
    return Frames.text(encoder.buffer(), encoder.start(), encoder.length());
  }

  /** A message as a frame; to be used before the next call. */
  static ByteBuffer frame(LogLine message) {
    MessageEncoder encoder = ENCODER.get();
    encoder.encode(message, false);
    return ByteBuffer.wrap(encoder.buffer(), encoder.start(), encoder.length());
  }
}
