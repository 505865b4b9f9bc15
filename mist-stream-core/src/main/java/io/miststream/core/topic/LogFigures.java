package io.miststream.core.topic;

import io.miststream.core.Gap;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** What has happened between the sources of logs and their viewers. Thread-safe. */
public final class LogFigures {
  private final Map<Gap.Reason, LongAdder> gaps = new EnumMap<>(Gap.Reason.class);
  private final LongAdder missedLines = new LongAdder();
  private final LongAdder opened = new LongAdder();
  private final AtomicInteger open = new AtomicInteger();

  LogFigures() {
    for (Gap.Reason reason : Gap.Reason.values()) {
      gaps.put(reason, new LongAdder());
    }
  }

  /**
   * Gaps so far. One of {@link Gap.Reason#SLOW_VIEWER} is a viewer's own; any other counts once for
   * each read that met it, however many watch.
   */
  public long gaps(Gap.Reason reason) {
    return of(reason).sum();
  }

  /** Lines missed in those gaps of which the number is known. */
  public long missedLines() {
    return missedLines.sum();
  }

  /** Reads of the source that are open now. */
  public int readsOpen() {
    return open.get();
  }

  /** Reads of the source so far, the open ones among them. */
  public long reads() {
    return opened.sum();
  }

  private LongAdder of(Gap.Reason reason) {
    return Objects.requireNonNull(gaps.get(reason));
  }

  void gap(Gap gap) {
    of(gap.reason()).increment();
    if (gap.missed() != null) {
      missedLines.add(gap.missed());
    }
  }

  void opened() {
    opened.increment();
    open.incrementAndGet();
  }

  void closed() {
    open.decrementAndGet();
  }
}
