package io.miststream.core.topic;

import io.miststream.core.ContainerStatus;
import io.miststream.core.Cursor;
import io.miststream.core.ErrorCode;
import io.miststream.core.Follow;
import io.miststream.core.Gap;
import io.miststream.core.LogFilter;
import io.miststream.core.LogLine;
import io.miststream.core.LogRequest;
import io.miststream.core.StreamEnd;
import io.miststream.core.StreamException;
import io.miststream.core.StreamMessage;
import io.miststream.core.wire.MessageEncoder;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * The logs of one app: one read of the source, however many watch. It first reads some history
 * without following, so that it knows where history ends, and then follows from exactly there.
 */
final class LogTopic {
  private static final Duration LATE_LINES = Duration.ofSeconds(1);

  private final LogTopics topics;
  private final long appId;
  private final Object lock = new Object();
  private final MessageEncoder encoder = new MessageEncoder(); // source's thread only

  // All below is guarded by lock.
  private final Topic all;
  private final Map<LogFilter, Topic> filtered = new HashMap<>();
  private final List<LogViewer> early = new ArrayList<>(); // came while history was being read
  private boolean live;
  private boolean over;
  private int historyLines;
  private Flow.@Nullable Subscription subscription;
  private @Nullable Cursor historyEnd;
  private LogTopics.@Nullable Later lingering;

  LogTopic(LogTopics topics, long appId) {
    this.topics = topics;
    this.appId = appId;
    this.all = new Topic(lock, LogFilter.ALL, topics.ringBytes(), topics.pump(), null);
  }

  /** Whether lines have to say which container they are from. Anybody may ask at any time. */
  boolean hasSeveral() {
    return all.states.several();
  }

  /** Begins to read. */
  void open() {
    LogRequest history =
        LogRequest.of(appId).withTail(topics.historyLines()).withFollow(Follow.NONE);
    read(history, new History());
  }

  private void read(LogRequest request, Reading reading) {
    try {
      topics.source().logs(request).subscribe(reading);
    } catch (RuntimeException e) {
      failed(e);
    }
  }

  /** Takes a viewer in; false if this topic is over and a new one is needed. */
  boolean join(LogViewer viewer) {
    synchronized (lock) {
      if (over) {
        return false;
      }
      viewer.home(this);
      if (lingering != null) {
        lingering.cancel();
        lingering = null;
      }
      if (live) {
        letIn(viewer);
      } else {
        early.add(viewer);
      }
    }
    viewer.wakeSoon();
    return true;
  }

  private void letIn(LogViewer viewer) {
    LogFilter filter = viewer.request().filter();
    if (all.states.all().stream().noneMatch(s -> filter.acceptsContainer(s.container()))
        && filter.container() != null) {
      viewer.finish(
          Topic.error(
              LogViewer.Finish.NOW, 0, ErrorCode.CONTAINER_NOT_FOUND, "Container not found"));
      return;
    }
    Topic topic = topicOf(viewer);
    if (topic == null) {
      viewer.finish(
          Topic.error(
              LogViewer.Finish.NOW,
              0,
              ErrorCode.SOURCE_UNAVAILABLE,
              "Too many different filters on this app; try again later"));
      return;
    }
    topic.join(viewer);
    Instant until = viewer.request().until();
    if (until != null) {
      // A line may still be on its way when its time has come.
      viewer.untilTimer(
          topics.later(
              Duration.between(Instant.now(), until).plus(LATE_LINES),
              () -> {
                synchronized (lock) {
                  viewer.finish(topic.finishAtHead(Topic::end));
                }
                viewer.wakeSoon();
              }));
    }
  }

  private @Nullable Topic topicOf(LogViewer viewer) {
    LogFilter filter = viewer.request().filter();
    if (filter.equals(LogFilter.ALL)) {
      return all;
    }
    Topic topic = filtered.get(filter);
    if (topic == null) {
      if (filtered.size() == topics.maxFilters()) {
        return null;
      }
      topic = new Topic(lock, filter, topics.ringBytes(), topics.pump(), all);
      topic.ring.begin(all.ring.passed());
      for (ContainerStatus status : all.states.all()) {
        if (filter.acceptsContainer(status.container())) {
          topic.states.update(status);
        }
      }
      filtered.put(filter, topic);
    }
    return topic;
  }

