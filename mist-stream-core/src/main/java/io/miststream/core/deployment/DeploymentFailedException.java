package io.miststream.core.deployment;

import org.jspecify.annotations.Nullable;

/** A deployment has come to nothing; the message says why, in words a user can act on. */
public final class DeploymentFailedException extends Exception {
  private static final long serialVersionUID = 1L;

  /** With a reason. */
  public DeploymentFailedException(String message) {
    this(message, null);
  }

  /** With a reason and its cause. */
  public DeploymentFailedException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
