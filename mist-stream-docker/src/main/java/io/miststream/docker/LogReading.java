package io.miststream.docker;

import io.miststream.core.BlockingPublisher.CancelledException;
import io.miststream.core.BlockingPublisher.Emitter;
import io.miststream.core.Cursor;
import io.miststream.core.ErrorCode;
import io.miststream.core.Follow;
import io.miststream.core.LogRequest;
import io.miststream.core.StreamException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * One subscription to an app's logs. Its thread finds the containers, sends the history, and then
 * looks after the {@link ContainerFollower}s until there is nothing left to follow.
 */
final class LogReading implements EngineEvents.Listener, ContainerFollower.Host {
  private static final long TICK_MILLIS = 1_000;
  // In case an event was missed all the same.
  private static final long RESYNC_NANOS = 10_000_000_000L;
  private static final long RETRY_MILLIS = 100;

  /** Everything a reading needs of its source, here and of stats. */
  record Context(
      EngineApi api,
      EngineEvents events,
      AppContainers containers,
      Duration recovery,
      Duration watchdog,
      LongAdder reopenings) {}

  private final Context context;
  private final LogRequest request;
  private final Emitter out;
  private final Streams streams;
  private final Progress progress;
  private final AtomicLong questions = new AtomicLong();
  private final Wakeup wakeup = new Wakeup();
  private final Outage outage;
  private final Map<String, Followed> followed = new LinkedHashMap<>();
  private final Set<Followed> active = ConcurrentHashMap.newKeySet();
  private final Set<String> ids = ConcurrentHashMap.newKeySet();
  // By id of the containers whose log cannot be read.
  private final Map<String, EngineRefusedException> refusals = new ConcurrentHashMap<>();
  private volatile boolean changed;
  private volatile @Nullable Throwable failure;

  /** A container that is followed, or was and may be again. */
  private static final class Followed {
    ContainerInfo container;
    volatile @Nullable ContainerFollower follower;
    boolean leftOut;

    Followed(ContainerInfo container) {
      this.container = container;
    }
  }

  LogReading(Context context, LogRequest request, Emitter out) {
    this.context = context;
    this.request = request;
    this.out = out;
    this.streams = new Streams(context.api());
    this.progress = new Progress(request, out);
    this.outage = new Outage(context.recovery());
  }

  /** Reads until there is no more. */
  void run() throws CancelledException {
    out.onCancel(this::stop);
    boolean follows = request.follow() != Follow.NONE;
    try {
      if (follows) {
        context.events().add(this); // before looking, so that no change is missed
      }
      List<ContainerInfo> containers = begin();
      for (ContainerInfo container : containers) {
        ids.add(container.id());
      }
      if (!follows || !isLeftToFollower(containers)) {
        sendHistory(containers, request.after() != null || request.tail() == LogRequest.ALL);
        if (refusals.size() == containers.size()) {
          throw refusals.values().iterator().next();
        }
      }
      if (follows) {
        follow(containers);
      }
      progress.end();
    } catch (EngineRefusedException e) {
      throw ContainerFollower.refused(e);
    } catch (IOException e) {
      if (streams.isStopped()) {
        return; // cancelled; nobody listens
      }
      throw Outage.unavailable(e);
    } finally {
      context.events().remove(this);
      stop();
      out.onCancel(null);
    }
  }

  private void stop() {
    streams.stop();
    wakeup.signal();
    for (Followed each : List.copyOf(active)) {
      ContainerFollower follower = each.follower;
      if (follower != null) {
        follower.stop(context.api());
      }
    }
  }

  // ---- beginning

  private List<ContainerInfo> begin() throws IOException, CancelledException {
    long asked = questions.incrementAndGet();
    List<ContainerInfo> containers = findAtOnce();
    if (containers.isEmpty()) {
      throw new StreamException(ErrorCode.CONTAINER_NOT_FOUND, "Container not found");
    }
    Cursor after = request.after();
    if (after != null) {
      for (ContainerInfo container : containers) {
        progress.position(Position.after(after, container.source()));
      }
    } else if (progress.readFrom() != RawLine.NONE) {
      for (ContainerInfo container : containers) {
        Position begin = new Position(container.source());
        begin.startAt(progress.readFrom());
        progress.position(begin);
      }
    }
    for (ContainerInfo container : containers) {
      progress.status(container, asked);
    }
    if (request.follow() == Follow.CONTAINER
        && containers.stream().noneMatch(ContainerInfo::isUp)) {
      throw new StreamException(
          ErrorCode.CONTAINER_NOT_RUNNING,
          "Container is not running (state: " + containers.get(0).state() + ")");
    }
    if (after != null) {
      reportVanished(after, containers);
    }
    return containers;
  }