  /** Gives a viewer that has read its history the place that follows it. */
  void continueBehind(LogViewer viewer, Backfill done, int idleReads) {
    synchronized (lock) {
      Topic topic = viewer.isClosed() ? null : topicOf(viewer);
      if (topic == null) {
        return; // it has left; else the viewer itself keeps its topic
      }
      Cursor end = done.end();
      boolean complete =
          end == null ? topic.ring.evicted().isEmpty() : topic.ring.evicted().coveredBy(end);
      boolean idle = idleReads >= LogTopics.IDLE_READS;
      if (!idle && !(end == null ? complete : topic.reaches(end))) {
        viewer.backfill(behind(viewer.request(), end));
        return;
      }
      if (!complete) {
        // What lies between is in no log any more: a container has been removed meanwhile.
        viewer.tell(
            new Gap(
                Instant.now(),
                topic.ring.evicted().cursor(),
                Gap.Reason.SOURCE_RESTARTED,
                null,
                end,
                null));
      }
      if (end == null) {
        viewer.place(topic, topic.ring.oldest(), null, false);
      } else {
        topic.place(viewer, end);
      }
    }
  }

  /** The rest of a request once it has been read up to a position; null if there was nothing. */
  private static LogRequest behind(LogRequest request, @Nullable Cursor end) {
    if (end == null && request.after() != null) {
      // What it was to continue behind is gone, which has been told: once is enough.
      return request.withAfter(null).withTail(LogRequest.ALL);
    }
    return end == null ? request : request.withAfter(end);
  }

  void leave(LogViewer viewer) {
    synchronized (lock) {
      viewer.cancelTimer();
      early.remove(viewer);
      all.leave(viewer);
      LogFilter filter = viewer.request().filter();
      Topic topic = filtered.get(filter);
      if (topic != null) {
        topic.leave(viewer);
        if (!topic.isWatched()) {
          // At once: whoever brings the filter again reads what is gone from the source, while to
          // keep it costs a match for each line, and a ring.
          filtered.remove(filter);
        }
      }
      if (!over && !isWatched() && lingering == null) {
        lingering = topics.later(topics.linger(), this::closeIfUnwatched);
      }
    }
  }

  /** Whether there is any reference to a viewer here; for tests. */
  boolean holds(LogViewer viewer) {
    synchronized (lock) {
      return early.contains(viewer)
          || all.holds(viewer)
          || filtered.values().stream().anyMatch(topic -> topic.holds(viewer));
    }
  }

  private boolean isWatched() {
    return !early.isEmpty() || all.isWatched() || !filtered.isEmpty();
  }

  private void closeIfUnwatched() {
    synchronized (lock) {
      lingering = null;
      if (isWatched() || over) {
        return;
      }
      over = true;
    }
    stop();
  }

  private void stop() {
    topics.forget(appId, this);
    Flow.Subscription reading;
    synchronized (lock) {
      reading = subscription;
    }
    if (reading != null) {
      reading.cancel();
    }
  }

  /** The server goes away: viewers are sent what they have coming, then told to come back. */
  void shutDown() {
    endAll((at, lines) -> new LogViewer.Finish(at, lines, null, StreamClose.SHUTDOWN));
    stop();
  }

  private void endAll(Topic.Ending ending) {
    List<LogViewer> viewers = new ArrayList<>();
    synchronized (lock) {
      over = true;
      for (LogViewer viewer : early) {
        all.sendStates(viewer, viewer.request().after());
        viewer.finish(ending.at(LogViewer.Finish.NOW, 0));
        viewers.add(viewer);
      }
      early.clear();
      end(all, ending, viewers);
      filtered.values().forEach(topic -> end(topic, ending, viewers));
    }
    viewers.forEach(LogViewer::wakeSoon);
  }

  private static void end(Topic topic, Topic.Ending ending, List<LogViewer> viewers) {
    LogViewer.Finish finish = topic.finishAtHead(ending);
    for (LogViewer viewer : topic.viewers()) {
      viewer.finish(finish);
      viewers.add(viewer);
    }
  }

  private void failed(Throwable problem) {
    StreamException known =
        problem instanceof StreamException e
            ? e
            : new StreamException(ErrorCode.INTERNAL, "The logs cannot be read", problem);
    if (known != problem) {
      topics.report(problem);
    }
    String message = known.getMessage() == null ? "" : known.getMessage();
    endAll((at, lines) -> Topic.error(at, lines, known.code(), message));
    topics.forget(appId, this);
  }

  /** With the lock held: puts a message into the ring, and into those of the filters it passes. */
  private void append(StreamMessage message) {
    if (message instanceof ContainerStatus status && !all.states.update(status)) {
      return;
    }
    if (message instanceof Gap gap) {
      topics.figures().gap(gap);
    }
    encoder.encode(message, all.states.several());
    all.append(message, encoder.buffer(), encoder.start(), encoder.length());
    for (Topic topic : filtered.values()) {
      if (passes(message, topic)) {
        topic.append(message, encoder.buffer(), encoder.start(), encoder.length());
      } else if (message instanceof ContainerStatus status && Kind.of(status) == Kind.REMOVED) {
        topic.ring.forget(ContainerStates.source(status));
      }
    }
  }

