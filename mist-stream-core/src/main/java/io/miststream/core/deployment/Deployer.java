package io.miststream.core.deployment;

import io.miststream.core.deployment.Cancellation.CancelledException;
import org.jspecify.annotations.Nullable;

/**
 * Carries out deployments. Called from several threads, for one app from one at a time.
 *
 * <p>An implementation reports stages, progress and output, but neither the beginning nor the end:
 * those follow from how {@link #deploy} returns.
 */
public interface Deployer {

  /**
   * Why an app cannot be deployed at all, in a sentence, or null if it can. Quick.
   *
   * @param appId a positive number
   */
  @Nullable String problem(long appId);

  /**
   * Deploys an app. Returning means success.
   *
   * @param appId an app of which {@link #problem} says nothing bad
   * @param report where to tell how it goes
   * @param cancellation whether and when to give up: within 2 s, with everything as it was
   * @throws DeploymentFailedException with the reason; what ran before runs on
   * @throws CancelledException as {@link Cancellation#check} does
   */
  void deploy(long appId, DeploymentReporter report, Cancellation cancellation)
      throws DeploymentFailedException, CancelledException;

  /**
   * Clears away what deployments have left that a crash has interrupted, and brings back what they
   * had stopped. Called once, before the first deployment. May block; what it cannot do it logs.
   */
  void recover();
}
