package io.miststream.core;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Lines that are not delivered. Whatever a viewer does not get is covered by one of these.
 *
 * @param timestamp when the loss was noticed
 * @param cursor where to continue behind the missing lines
 * @param reason why they are missing
 * @param missed how many lines, or null where it cannot be known
 * @param after cursor of the last line before the gap, null if there was none
 * @param before cursor of the first line behind the gap, null if it is not known yet
 */
public record Gap(
    Instant timestamp,
    @Nullable Cursor cursor,
    Reason reason,
    @Nullable Long missed,
    @Nullable Cursor after,
    @Nullable Cursor before)
    implements StreamMessage {

  /** Why lines are missing. */
  public enum Reason {
    /** The viewer read too slowly and fell off the ring. */
    SLOW_VIEWER("slow_viewer"),
    /** The engine's log driver rotated them away before they could be read. */
    LOG_ROTATED("log_rotated"),
    /**
     * The source went away and what it said meanwhile cannot be read any more. Stands also for a
     * reason that only a newer server knows.
     */
    SOURCE_RESTARTED("source_restarted");

    private final String wire;

    Reason(String wire) {
      this.wire = wire;
    }

    /** Its name on the wire. */
    public String wire() {
      return wire;
    }
  }
}
