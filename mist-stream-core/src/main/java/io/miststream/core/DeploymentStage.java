package io.miststream.core;

/** What a deployment is busy with, its name on the wire, and its share of the progress. */
public enum DeploymentStage {
  /** Nothing yet: it waits for its turn. */
  NONE("", DeploymentState.PENDING, 0, 0),
  /** Fetching the source. */
  CLONING_REPO("cloning_repo", DeploymentState.BUILDING, 25, 40),
  /** Building the image. */
  BUILDING_IMAGE("building_image", DeploymentState.BUILDING, 40, 75),
  /** Stopping the container that ran so far. */
  STOPPING_OLD("stopping_old", DeploymentState.DEPLOYING, 75, 75),
  /** Starting the new container and waiting until it is healthy. */
  STARTING_NEW("starting_new", DeploymentState.DEPLOYING, 80, 90),
  /** All is done. */
  COMPLETED("completed", DeploymentState.SUCCESS, 100, 100);

  private final String wire;
  private final DeploymentState state;
  private final int from;
  private final int to;

  DeploymentStage(String wire, DeploymentState state, int from, int to) {
    this.wire = wire;
    this.state = state;
    this.from = from;
    this.to = to;
  }

  /** Its name on the wire. */
  public String wire() {
    return wire;
  }

  /** The state of a deployment that is in this stage, as long as nothing goes wrong. */
  public DeploymentState state() {
    return state;
  }

  /** Progress in percent at its beginning. */
  public int from() {
    return from;
  }

  /** Progress in percent at its end. */
  public int to() {
    return to;
  }

  /** The progress, in percent, when so much of this stage is done: 0 to 1, cut to that. */
  public int progress(double done) {
    return from + (int) Math.round((to - from) * Math.max(0, Math.min(1, done)));
  }
}