  /**
   * Somebody waits for the first answer, so an engine that is away is only given one more chance.
   */
  private List<ContainerInfo> findAtOnce() throws IOException {
    try {
      return find();
    } catch (EngineUnreachableException e) {
      wakeup.await(RETRY_MILLIS);
      return find();
    }
  }

  private List<ContainerInfo> find() throws IOException {
    return context.containers().find(request.appId()).stream()
        .filter(c -> request.filter().acceptsContainer(c.name()))
        .toList();
  }

  private void reportVanished(Cursor after, List<ContainerInfo> containers)
      throws IOException, CancelledException {
    Set<Long> seen = new HashSet<>();
    containers.forEach(c -> seen.add(c.source()));
    for (Cursor.Mark mark : after.marks()) {
      if (seen.add(mark.source())
          && !context.containers().exists(String.format("%012x", mark.source()))) {
        progress.lostContainer(mark.source(), after);
      }
    }
  }

  // ---- history

  /**
   * A follow goes on behind a position by itself, and minds the borders between runs. Only what
   * several containers printed meanwhile has to be put in order first.
   */
  private boolean isLeftToFollower(List<ContainerInfo> containers) {
    return request.after() != null && containers.size() == 1 && containers.get(0).isUp();
  }

  /** Sends it as far as there are containers that can be read. */
  private void sendHistory(List<ContainerInfo> containers, boolean fromPositions)
      throws IOException, CancelledException {
    History history = new History(streams, progress);
    // What the others print by now belongs behind the status that tells of their first run.
    List<ContainerInfo> readable =
        new ArrayList<>(containers.stream().filter(ContainerInfo::hasRun).toList());
    boolean begun = fromPositions;
    while (true) {
      try {
        if (begun) {
          history.behindPositions(readable);
        } else {
          List<LogWindow> windows = history.last(readable, request.tail());
          begun = true; // from here on the positions say where to continue
          history.send(windows);
        }
        return;
      } catch (EngineUnreachableException e) {
        if (streams.isStopped()) {
          throw e;
        }
        wakeup.await(outage.failed(e));
      } catch (EngineRefusedException e) {
        ContainerInfo refused =
            readable.stream()
                .filter(c -> c.id().equals(e.containerId()))
                .findFirst()
                .orElseThrow(() -> e);
        readable.remove(refused);
        refusals.put(refused.id(), e);
        progress.leftOut(refused);
      }
    }
  }

  // ---- following

  private void follow(List<ContainerInfo> containers) throws IOException, CancelledException {
    for (ContainerInfo container : containers) {
      Followed each = new Followed(container);
      followed.put(container.id(), each);
      if (container.isUp() && !refusals.containsKey(container.id())) {
        start(each);
      }
    }
    outage.over();
    long lastSync = System.nanoTime();
    changed = true;
    while (!isOver()) {
      if (changed || System.nanoTime() - lastSync > RESYNC_NANOS) {
        changed = false;
        lastSync = System.nanoTime();
        try {
          sync();
          outage.over();
        } catch (EngineUnreachableException e) {
          if (streams.isStopped()) {
            throw e;
          }
          changed = true;
          wakeup.await(outage.failed(e));
          continue;
        }
        if (isOver()) {
          break;
        }
      }
      probeSilent();
      wakeup.await(millisToWait());
    }
    finish();
  }

  private long millisToWait() {
    long untilEnd = (progress.until() - Progress.nanos(Instant.now())) / 1_000_000L + 1;
    return Math.max(1, Math.min(TICK_MILLIS, untilEnd));
  }

  private boolean isOver() throws CancelledException {
    leaveOut();
    Throwable cause = failure;
    if (cause instanceof RuntimeException e) {
      throw e;
    }
    if (cause != null) {
      throw new StreamException(ErrorCode.INTERNAL, "The log could not be read", cause);
    }
    if (streams.isStopped() || isPastUntil()) {
      return true;
    }
    return request.follow() == Follow.CONTAINER && active.isEmpty();
  }

  /** A container that turns out not to be readable is left out, unless it is the only one. */
  private void leaveOut() throws CancelledException {
    for (Followed each : followed.values()) {
      EngineRefusedException refusal = refusals.get(each.container.id());
      if (refusal != null && each.follower != null && !each.leftOut) {
        if (followed.size() == 1) {
          throw ContainerFollower.refused(refusal);
        }
        each.leftOut = true;
        progress.leftOut(each.container);
      }
    }
  }

  private boolean isPastUntil() {
    return Progress.nanos(Instant.now()) > progress.until();
  }

