package io.miststream.docker;

import com.fasterxml.jackson.databind.JsonNode;
import io.miststream.core.DockerCounts;
import io.miststream.core.DockerCountsSource;
import java.io.IOException;
import java.time.Duration;

/**
 * Keeps count of an engine's containers and images: counts them anew soon after each event, and
 * every half a minute in case one was missed. (The engine's own count, in its general information,
 * takes it far longer than both lists.)
 */
final class CountReading implements DockerCountsSource.Counting, EngineEvents.Listener, Runnable {
  private static final Duration DEADLINE = Duration.ofMillis(1500);
  // A build makes many events; and it takes a while until a ping tells that an engine hangs.
  private static final long SHORTEST_PAUSE_MILLIS = 250;
  private static final long PING_MILLIS = 1000;
  private static final long SETTLING_MILLIS = 750;
  private static final long RESYNC_NANOS = 30_000_000_000L;

  private final EngineApi api;
  private final EngineEvents events;
  private final Wakeup news = new Wakeup();
  private final Wakeup closing = new Wakeup();
  private volatile boolean closed;
  private volatile DockerCounts latest = DockerCounts.unknown("Docker has not answered yet");

  CountReading(EngineApi api, EngineEvents events) {
    this.api = api;
    this.events = events;
  }

  /** Begins; {@link #close} ends it. */
  CountReading start() {
    events.add(this);
    Threads.named("mist-docker-counts").newThread(this).start();
    return this;
  }

  @Override
  public DockerCounts latest() {
    return latest;
  }

  @Override
  public void close() {
    closed = true;
    events.remove(this);
    closing.signal();
    news.signal();
  }

  @Override
  public void run() {
    boolean told = true;
    while (!closed) {
      count();
      closing.await(SHORTEST_PAUSE_MILLIS);
      if (latest.error() == null) {
        // The engine tells of some changes, such as a pause, before its lists show them: what it
        // tells of is counted twice.
        told = told ? news.await(SETTLING_MILLIS) : awaitReason(System.nanoTime() + RESYNC_NANOS);
      }
    }
  }

  /** Waits until there is a reason to count again; whether it is that the engine has told of it. */
  private boolean awaitReason(long resync) {
    while (!news.await(PING_MILLIS)) {
      try {
        api.ping(DEADLINE);
      } catch (IOException e) {
        return false;
      }
      if (System.nanoTime() >= resync) {
        return false;
      }
    }
    return true;
  }

  private void count() {
    try {
      int running = 0;
      JsonNode containers = api.get("/containers/json?all=1", DEADLINE);
      for (JsonNode container : containers) {
        if (container.path("State").asText().equals("running")) {
          running++;
        }
      }
      int images = api.get("/images/json", DEADLINE).size();
      latest = new DockerCounts(running, containers.size(), images, null);
    } catch (IOException e) {
      latest =
          DockerCounts.unknown("Docker is unreachable: " + EngineUnreachableException.reason(e));
    }
  }

  @Override
  public void event(EngineEvents.Event event) {
    news.signal();
  }

  @Override
  public void missed() {
    news.signal();
  }

  @Override
  public void lost() {
    news.signal();
  }
}
