package io.miststream.server.tyrus;

import io.miststream.core.topic.StreamClose;
import io.miststream.server.security.RateLimit;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Follows the frames that a client sends (RFC 6455, section 5.2) by their headers, and finds what
 * the engine lets pass: frames without a mask, messages of any length, and any number of frames.
 * Goes on following behind a violation, to notice the client's close frame. Not thread-safe.
 */
final class FrameGuard {
  private static final StreamClose UNMASKED = new StreamClose(1002, "client frames must be masked");
  private static final StreamClose BAD_LENGTH = new StreamClose(1002, "bad frame length");

  private static final StreamClose TOO_MANY = new StreamClose(1008, "too many frames a second");

  private static final int FIN = 0x80;
  private static final int OPCODE = 0x0F;
  private static final int CONTROL = 0x08;
  private static final int CLOSE = 0x08;
  private static final int MASKED = 0x80;
  private static final int LENGTH = 0x7F;

  private final int maxMessageBytes;
  private final RateLimit rate;

  // Of the frame whose header or payload is being read.
  private int headerBytes; // read so far
  private int headerLength = 2;
  private int first;
  private int second;
  private long length;
  private long payloadLeft;

  private long messageBytes;
  private boolean closeSeen;
  private @Nullable StreamClose violation;

  FrameGuard(int maxMessageBytes, RateLimit rate) {
    this.maxMessageBytes = maxMessageBytes;
    this.rate = rate;
  }

  /** What the connection must be closed with, or null. */
  @Nullable StreamClose violation() {
    return violation;
  }

  /** Whether a whole close frame has arrived. */
  boolean closeSeen() {
    return closeSeen;
  }

  /**
   * Looks through all that has arrived; the buffer's position stays.
   *
   * @return how many of its bytes the engine may have
   */
  int scan(ByteBuffer in) {
    boolean fine = violation == null;
    int at = in.position();
    int frame = at;
    while (at < in.limit()) {
      if (headerBytes < headerLength) {
        if (headerBytes == 0) {
          frame = at;
        }
        readHeader(in.get(at++) & 0xFF);
        if (fine && violation != null) {
          return scanOn(in, at, frame - in.position());
        }
      } else {
        int step = (int) Math.min(payloadLeft, in.limit() - at);
        at += step;
        payloadLeft -= step;
      }
      if (headerBytes == headerLength && payloadLeft == 0) {
        endFrame();
      }
    }
    return fine ? in.remaining() : 0;
  }

  private int scanOn(ByteBuffer in, int from, int allowed) {
    if (headerBytes == headerLength && payloadLeft == 0) {
      endFrame();
    }
    ByteBuffer rest = in.duplicate();
    rest.position(from);
    scan(rest);
    return allowed;
  }

  private void readHeader(int b) {
    int at = headerBytes++;
    if (at == 0) {
      first = b;
    } else if (at == 1) {
      second = b;
      length = b & LENGTH;
      int extended = length == 126 ? 2 : length == 127 ? 8 : 0;
      headerLength = 2 + extended + ((b & MASKED) != 0 ? 4 : 0);
      if (extended != 0) {
        length = 0;
      }
      if ((b & MASKED) == 0) {
        violate(UNMASKED);
      }
    } else if (at < headerLength - ((second & MASKED) != 0 ? 4 : 0)) {
      length = length << 8 | b;
    }
    if (headerBytes == headerLength) {
      endHeader();
    }
  }

  private void endHeader() {
    if (!rate.take()) {
      violate(TOO_MANY);
    }
    if (length < 0) {
      violate(BAD_LENGTH);
      length = Long.MAX_VALUE; // there is no following this
    }
    payloadLeft = length;
    if ((first & CONTROL) == 0) {
      messageBytes = messageBytes + length < 0 ? Long.MAX_VALUE : messageBytes + length;
      if (messageBytes > maxMessageBytes) {
        violate(new StreamClose(1009, "messages are limited to " + maxMessageBytes + " bytes"));
      }
    }
  }

  private void endFrame() {
    if ((first & CONTROL) == 0) {
      if ((first & FIN) != 0) {
        messageBytes = 0;
      }
    } else if ((first & OPCODE) == CLOSE) {
      closeSeen = true;
    }
    headerBytes = 0;
    headerLength = 2;
  }

  private void violate(StreamClose close) {
    if (violation == null) {
      violation = close;
    }
  }
}
