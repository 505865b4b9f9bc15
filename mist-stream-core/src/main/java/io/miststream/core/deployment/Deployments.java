package io.miststream.core.deployment;

import io.miststream.core.ErrorCode;
import io.miststream.core.StreamException;
import io.miststream.core.deployment.Cancellation.CancelledException;
import io.miststream.core.topic.Pump;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Lets deployments happen: one at a time for an app, those of different apps side by side, the
 * others waiting as pending.
 *
 * <p>Thread-safe. Each deployment that is going on has a daemon thread. The journal and the
 * deployer stay the caller's.
 */
public final class Deployments implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Deployments.class.getName());

  private static final String STOPPED = "Deployment stopped";
  private static final String SHUTDOWN = "The deployment was interrupted: the server was stopped";

  private final DeploymentJournal journal;
  private final Deployer deployer;
  private final int maxRunning;
  private final int maxWaiting;
  private final Duration silence;
  private final ThreadPoolExecutor threads;
  private final ScheduledThreadPoolExecutor timer;

  // Guarded by this.
  private final Map<Long, Task> running = new HashMap<>(); // by app
  private final ArrayDeque<Task> waiting = new ArrayDeque<>();
  private final Map<Long, DeploymentReporter> reported = new LinkedHashMap<>();
  private boolean recovered;
  private boolean closed;

  private static final class Task {
    final DeploymentReporter report;
    final Cancellation cancellation = new Cancellation();

    Task(DeploymentReporter report) {
      this.report = report;
    }
  }

  private Deployments(Builder builder) {
    journal = builder.journal;
    deployer = builder.deployer;
    maxRunning = builder.maxRunning;
    maxWaiting = builder.maxWaiting;
    silence = builder.silence;
    threads =
        new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE, // the queue is ours
            10,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            Pump.daemons("mist-deployment"));
    timer = new ScheduledThreadPoolExecutor(1, Pump.daemons("mist-deployments-timer"));
    long period = Math.max(1, Math.min(1000, silence.toMillis() / 4));
    Future<?> unused =
        timer.scheduleWithFixedDelay(this::endSilent, period, period, TimeUnit.MILLISECONDS);
    threads.execute(this::recover);
  }

  /** The server need not wait for this, which may take long where an engine does not answer. */
  private void recover() {
    try {
      deployer.recover();
    } catch (RuntimeException | Error e) {
      LOG.log(System.Logger.Level.ERROR, "Recovering interrupted deployments failed", e);
    }
    synchronized (this) {
      recovered = true;
      if (!closed) {
        startNext();
      }
    }
  }

  /**
   * Deployments with the defaults.
   *
   * @param journal where they are told; open for as long as this
   * @param deployer carries them out; its {@link Deployer#recover} is called when this is built, on
   *     a thread of its own, and the first deployment waits for that
   */
  public static Builder builder(DeploymentJournal journal, Deployer deployer) {
    return new Builder(journal, deployer);
  }

  /** The journal they are told in. */
  public DeploymentJournal journal() {
    return journal;
  }

  /**
   * Starts a deployment, or has it wait for its turn.
   *
   * @return its id
   * @throws StreamException {@code INVALID_REQUEST} if the app cannot be deployed, {@code
   *     SOURCE_UNAVAILABLE} if too many wait already or the server is going away
   * @throws JournalException if it cannot be saved
   */
  public long start(long appId) {
    String problem = deployer.problem(appId);
    if (problem != null) {
      throw new StreamException(ErrorCode.INVALID_REQUEST, problem);
    }
    synchronized (this) {
      checkOpen();
      if (waiting.size() >= maxWaiting) {
        throw new StreamException(
            ErrorCode.SOURCE_UNAVAILABLE, "Too many deployments wait already; try again later");
      }
      String message =
          running.containsKey(appId)
              ? "Waiting for another deployment of this app"
              : running.size() >= maxRunning
                  ? "Waiting for other deployments"
                  : "Deployment queued";
      Task task = new Task(journal.begin(appId, message));
      waiting.add(task);
      startNext();
      return task.report.deploymentId();
    }
  }

  /**
   * Begins a deployment that somebody else carries out and reports. If nothing is reported for too
   * long, it is ended as failed.
   *
   * @throws StreamException {@code SOURCE_UNAVAILABLE} if the server is going away
   * @throws JournalException if it cannot be saved
   */
  public DeploymentReporter report(long appId) {
    synchronized (this) {
      checkOpen();
      DeploymentReporter report = journal.begin(appId, "Waiting for the builder's report");
      reported.put(report.deploymentId(), report);
      return report;
    }
  }

  /**
   * What takes the events of a deployment that was begun by {@link #report}, also once it is over:
   * events that were taken before may be sent again.
   *
   * @return null if there is no such deployment
   * @throws StreamException {@code INVALID_REQUEST} if it is one that is carried out here
   * @throws IOException if its journal cannot be read
   */
  public @Nullable DeploymentEvents events(long id) throws IOException {
    synchronized (this) {
      DeploymentReporter report = reported.get(id);
      if (report != null) {
        return new DeploymentEvents(report);
      }
    }
    boolean over = isOver(id);
    try (InputStream told = journal.read(id)) {
      if (told == null) {
        return null;
      }
      if (!over) {
        throw new StreamException(
            ErrorCode.INVALID_REQUEST, "Deployment " + id + " is not reported from outside");
      }
      return new DeploymentEvents(DeploymentEvents.lastSeq(new BufferedInputStream(told)));
    }
  }

  private boolean isOver(long id) {
    return journal.deployment(id).map(deployment -> deployment.state().isFinal()).orElse(true);
  }

  private void checkOpen() {
    if (closed) {
      throw new StreamException(ErrorCode.SOURCE_UNAVAILABLE, "The server is shutting down");
    }
  }

  /**
   * Calls a deployment off. It ends as stopped within 2 s, or in the way it was about to end at
   * this moment; one that is over stays as it is.
   *
   * @return false if there is no such deployment, or it is over
   */
  public boolean stop(long id) {
    Task going;
    DeploymentReporter report;
    synchronized (this) {
      going = find(running.values(), id);
      Task pending = find(waiting, id);
      waiting.remove(pending);
      DeploymentReporter outside = reported.get(id);
      report = pending == null ? outside : pending.report;
    }
    if (going != null && !going.report.isOver()) {
      going.cancellation.cancel(); // without the lock: it may have something to close
      return true;
    }
    return report != null && end(report, () -> report.stopped(STOPPED));
  }

  private static @Nullable Task find(Collection<Task> tasks, long id) {
    return tasks.stream().filter(task -> task.report.deploymentId() == id).findFirst().orElse(null);
  }

  /** With the lock held: lets those begin whose turn it is. */
  private void startNext() {
    for (Task task : List.copyOf(waiting)) {
      long appId = task.report.appId();
      if (recovered && running.size() < maxRunning && !running.containsKey(appId)) {
        waiting.remove(task);
        running.put(appId, task);
        threads.execute(() -> run(task));
      }
    }
  }

  private void run(Task task) {
    DeploymentReporter report = task.report;
    try {
      deployer.deploy(report.appId(), report, task.cancellation);
      end(report, () -> report.succeed("Deployment complete"));
    } catch (CancelledException e) {
      end(report, () -> stopped(report));
    } catch (DeploymentFailedException e) {
      end(report, () -> report.fail(String.valueOf(e.getMessage())));
    } catch (JournalException e) {
      // The journal has told it itself, as far as that was possible.
    } catch (RuntimeException | Error e) {
      LOG.log(System.Logger.Level.ERROR, "Deployment " + report.deploymentId() + " failed", e);
      end(report, () -> report.fail("Something went wrong on the server"));
    } finally {
      synchronized (this) {
        running.remove(report.appId(), task);
        if (!closed) {
          startNext();
        }
      }
    }
  }

  private void stopped(DeploymentReporter report) {
    boolean shutdown;
    synchronized (this) {
      shutdown = closed;
    }
    if (shutdown) {
      report.fail(SHUTDOWN);
    } else {
      report.stopped(STOPPED);
    }
  }

  /** Ends a deployment; false if it has ended already, or that cannot be saved. */
  private static boolean end(DeploymentReporter report, Runnable ending) {
    try {
      ending.run();
      return true;
    } catch (JournalException | IllegalStateException e) {
      LOG.log(
          System.Logger.Level.DEBUG, "Deployment " + report.deploymentId() + " is over already", e);
      return false;
    }
  }

  private void endSilent() {
    List<DeploymentReporter> silent = new ArrayList<>();
    synchronized (this) {
      // Not before that is shown: until then its events are looked for here.
      reported.keySet().removeIf(this::isOver);
      for (DeploymentReporter report : reported.values()) {
        if (!report.isOver() && report.silence() > silence.toNanos()) {
          silent.add(report);
        }
      }
    }
    for (DeploymentReporter report : silent) {
      end(report, () -> report.fail("Nothing was reported for " + silence.toSeconds() + " s"));
    }
  }

  /**
   * Starts nothing more, calls off what is going on, and waits for that, for 5 s at most. What was
   * going on or waiting ends as failed.
   */
  @Override
  public void close() {
    List<DeploymentReporter> rest = new ArrayList<>();
    List<Task> going;
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      waiting.forEach(task -> rest.add(task.report));
      waiting.clear();
      rest.addAll(reported.values());
      reported.clear();
      going = List.copyOf(running.values());
    }
    going.forEach(task -> task.cancellation.cancel());
    for (DeploymentReporter report : rest) {
      end(report, () -> report.fail(SHUTDOWN));
    }
    timer.shutdownNow();
    threads.shutdown();
    try {
      threads.awaitTermination(5, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Settings of {@link Deployments}. Not thread-safe. */
  public static final class Builder {
    private final DeploymentJournal journal;
    private final Deployer deployer;
    private int maxRunning = 4;
    private int maxWaiting = 100;
    private Duration silence = Duration.ofMinutes(10);

    private Builder(DeploymentJournal journal, Deployer deployer) {
      this.journal = journal;
      this.deployer = deployer;
    }

    /** Most deployments that go on at a time; default 4, 1 or more. */
    public Builder maxRunning(int deployments) {
      maxRunning = atLeastOne("maxRunning", deployments);
      return this;
    }

    /** Most deployments that wait for their turn; default 100, 1 or more. */
    public Builder maxWaiting(int deployments) {
      maxWaiting = atLeastOne("maxWaiting", deployments);
      return this;
    }

    /**
     * How long somebody who reports a deployment may say nothing before it counts as failed;
     * default 10 min, positive.
     */
    public Builder silence(Duration time) {
      if (time.isZero() || time.isNegative()) {
        throw new IllegalArgumentException("silence must be positive");
      }
      silence = time;
      return this;
    }

    private static int atLeastOne(String name, int number) {
      if (number < 1) {
        throw new IllegalArgumentException(name + " must be positive");
      }
      return number;
    }

    /** The deployments. */
    public Deployments build() {
      return new Deployments(this);
    }
  }
}
