package io.miststream.docker;

/** Lets a thread sleep until somebody has news for it. */
final class Wakeup {
  private boolean news; // guarded by this

  synchronized void signal() {
    news = true;
    notifyAll();
  }

  /** Waits for news, at most so many milliseconds; whether there was any. */
  synchronized boolean await(long millis) {
    long end = System.nanoTime() + millis * 1_000_000L;
    boolean interrupted = false;
    for (long left = millis; !news && left > 0; left = (end - System.nanoTime()) / 1_000_000L) {
      try {
        wait(left);
      } catch (InterruptedException e) {
        interrupted = true; // these threads end by being told so
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    boolean had = news;
    news = false;
    return had;
  }
}
