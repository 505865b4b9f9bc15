package io.miststream.core;

/** How long a log stream goes on. */
public enum Follow {
  /** To the end of the container's run. */
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
