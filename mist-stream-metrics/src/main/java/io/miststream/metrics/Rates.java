package io.miststream.metrics;

import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/** How fast counters grow, by the name of what they count. For one thread at a time. */
final class Rates {
  private static final double SECOND = 1e9;

  private final LongSupplier nanoTime;
  private Map<String, Counts> before = new HashMap<>();
  private Map<String, Counts> now = new HashMap<>();

  private record Counts(long time, long first, long second) {}

  /** Takes one counter of two, since the counts before. */
  interface Rate<T> {
    T of(String name, long first, long second);
  }

  Rates(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  /**
   * Takes the counts of this time for those of the last: what is not there any more is forgotten.
   */
  void next() {
    before = now;
    now = new HashMap<>();
  }

  /**
   * Gives the growth a second of two counters to {@code rate}: 0 if they were not there before, and
   * if they went back, as those of a device that was taken out and put in do.
   */
  <T> T rate(String name, long first, long second, Rate<T> rate) {
    long time = nanoTime.getAsLong();
    now.put(name, new Counts(time, first, second));
    Counts last = before.get(name);
    if (last == null || time <= last.time()) {
      return rate.of(name, 0, 0);
    }
    double seconds = (time - last.time()) / SECOND;
    return rate.of(
        name,
        Math.max(0, Math.round((first - last.first()) / seconds)),
        Math.max(0, Math.round((second - last.second()) / seconds)));
  }
}
