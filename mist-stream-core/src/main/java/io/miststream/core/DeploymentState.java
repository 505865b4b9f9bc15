package io.miststream.core;

/** How far a deployment is, with its name on the wire. */
public enum DeploymentState {
  /** It waits for its turn. */
  PENDING("pending"),
  /** The source is fetched and the image built. */
  BUILDING("building"),
  /** The old container makes way for the new one. */
  DEPLOYING("deploying"),
  /** The new container runs. */
  SUCCESS("success"),
  /** It came to nothing; what ran before still does. */
  FAILED("failed"),
  /** Somebody called it off. */
  STOPPED("stopped");

  private final String wire;

  DeploymentState(String wire) {
    this.wire = wire;
  }

  /** Its name on the wire. */
  public String wire() {
    return wire;
  }

  /** Whether nothing follows it. */
  public boolean isFinal() {
    return this == SUCCESS || this == FAILED || this == STOPPED;
  }
}
