package io.miststream.docker;

import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The answers of the engine that one subscription has open, so that stopping can cut them all. */
final class Streams {
  private final EngineApi api;
  private final Set<EngineStream> open = ConcurrentHashMap.newKeySet();
  private volatile boolean stopped;

  Streams(EngineApi api) {
    this.api = api;
  }

  /** Begins an answer that goes on for ever. */
  EngineStream open(String path) throws IOException {
    return open(path, 0);
  }

  /**
   * Begins an answer.
   *
   * @param patience see {@link EngineApi#open}
   * @throws IOException also if everything has been stopped
   */
  EngineStream open(String path, int patience) throws IOException {
    open.removeIf(EngineStream::isClosed);
    EngineStream stream = api.open(path, patience);
    open.add(stream);
    if (stopped) {
      stream.close();
    }
    return stream;
  }

  /** See {@link EngineApi#now}. */
  long engineNow() {
    return api.now();
  }

  /** See {@link EngineApi#measureClock}. */
  void measureClock() {
    api.measureClock();
  }

  /** Cuts everything, now and later. Quick: the closing itself is done elsewhere. */
  void stop() {
    stopped = true;
    for (EngineStream stream : open) {
      api.later(stream::close);
    }
  }

  boolean isStopped() {
    return stopped;
  }
}