  private static boolean passes(StreamMessage message, Topic topic) {
    if (message instanceof LogLine line) {
      return topic.filter.accepts(line);
    }
    if (message instanceof ContainerStatus status) {
      return topic.filter.acceptsContainer(status.container()) && topic.states.update(status);
    }
    return true;
  }

  private void signal() {
    List<Topic> topicsNow;
    synchronized (lock) {
      if (filtered.isEmpty()) {
        topicsNow = List.of();
      } else {
        topicsNow = List.copyOf(filtered.values());
      }
    }
    all.signal();
    topicsNow.forEach(Topic::signal);
  }

  private abstract class Reading implements Flow.Subscriber<StreamMessage> {
    @Override
    public void onSubscribe(Flow.Subscription subscribed) {
      boolean unwanted;
      synchronized (lock) {
        subscription = subscribed;
        unwanted = over;
      }
      if (unwanted) {
        subscribed.cancel();
      } else {
        subscribed.request(Long.MAX_VALUE); // the ring takes everything
      }
    }

    @Override
    public void onError(Throwable problem) {
      failed(problem);
    }
  }

  /** Reads what there is, and so finds out where that ends. */
  private final class History extends Reading {
    private final List<ContainerStatus> statuses = new ArrayList<>();

    @Override
    public void onNext(StreamMessage message) {
      synchronized (lock) {
        if (message instanceof ContainerStatus status) {
          statuses.add(status);
          if (!live) {
            all.states.update(status); // told to each viewer as it is let in
          }
          return;
        }
        if (message instanceof StreamEnd end) {
          historyEnd = end.cursor();
          return;
        }
        if (message instanceof LogLine line && historyLines++ == 0 && all.ring.head() == 0) {
          all.ring.begin(Positions.before(line.cursor()));
        }
        append(message);
      }
      signal();
    }

    @Override
    public void onComplete() {
      synchronized (lock) {
        if (over) {
          return;
        }
        if (live) {
          tellChanges();
        } else {
          goLive();
        }
      }
      signal();
      LogRequest follow =
          LogRequest.of(appId)
              .withTail(LogRequest.ALL)
              .withAfter(historyEnd)
              .withFollow(Follow.APP);
      read(follow, new Live());
    }

    private void goLive() {
      if (historyLines < topics.historyLines()) {
        all.beganAtTheStart();
      }
      if (historyEnd != null && historyLines == 0) {
        all.ring.begin(Positions.behind(historyEnd));
      } else if (historyEnd != null) {
        historyEnd.marks().forEach(all.ring.passed()::advance);
      }
      live = true;
      early.forEach(LogTopic.this::letIn);
      early.forEach(LogViewer::wakeSoon);
      early.clear();
    }

    private void tellChanges() {
      for (ContainerStatus known : List.copyOf(all.states.all())) {
        if (statuses.stream().noneMatch(s -> s.containerId().equals(known.containerId()))) {
          append(known.asRemoved(historyEnd));
        }
      }
      statuses.forEach(LogTopic.this::append);
    }
  }

  private final class Live extends Reading {
    private final Set<String> told = new HashSet<>();
    private boolean begun; // past the first statuses
    private boolean missedChange;

    @Override
    public void onNext(StreamMessage message) {
      if (message instanceof StreamEnd) {
        return; // onComplete follows
      }
      boolean goesOn;
      synchronized (lock) {
        if (missedChange) {
          return;
        }
        missedChange = !begun && tellsMissedChange(message);
        goesOn = !missedChange;
        if (goesOn) {
          append(message);
        }
      }
      if (goesOn) {
        signal();
      } else {
        readRest();
      }
    }

    /**
     * Whether a run ended, or a container went, between the history and this. Its last lines are
     * still to come then, and the status that is told here first belongs behind them.
     */
    private boolean tellsMissedChange(StreamMessage message) {
      if (message instanceof ContainerStatus status) {
        told.add(status.containerId());
        return all.states.endsRun(status);
      }
      begun = true;
      return all.states.all().stream().anyMatch(s -> !told.contains(s.containerId()));
    }

    private void readRest() {
      Flow.Subscription mine;
      synchronized (lock) {
        mine = subscription;
      }
      if (mine != null) {
        mine.cancel();
      }
      LogRequest rest =
          LogRequest.of(appId)
              .withTail(LogRequest.ALL)
              .withAfter(historyEnd)
              .withFollow(Follow.NONE);
      read(rest, new History());
    }

    @Override
    public void onComplete() {
      if (!isLeft()) {
        endAll(Topic::end);
        topics.forget(appId, LogTopic.this);
      }
    }

    @Override
    public void onError(Throwable problem) {
      if (!isLeft()) {
        super.onError(problem);
      }
    }

    private boolean isLeft() {
      synchronized (lock) {
        return missedChange;
      }
    }
  }
}
