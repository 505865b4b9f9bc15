package io.miststream.core.deployment;

import org.jspecify.annotations.Nullable;

/**
 * Tells whoever carries out a deployment that it is called off. Thread-safe.
 *
 * <p>It is set at most once, by {@link #cancel}, and stays so.
 */
public final class Cancellation {

  /** The deployment has been called off; let it pass through and clean up on the way. */
  public static final class CancelledException extends Exception {
    private static final long serialVersionUID = 1L;

    /** What {@link Cancellation#check} throws. */
    public CancelledException() {
      super("cancelled", null, false, false);
    }
  }

  private boolean cancelled; // guarded by this
  private @Nullable Runnable action; // guarded by this

  /** Calls it off, and runs what {@link #onCancel} has set. */
  public void cancel() {
    Runnable now;
    synchronized (this) {
      if (cancelled) {
        return;
      }
      cancelled = true;
      now = action;
      action = null;
    }
    if (now != null) {
      now.run();
    }
  }

  /** Whether it has been called off. */
  public synchronized boolean isCancelled() {
    return cancelled;
  }

  /**
   * Does nothing unless it has been called off.
   *
   * @throws CancelledException if it has
   */
  public void check() throws CancelledException {
    if (isCancelled()) {
      throw new CancelledException();
    }
  }

  /**
   * What to do when it is called off, such as closing what the work is blocked in: runs at once if
   * that has happened already, else at most once, on the thread that cancels. Replaces what was set
   * before; null takes it back.
   */
  public void onCancel(@Nullable Runnable task) {
    synchronized (this) {
      if (!cancelled || task == null) {
        action = task;
        return;
      }
    }
    task.run();
  }
}
