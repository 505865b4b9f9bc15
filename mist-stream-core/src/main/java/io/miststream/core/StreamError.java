package io.miststream.core;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What went wrong, in words a user can act on; the stream ends behind it.
 *
 * @param timestamp when it went wrong
 * @param message a safe sentence, never a stack trace
 * @param code its kind
 */
public record StreamError(Instant timestamp, String message, ErrorCode code)
    implements StreamMessage {

  @Override
  public @Nullable Cursor cursor() {
    return null;
  }
}
