package io.miststream.server.tyrus;

import io.miststream.core.topic.StreamClose;
import io.miststream.server.security.RateLimit;
import java.nio.ByteBuffer;
import org.glassfish.tyrus.spi.ReadHandler;
import org.jspecify.annotations.Nullable;

/**
 * Takes what a WebSocket's client sends to the engine, as far as the {@link FrameGuard} lets it.
 * The transport reads a connection from one thread at a time, which is what the engine wants too.
 */
final class FrameReader {
  /** The engine is given this much at once; its buffer has room for it besides one message. */
  static final int STEP_BYTES = 8 << 10;

  private final ConnectionWriter writer;
  private final FrameGuard guard;
  private @Nullable ReadHandler engine;

  FrameReader(ConnectionWriter writer, TransportSettings settings) {
    this.writer = writer;
    this.guard =
        new FrameGuard(
            settings.maxMessageBytes(), new RateLimit(settings.maxFrameRate(), System::nanoTime));
  }

  ConnectionWriter writer() {
    return writer;
  }

  void engine(ReadHandler handler) {
    engine = handler;
  }

  void read(ByteBuffer bytes) {
    writer.received();
    boolean wasFine = guard.violation() == null;
    int allowed = guard.scan(bytes);
    StreamClose violation = guard.violation();
    ReadHandler handler = engine;
    if (wasFine && handler != null && !writer.isClosing()) {
      int end = bytes.position() + allowed;
      while (bytes.position() < end) {
        int step = Math.min(STEP_BYTES, end - bytes.position());
        ByteBuffer part = bytes.slice(bytes.position(), step);
        bytes.position(bytes.position() + step);
        handler.handle(part);
      }
    }
    if (wasFine && violation != null) {
      writer.sendClose(violation);
    }
    if (guard.closeSeen()) {
      writer.closeWhenFlushed();
    }
  }
}
