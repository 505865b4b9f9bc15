package io.miststream.core.topic;

import io.miststream.core.ContainerStatus;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/** The last known state of each of an app's containers. Not thread-safe, but for one question. */
final class ContainerStates {
  private static final int SOURCE_DIGITS = 12;

  private final Map<String, ContainerStatus> byId = new LinkedHashMap<>();
  private volatile boolean several;

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
    return removed ? old != null : old == null || !old.sameState(status);
  }

  Collection<ContainerStatus> all() {
    return byId.values();
  }

  boolean anyRunning() {
    return byId.values().stream().anyMatch(ContainerStatus::isRunning);
  }

  /** Whether lines have to say which container they are from. Anybody may ask at any time. */
  boolean several() {
    return several;
  }
}
