package io.miststream.server.security;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/** Counts what is open, by what it has in common. Thread-safe. */
public final class Tally {
  private final ConcurrentMap<String, Share> shares = new ConcurrentHashMap<>();
  private final int most;

  /** What is open of one key. */
  public static final class Share {
    private final String key;
    private int open; // changed within compute alone

    Share(String key) {
      this.key = key;
    }
  }

  /**
   * Counts nothing yet.
   *
   * @param most of a key at once
   */
  public Tally(int most) {
    this.most = most;
  }

  /** Counts one more; null if that would be too many. */
  public @Nullable Share enter(String key) {
    boolean[] entered = new boolean[1];
    Share share =
        shares.compute(
            key,
            (same, known) -> {
              Share one = known == null ? new Share(key) : known;
              if (one.open < most) {
                one.open++;
                entered[0] = true;
              }
              return one;
            });
    return entered[0] ? share : null;
  }

  /** One that was counted is gone. */
  public void leave(@Nullable Share share) {
    if (share != null) {
      shares.computeIfPresent(share.key, (same, one) -> --one.open == 0 ? null : one);
    }
  }
}
