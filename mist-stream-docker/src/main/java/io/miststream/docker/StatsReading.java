package io.miststream.docker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.MappingIterator;
import io.miststream.core.BlockingPublisher.CancelledException;
import io.miststream.core.BlockingPublisher.Emitter;
import io.miststream.core.ContainerStats;
import io.miststream.core.ContainerStatus;
import io.miststream.core.ErrorCode;
import io.miststream.core.StreamEnd;
import io.miststream.core.StreamException;
import io.miststream.core.StreamMessage;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * One subscription to what an app's containers use. Its thread keeps an eye on their states, and a
 * {@link Reader} for each that is up reads what it uses.
 */
final class StatsReading implements EngineEvents.Listener {
  private static final long RETRY_MILLIS = 100;
  private static final long REOPEN_MILLIS = 500;
  // In case an event was missed all the same.
  private static final long RESYNC_MILLIS = 10_000;

  private final LogReading.Context context;
  private final long appId;
  private final Emitter out;
  private final Streams streams;
  private final Outage outage;
  private final Wakeup news = new Wakeup();
  // Held across what is sent, so that nothing of a container comes behind the word of its end.
  private final ReentrantLock order = new ReentrantLock();
  private final Map<String, ContainerStatus> told = new LinkedHashMap<>(); // by id
  private final Map<String, Reader> readers = new LinkedHashMap<>(); // by id
  private volatile @Nullable EngineRefusedException refusal;

  StatsReading(LogReading.Context context, long appId, Emitter out) {
    this.context = context;
    this.appId = appId;
    this.out = out;
    this.streams = new Streams(context.api());
    this.outage = new Outage(context.recovery());
  }

  /** Reads until none of the containers is up any more. */
  void run() throws CancelledException {
    out.onCancel(this::stop);
    context.events().add(this); // before looking, so that no change is missed
    try {
      follow(findAtOnce());
      out.emit(new StreamEnd(Instant.now(), null, "Stats stream ended"));
    } catch (IOException e) {
      if (!streams.isStopped()) {
        throw Outage.unavailable(e);
      }
    } finally {
      context.events().remove(this);
      stop();
      out.onCancel(null);
    }
  }

  private void stop() {
    streams.stop();
    news.signal();
  }

  /** Somebody waits for the first answer, so an engine that is away is given one more chance. */
  private List<ContainerInfo> findAtOnce() throws IOException {
    try {
      return context.containers().find(appId);
    } catch (EngineUnreachableException e) {
      news.await(RETRY_MILLIS);
      return context.containers().find(appId);
    }
  }

  private void follow(List<ContainerInfo> containers) throws IOException, CancelledException {
    if (containers.isEmpty()) {
      throw new StreamException(ErrorCode.CONTAINER_NOT_FOUND, "Container not found");
    }
    if (!update(containers)) {
      throw new StreamException(
          ErrorCode.CONTAINER_NOT_RUNNING,
          "Container is not running (state: " + containers.get(0).state() + ")");
    }
    boolean goesOn = true;
    while (goesOn && !streams.isStopped()) {
      news.await(RESYNC_MILLIS);
      EngineRefusedException refused = refusal;
      if (refused != null) {
        throw ContainerFollower.refused(refused);
      }
      try {
        goesOn = update(containersNow());
        outage.over();
      } catch (EngineUnreachableException e) {
        if (streams.isStopped()) {
          throw e;
        }
        news.await(outage.failed(e));
        news.signal(); // try again
      }
    }
  }

  private List<ContainerInfo> containersNow() throws IOException {
    List<ContainerInfo> now = new ArrayList<>(context.containers().find(appId));
    for (String id : List.copyOf(told.keySet())) {
      if (now.stream().noneMatch(container -> container.id().equals(id))) {
        // Renamed, for instance: as long as it is there it is followed to its end.
        ContainerInfo info = context.containers().inspect(id);
        if (info != null) {
          now.add(info);
        }
      }
    }
    return now;
  }

  /** Brings what is told and read in line with what there is; whether any of it is up. */
  private boolean update(List<ContainerInfo> now) throws CancelledException {
    boolean up = false;
    for (ContainerStatus last : List.copyOf(told.values())) {
      String id = last.containerId();
      if (now.stream().noneMatch(container -> container.id().equals(id))) {
        told.remove(id);
        stopReading(id);
        send(last.asRemoved(null), null);
      }
    }
    for (ContainerInfo container : now) {
      if (!container.isUp()) {
        stopReading(container.id());
      }
      ContainerStatus status = container.toStatus(null);
      ContainerStatus before = told.put(container.id(), status);
      if (before == null || !before.sameState(status)) {
        send(status, null);
      }
      if (container.isUp()) {
        up = true;
        if (!readers.containsKey(container.id())) {
          Reader reader = new Reader(container.id());
          readers.put(container.id(), reader);
          Threads.named("mist-docker-stats").newThread(reader).start();
        }
      }
    }
    return up;
  }

  private void stopReading(String id) {
    Reader reader = readers.remove(id);
    if (reader != null) {
      reader.stop();
    }
  }

  private void send(StreamMessage message, @Nullable Reader by) throws CancelledException {
    order.lock();
    try {
      if (by == null || !by.stopped) {
        out.emit(message);
      }
    } finally {
      order.unlock();
    }
  }

  @Override
  public void event(EngineEvents.Event event) {
    if (context.containers().concerns(appId, event)) {
      news.signal();
    }
  }

  @Override
  public void missed() {
    news.signal();
  }

  /** Reads what one container uses, as long as it is up. */
  private final class Reader implements Runnable {
    private final String id;
    private final Wakeup pause = new Wakeup();
    private volatile boolean stopped;
    private volatile @Nullable EngineStream stream;

    Reader(String id) {
      this.id = id;
    }

    void stop() {
      stopped = true;
      pause.signal();
      EngineStream open = stream;
      if (open != null) {
        context.api().later(open::close);
      }
    }

    @Override
    public void run() {
      while (!isOver()) {
        try (EngineStream answer = streams.open("/containers/" + id + "/stats?stream=1", 1)) {
          stream = answer;
          read(answer);
        } catch (EngineRefusedException e) {
          if (!e.isNotFound() && !isOver()) {
            refusal = e;
          }
        } catch (IOException e) {
          // Whether the engine is away, or the container, is for the others to find out.
        } catch (CancelledException e) {
          return;
        }
        if (!isOver()) {
          news.signal();
          pause.await(REOPEN_MILLIS);
        }
      }
    }

    private boolean isOver() {
      return stopped || streams.isStopped();
    }

    private void read(EngineStream answer) throws IOException, CancelledException {
      try (MappingIterator<JsonNode> all =
          EngineApi.JSON.readerFor(JsonNode.class).readValues(answer)) {
        while (!isOver() && all.hasNextValue()) {
          ContainerStats stats = StatsMath.of(all.nextValue());
          if (stats != null) {
            send(stats, this);
          }
        }
      }
    }
  }
}
