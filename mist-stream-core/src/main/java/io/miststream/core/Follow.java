package io.miststream.core;

/** How long a log stream goes on. */
public enum Follow {
  /**
   * To the end of the run. A run ends when its container is neither running nor paused any more, or
   * is found in a run that began later. Where there are several containers, it goes on until none
   * of the runs is left that were on when it began, and brings all that the app prints until then.
   */
  CONTAINER("container"),
  /** Across restarts, redeploys and stops, until the viewer leaves. */
  APP("app"),
  /** History only; works on stopped containers too. */
  NONE("none");

  private final String wire;

  Follow(String wire) {
    this.wire = wire;
  }

  /** Its name on the wire. */
  public String wire() {
    return wire;
  }
}
