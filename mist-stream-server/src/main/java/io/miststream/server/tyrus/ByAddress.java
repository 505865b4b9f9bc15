package io.miststream.server.tyrus;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Connections by the address that they come from, in the order in which they came. */
final class ByAddress {
  private final Map<String, Set<HttpConnection>> all = new LinkedHashMap<>();
  private int size;

  /** Adds one that is not there; returns how many its address then has. */
  int add(HttpConnection connection) {
    Set<HttpConnection> same =
        all.computeIfAbsent(connection.address(), ignored -> new LinkedHashSet<>());
    same.add(connection);
    size++;
    return same.size();
  }

  /** Removes one; false if it was not there. */
  boolean remove(HttpConnection connection) {
    Set<HttpConnection> same = all.get(connection.address());
    if (same == null || !same.remove(connection)) {
      return false;
    }
    if (same.isEmpty()) {
      all.remove(connection.address());
    }
    size--;
    return true;
  }

  boolean contains(HttpConnection connection) {
    return all.getOrDefault(connection.address(), Set.of()).contains(connection);
  }

  int size() {
    return size;
  }

  void forEach(Consumer<HttpConnection> action) {
    all.values().forEach(same -> same.forEach(action));
  }

  /** Removes the first of the address that has the most; null if there is none. */
  @Nullable HttpConnection removeFirstOfMost() {
    Set<HttpConnection> most = Set.of();
    for (Set<HttpConnection> same : all.values()) {
      if (same.size() > most.size()) {
        most = same;
      }
    }
    Iterator<HttpConnection> connections = most.iterator();
    if (!connections.hasNext()) {
      return null;
    }
    HttpConnection first = connections.next();
    remove(first);
    return first;
  }
}
