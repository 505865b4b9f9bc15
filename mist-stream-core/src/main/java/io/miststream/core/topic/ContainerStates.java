package io.miststream.core.topic;

import io.miststream.core.ContainerStatus;
import java.time.Instant;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The last known state of each of an app's containers. Not thread-safe, but for one question. */
final class ContainerStates {
  private static final int SOURCE_DIGITS = 12;

  private final Map<String, ContainerStatus> byId = new LinkedHashMap<>();
  private List<Run> running = List.of();
  private volatile boolean several;

  /** One run of a container. */
  record Run(String containerId, @Nullable Instant startedAt) {
    static Run of(ContainerStatus status) {
      return new Run(status.containerId(), status.startedAt());
    }
  }

  /** What cursors call a container; 0 if its id is not like Docker's. */
  static long source(ContainerStatus status) {
    String id = status.containerId();
    try {
      return id.length() < SOURCE_DIGITS
          ? 0
          : Long.parseUnsignedLong(id.substring(0, SOURCE_DIGITS), 16);
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  /** Takes note of a status; false if it says nothing new. */
  boolean update(ContainerStatus status) {
    boolean removed = status.state().equals(ContainerStatus.REMOVED);
    ContainerStatus old =
        removed ? byId.remove(status.containerId()) : byId.put(status.containerId(), status);
    several = byId.size() > 1;
    running = byId.values().stream().filter(ContainerStatus::isRunning).map(Run::of).toList();
    return removed ? old != null : old == null || !old.sameState(status);
  }

  Collection<ContainerStatus> all() {
    return byId.values();
  }

  /** Whether a run that is known to be on is not on any more by what a status says. */
  boolean endsRun(ContainerStatus status) {
    ContainerStatus known = byId.get(status.containerId());
    return known != null
        && known.isRunning()
        && (!status.isRunning() || !Run.of(known).equals(Run.of(status)));
  }

  /** The runs that are on. */
  List<Run> running() {
    return running;
  }

  /** Whether lines have to say which container they are from. Anybody may ask at any time. */
  boolean several() {
    return several;
  }
}
