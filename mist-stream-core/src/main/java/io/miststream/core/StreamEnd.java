package io.miststream.core;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The stream is complete.
 *
 * @param timestamp when it ended
 * @param cursor the position at the end, null if the stream never had one
 * @param message for people
 */
public record StreamEnd(Instant timestamp, @Nullable Cursor cursor, String message)
    implements StreamMessage {}