  private void finish() throws IOException, CancelledException {
    List<ContainerFollower> stopping = new ArrayList<>();
    for (Followed each : active) {
      ContainerFollower follower = each.follower;
      if (follower != null) {
        follower.stop(context.api());
        stopping.add(follower);
      }
    }
    while (!active.isEmpty() && !streams.isStopped()) {
      wakeup.await(TICK_MILLIS);
    }
    if (!stopping.isEmpty() && !streams.isStopped()) {
      // What was printed in time, but had not arrived.
      List<ContainerInfo> rest = new ArrayList<>();
      stopping.forEach(f -> rest.add(f.container()));
      sendHistory(rest, true);
    }
  }

  private void start(Followed each) {
    if (each.follower != null) {
      reopened(); // for another run
    }
    ContainerFollower follower =
        new ContainerFollower(
            context.containers(),
            streams,
            progress,
            questions,
            this,
            request.follow(),
            context.recovery(),
            each.container);
    each.follower = follower;
    active.add(each);
    if (streams.isStopped()) {
      active.remove(each);
      return;
    }
    Threads.named("mist-docker-log").newThread(follower).start();
  }

  @Override
  public void reopened() {
    context.reopenings().increment();
  }

  @Override
  public void ended(ContainerFollower follower, @Nullable Throwable cause) {
    if (cause instanceof EngineRefusedException refusal) {
      refusals.put(follower.container().id(), refusal);
    } else if (cause != null) {
      failure = cause;
    }
    active.removeIf(f -> f.follower == follower);
    changed = true;
    wakeup.signal();
  }

  @Override
  public void event(EngineEvents.Event event) {
    if (event.action().equals("die")) {
      for (Followed each : active) {
        ContainerFollower follower = each.follower;
        if (follower != null && follower.container().id().equals(event.id())) {
          follower.runEnded(context.api(), event.time());
        }
      }
    }
    if (ids.contains(event.id()) || context.containers().concerns(request.appId(), event)) {
      missed();
    }
  }

  @Override
  public void missed() {
    changed = true;
    wakeup.signal();
  }

  /** Brings what is followed in line with what there is. */
  private void sync() throws IOException, CancelledException {
    long asked = questions.incrementAndGet();
    Map<String, ContainerInfo> now = new LinkedHashMap<>();
    if (request.follow() == Follow.APP) {
      find().forEach(c -> now.put(c.id(), c));
    }
    for (Followed each : List.copyOf(followed.values())) {
      ContainerInfo info = now.remove(each.container.id());
      if (info == null) {
        info = context.containers().inspect(each.container.id());
      }
      sync(each, info, asked);
    }
    for (ContainerInfo added : now.values()) {
      ids.add(added.id());
      Followed each = new Followed(added);
      followed.put(added.id(), each);
      progress.status(added, asked);
      if (added.hasRun()) {
        start(each); // else with its first run, once that has been told
      }
    }
  }

  private void sync(Followed each, @Nullable ContainerInfo now, long asked)
      throws CancelledException {
    if (active.contains(each)) {
      // Its end, and what is to be read before that is told, is its follower's business.
      if (now != null && now.isUp() && each.follower != null) {
        ContainerInfo seen = each.follower.container();
        if (now.isAnotherRun(seen)) {
          each.follower.reopen(context.api()); // then it sees that its run is over
        } else if (seen.isUp()) {
          progress.status(now, asked);
        }
      }
      return;
    }
    ContainerFollower last = each.follower;
    ContainerInfo seen = last == null ? each.container : last.container();
    if (now == null) {
      followed.remove(each.container.id());
      ids.remove(each.container.id());
      refusals.remove(each.container.id());
      if (last == null || !last.isGone()) {
        progress.removed(seen);
      }
      return;
    }
    if (request.follow() != Follow.APP) {
      return;
    }
    boolean ranSince = !Objects.equals(now.startedAt(), seen.startedAt());
    each.container = now;
    progress.status(now, asked);
    if ((now.isUp() || ranSince) && !refusals.containsKey(now.id())) {
      start(each);
    }
  }

  /** A follower that has been silent for long might have been forgotten by the engine. */
  private void probeSilent() throws CancelledException {
    for (Followed each : active) {
      ContainerFollower follower = each.follower;
      if (follower == null || follower.silentNanos() < context.watchdog().toNanos()) {
        continue;
      }
      follower.noticed();
      ContainerInfo container = follower.container();
      try (LogRead read = LogRead.open(streams, container, false, 1, RawLine.NONE, true)) {
        RawLine newest = read.next();
        if (newest != null && progress.isNewer(container, newest)) {
          follower.reopen(context.api());
        }
      } catch (IOException e) {
        follower.reopen(context.api()); // it will find out
      }
    }
  }
}
