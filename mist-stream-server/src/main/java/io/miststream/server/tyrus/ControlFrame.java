package io.miststream.server.tyrus;

import java.nio.ByteBuffer;
import org.glassfish.tyrus.spi.CompletionHandler;
import org.jspecify.annotations.Nullable;

/**
 * A frame that does not come from a viewer: one of the engine's, or a close of ours.
 *
 * @param bytes the whole frame
 * @param written the engine's, told how it went; null for ours
 */
record ControlFrame(ByteBuffer bytes, @Nullable CompletionHandler<ByteBuffer> written) {
  private static final int OPCODE = 0x0F;
  private static final int CLOSE = 0x08;

  boolean isClose() {
    return (bytes.get(bytes.position()) & OPCODE) == CLOSE;
  }

  void completed() {
    if (written != null) {
      written.completed(bytes);
    }
  }

  void failed() {
    if (written != null) {
      written.failed(new IllegalStateException("the connection is closed"));
    }
  }
}
