package io.miststream.core.topic;

import io.miststream.core.ContainerStatus;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/** The last known state of each of an app's containers. Not thread-safe. */
final class ContainerStates {
  private final Map<String, ContainerStatus> byId = new LinkedHashMap<>();

  /** Takes note of a status; false if it says nothing new. */
  boolean update(ContainerStatus status) {
    if (status.state().equals(ContainerStatus.REMOVED)) {
      return byId.remove(status.containerId()) != null;
    }
    ContainerStatus old = byId.put(status.containerId(), status);
    return old == null || !old.sameState(status);
  }

  Collection<ContainerStatus> all() {
    return byId.values();
  }

  boolean anyRunning() {
    return byId.values().stream().anyMatch(ContainerStatus::isRunning);
  }

  /** Whether lines have to say which container they are from. */
  boolean several() {
    return byId.size() > 1;
  }
}
