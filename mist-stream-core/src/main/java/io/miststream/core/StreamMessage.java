package io.miststream.core;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** One message of a stream. What it looks like on the wire is {@code docs/PROTOCOL.md}. */
public sealed interface StreamMessage
    permits ContainerStatus,
        ContainerStats,
        HostMetrics,
        LogLine,
        Gap,
        StreamError,
        StreamEnd,
        DeploymentStatus,
        DeploymentLine,
        DeploymentError {

  /** When it happened at the source, not when it was sent. */
  Instant timestamp();

  /**
   * Where a client continues that has received this message and everything before it, or null for a
   * message that is no position to continue from.
   */
  @Nullable Cursor cursor();
}
