package io.miststream.core;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The state of a container: sent first, and again whenever it changes.
 *
 * @param timestamp when the state was read
 * @param cursor where to continue behind this message, null where there is no position yet
 * @param container name, without Docker's leading slash
 * @param state Docker's word: {@code created}, {@code running}, {@code paused}, {@code restarting},
 *     {@code removing}, {@code exited} or {@code dead}; ours: {@code removed}
 * @param status Docker's sentence, such as {@code Up 2 hours}
 * @param containerId full hexadecimal id
 * @param image name the container was created from
 * @param startedAt start of the current or last run, null if it never ran
 * @param exitCode of the last run, null while it runs or if it never ran
 * @param health Docker's word for the last health check, null without one
 */
public record ContainerStatus(
    Instant timestamp,
    @Nullable Cursor cursor,
    String container,
    String state,
    String status,
    String containerId,
    String image,
    @Nullable Instant startedAt,
    @Nullable Integer exitCode,
    @Nullable String health)
    implements StreamMessage {

  /** The state of a container that is no longer there. */
  public static final String REMOVED = "removed";

  /**
   * Whether a run of it is on: running or paused. Between two runs of its restart policy ({@code
   * restarting}) it is not: the one has ended, and the other is another run.
   */
  public boolean isRunning() {
    return state.equals("running") || state.equals("paused");
  }

  /** The same, told at another position. */
  public ContainerStatus withCursor(@Nullable Cursor here) {
    return new ContainerStatus(
        timestamp, here, container, state, status, containerId, image, startedAt, exitCode, health);
  }

  /** The same container, of which nothing is left. */
  public ContainerStatus asRemoved(@Nullable Cursor here) {
    return new ContainerStatus(
        Instant.now(),
        here,
        container,
        REMOVED,
        "Removed",
        containerId,
        image,
        startedAt,
        exitCode,
        null);
  }

  /**
   * Whether {@code other} tells a viewer nothing new; the time and Docker's sentence do not count.
   */
  public boolean sameState(ContainerStatus other) {
    return containerId.equals(other.containerId)
        && container.equals(other.container)
        && state.equals(other.state)
        && java.util.Objects.equals(startedAt, other.startedAt)
        && java.util.Objects.equals(exitCode, other.exitCode)
        && java.util.Objects.equals(health, other.health);
  }
}
