package io.miststream.core;

/** Keeps count of what a Docker engine has. Thread-safe. */
public interface DockerCountsSource {

  /** Begins counting; whoever asks closes it. Does not block. */
  Counting open();

  /** A count that is kept up to date until it is closed. Thread-safe. */
  interface Counting extends AutoCloseable {

    /**
     * What is known now, 2 s behind the engine at most. Does not block; {@link
     * DockerCounts#unknown} while the engine cannot be reached and before its first answer.
     */
    DockerCounts latest();

    /** Stops counting, and lets go of threads and connections. Idempotent. */
    @Override
    void close();
  }
}
