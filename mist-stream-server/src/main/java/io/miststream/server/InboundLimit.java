package io.miststream.server;

import io.miststream.core.topic.StreamClose;
import jakarta.websocket.MessageHandler;
import jakarta.websocket.Session;
import java.nio.ByteBuffer;

/**
 * Reads and ignores what a client sends, up to 16 KiB a message. By parts, so that no container
 * collects a message before it is found to be too long.
 */
final class InboundLimit {

  /** Longest message of a client, in bytes. */
  static final int MAX_BYTES = 16 << 10;

  // RFC 6455, section 7.4.1: a message too big to process.
  private static final StreamClose TOO_BIG =
      new StreamClose(1009, "messages are limited to " + MAX_BYTES + " bytes");

  private final Session session;
  private volatile Runnable received = () -> {};
  private long bytes;

  private InboundLimit(Session session) {
    this.session = session;
  }

  static InboundLimit install(Session session) {
    // A message's parts arrive one after the other, so text and binary can share the count.
    InboundLimit limit = new InboundLimit(session);
    session.addMessageHandler(
        String.class,
        (MessageHandler.Partial<String>) (part, last) -> limit.count(utf8Length(part), last));
    session.addMessageHandler(
        ByteBuffer.class,
        (MessageHandler.Partial<ByteBuffer>) (part, last) -> limit.count(part.remaining(), last));
    return limit;
  }

  /** What to run whenever something has arrived. */
  void onReceived(Runnable action) {
    received = action;
  }

  private void count(int part, boolean last) {
    received.run();
    bytes += part;
    if (bytes > MAX_BYTES) {
      Sessions.close(session, TOO_BIG);
    }
    if (last) {
      bytes = 0;
    }
  }

  private static int utf8Length(String text) {
    int length = 0;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      // Each half of a surrogate pair counts for two of its four bytes.
      length += c < 0x80 ? 1 : c < 0x800 || Character.isSurrogate(c) ? 2 : 3;
    }
    return length;
  }
}
