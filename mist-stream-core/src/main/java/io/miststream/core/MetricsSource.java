package io.miststream.core;

/** Reads how a host is doing. Thread-safe. */
public interface MetricsSource {

  /** Begins reading; whoever asks closes it. May take a moment. */
  Sampling open();

  /** Readings of one host, by one thread at a time. */
  interface Sampling extends AutoCloseable {

    /**
     * Reads everything now. What a rate or a share is taken over is the time since the call before,
     * or since {@link MetricsSource#open}.
     *
     * <p>Takes well under a second whatever happens: what does not answer or fails is null, and
     * named in {@link HostMetrics#errors}.
     */
    HostMetrics sample();

    /** Lets go of threads and connections. Idempotent. */
    @Override
    void close();
  }
}
