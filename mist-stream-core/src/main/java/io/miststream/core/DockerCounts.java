package io.miststream.core;

import org.jspecify.annotations.Nullable;

/**
 * How many containers and images an engine has.
 *
 * @param containersRunning in the state {@code running}, so neither paused nor restarting
 * @param containersTotal whatever their state
 * @param images without intermediate ones; one that has several names is one
 * @param error why they are not known, in which case all three are 0; else null
 */
public record DockerCounts(
    int containersRunning, int containersTotal, int images, @Nullable String error) {

  /** Nothing is known. */
  public static DockerCounts unknown(String why) {
    return new DockerCounts(0, 0, 0, why);
  }
}
