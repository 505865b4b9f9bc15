package io.miststream.server.tyrus;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;

/** Counts connections by what they have in common. Thread-safe. */
final class Tally {
  private final ConcurrentMap<String, Share> shares = new ConcurrentHashMap<>();
  private final int most;

  /** The connections of one key. */
  static final class Share {
    private final String key;
    private int connections; // changed within compute alone

    Share(String key) {
      this.key = key;
    }
  }

  /**
   * Counts nothing yet.
   *
   * @param most connections of a key at once
   */
  Tally(int most) {
    this.most = most;
  }

  /** Counts one more; null if that would be too many. */
  @Nullable Share enter(String key) {
    boolean[] entered = new boolean[1];
    Share share =
        shares.compute(
            key,
            (same, known) -> {
              Share one = known == null ? new Share(key) : known;
              if (one.connections < most) {
                one.connections++;
                entered[0] = true;
              }
              return one;
            });
    return entered[0] ? share : null;
  }

  /** One that was counted is gone. */
  void leave(@Nullable Share share) {
    if (share != null) {
      shares.computeIfPresent(share.key, (same, one) -> --one.connections == 0 ? null : one);
    }
  }
}
