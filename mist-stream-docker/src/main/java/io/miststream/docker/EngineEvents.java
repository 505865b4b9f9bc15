package io.miststream.docker;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArraySet;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One subscription to an engine's events about containers and images for all who want to know. It
 * exists while anybody listens, on a thread of its own.
 */
final class EngineEvents {

  /**
   * Something has happened to a container, or to an image.
   *
   * @param id of the container; of an image perhaps a name
   * @param time by the engine's clock
   */
  record Event(String type, String id, String action, Instant time, JsonNode attributes) {
    boolean isOfContainer() {
      return type.equals("container");
    }
  }

  /** Is told of events. Must be quick. */
  interface Listener {
    /** Something has happened. */
    void event(Event event);

    /** Events may have been missed. */
    void missed();

    /** Events are going to be missed: the engine may be away. */
    default void lost() {}
  }

  private static final Logger LOG = LoggerFactory.getLogger(EngineEvents.class);
  private static final String FILTERS =
      URLEncoder.encode("{\"type\":[\"container\",\"image\"]}", StandardCharsets.UTF_8);
  private static final long SHORTEST_DELAY_MILLIS = 100;
  private static final long LONGEST_DELAY_MILLIS = 1000;

  private final EngineApi api;
  private final Set<Listener> listeners = new CopyOnWriteArraySet<>();
  private @Nullable Watch watch; // guarded by this

  EngineEvents(EngineApi api) {
    this.api = api;
  }

  /** Begins telling a listener of whatever happens from now on, or that it may have missed it. */
  synchronized void add(Listener listener) {
    listeners.add(listener);
    if (watch == null) {
      watch = new Watch();
      Threads.named("mist-docker-events").newThread(watch).start();
    }
  }

  synchronized void remove(Listener listener) {
    listeners.remove(listener);
    if (listeners.isEmpty() && watch != null) {
      watch.stop();
      watch = null;
    }
  }

  private final class Watch implements Runnable {
    private final Streams streams = new Streams(api);
    private final Wakeup delay = new Wakeup();

    void stop() {
      streams.stop();
      delay.signal();
    }

    @Override
    public void run() {
      long wait = SHORTEST_DELAY_MILLIS;
      while (!streams.isStopped()) {
        try (EngineStream stream = streams.open("/events?filters=" + FILTERS)) {
          // Whatever happened before this is open is for the listeners to ask for.
          listeners.forEach(Listener::missed);
          wait = SHORTEST_DELAY_MILLIS;
          read(stream);
        } catch (IOException e) {
          wait = Math.min(wait * 2, LONGEST_DELAY_MILLIS);
        }
        if (!streams.isStopped()) {
          listeners.forEach(Listener::lost);
          delay.await(wait);
        }
      }
    }

    /** Events are JSON objects, each on a line. */
    private void read(EngineStream stream) throws IOException {
      byte[] buffer = new byte[8192];
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      for (int n = stream.read(buffer, 0, buffer.length);
          n >= 0;
          n = stream.read(buffer, 0, buffer.length)) {
        int from = 0;
        for (int i = 0; i < n; i++) {
          if (buffer[i] == '\n') {
            line.write(buffer, from, i - from);
            tell(line.toByteArray());
            line.reset();
            from = i + 1;
          }
        }
        line.write(buffer, from, n - from);
      }
    }

    private void tell(byte[] json) throws IOException {
      JsonNode message = EngineApi.parse(json, 0, json.length);
      String action = message.path("Action").asText();
      if (action.startsWith("exec_") || action.equals("top")) {
        return; // health checks make many of these; their outcome is an event of its own
      }
      JsonNode actor = message.path("Actor");
      Instant time = Progress.instant(message.path("timeNano").asLong());
      Event event =
          new Event(
              message.path("Type").asText(),
              actor.path("ID").asText(),
              action,
              time,
              actor.path("Attributes"));
      for (Listener listener : listeners) {
        try {
          listener.event(event);
        } catch (RuntimeException e) {
          // Such as a catalogue that fails; the others are not to suffer from it.
          LOG.warn("an event of {} {} could not be handled", event.type(), event.id(), e);
          listener.missed();
        }
      }
    }
  }
}
