package io.miststream.server.tyrus;

import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.LongAdder;

/** What has become of the handshakes so far. Thread-safe. */
public final class TransportFigures {
  private final LongAdder accepted = new LongAdder();
  private final Map<String, LongAdder> refused = new TreeMap<>();

  TransportFigures() {
    Refusal.CODES.forEach(code -> refused.put(code, new LongAdder()));
  }

  /** Requests that became WebSockets. */
  public long accepted() {
    return accepted.sum();
  }

  /** Requests for a WebSocket that were refused, by the code in the answer; every code is there. */
  public SortedMap<String, Long> refused() {
    SortedMap<String, Long> counts = new TreeMap<>();
    refused.forEach((code, count) -> counts.put(code, count.sum()));
    return counts;
  }

  void countAccepted() {
    accepted.increment();
  }

  void countRefused(Refusal refusal) {
    Objects.requireNonNull(refused.get(refusal.code())).increment();
  }
}
