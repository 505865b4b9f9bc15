package io.miststream.server;

import io.miststream.core.topic.StreamClose;
import io.miststream.server.security.RateLimit;
import jakarta.websocket.MessageHandler;
import jakarta.websocket.Session;
import java.nio.ByteBuffer;

/**
 * Reads and ignores what a client sends, up to 16 KiB a message and 100 messages a second. By
 * parts, so that no container collects a message before it is found to be too long.
 */
final class InboundLimit {

  /** Longest message of a client, in bytes. */
  static final int MAX_BYTES = 16 << 10;

  // RFC 6455, section 7.4.1: a message too big to process.
  private static final StreamClose TOO_BIG =
      new StreamClose(1009, "messages are limited to " + MAX_BYTES + " bytes");

  /** Most messages of a client, or parts of one, within a second. */
  static final int MAX_RATE = 100;

  private static final StreamClose TOO_MANY = new StreamClose(1008, "too many messages a second");

  private final Session session;
  private final int maxBytes;
  private final RateLimit rate;
  private volatile Runnable received = () -> {};
  private long bytes;

  private InboundLimit(Session session, int maxBytes, RateLimit rate) {
    this.session = session;
    this.maxBytes = maxBytes;
    this.rate = rate;
  }

  /** Reads what a session's client sends, within the limits. */
  static InboundLimit install(Session session) {
    return install(session, MAX_BYTES, MAX_RATE);
  }

  /** The same where the transport limits it, and knows of more than messages. */
  static InboundLimit installWithoutLimits(Session session) {
    return install(session, Integer.MAX_VALUE, Integer.MAX_VALUE);
  }

  private static InboundLimit install(Session session, int maxBytes, int maxRate) {
    // A message's parts arrive one after the other, so text and binary can share the count.
    InboundLimit limit =
        new InboundLimit(session, maxBytes, new RateLimit(maxRate, System::nanoTime));
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
    if (bytes > maxBytes) {
      Sessions.close(session, TOO_BIG);
    } else if (!rate.take()) {
      Sessions.close(session, TOO_MANY);
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
