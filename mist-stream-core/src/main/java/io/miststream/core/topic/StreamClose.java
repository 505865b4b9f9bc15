package io.miststream.core.topic;

import io.miststream.core.ErrorCode;

/**
 * How a connection is to be closed once its viewer has been sent everything.
 *
 * @param code RFC 6455, section 7.4
 * @param reason for people, at most 123 bytes of UTF-8
 */
public record StreamClose(int code, String reason) {

  /** The stream is complete. */
  public static final StreamClose END = new StreamClose(1000, "end");

  /** The server is going away; the client should come back. */
  public static final StreamClose SHUTDOWN = new StreamClose(1001, "server is shutting down");

  /** The close that follows an error message. */
  public static StreamClose of(ErrorCode error) {
    return new StreamClose(error.closeCode(), error.wire());
  }
}
