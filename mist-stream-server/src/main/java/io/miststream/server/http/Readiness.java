package io.miststream.server.http;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks whether the server is ready, on a thread of its own and one question at a time: whoever asks
 * meanwhile gets the same answer, so that a check that hangs holds up nobody else.
 */
public final class Readiness implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Readiness.class);

  private final Supplier<Optional<String>> check;
  private final Duration timeout;
  private final ScheduledExecutorService threads;
  private @Nullable List<Consumer<Optional<String>>> asking; // guarded by this; null: nobody asks
  private boolean running; // guarded by this
  private volatile boolean shuttingDown;

  /**
   * A check that is run when somebody asks.
   *
   * @param check empty if all is well, else the reason why not; may block
   * @param timeout after which no answer counts as not ready
   */
  public Readiness(Supplier<Optional<String>> check, Duration timeout) {
    this.check = check;
    this.timeout = timeout;
    this.threads =
        Executors.newScheduledThreadPool(
            2, // one that may hang in the check, one that gives up on it
            task -> {
              Thread thread = new Thread(task, "mist-stream-readiness");
              thread.setDaemon(true);
              return thread;
            });
  }

  /** From now on the answer is no. */
  public void shutDown() {
    shuttingDown = true;
  }

  /** Ends the threads; a check that hangs is interrupted. Questions after this stay unanswered. */
  @Override
  public void close() {
    threads.shutdownNow();
  }

  /** Answers with why the server is not ready, or with nothing; on another thread or at once. */
  void check(Consumer<Optional<String>> answer) {
    if (shuttingDown) {
      answer.accept(Optional.of("The server is shutting down"));
      return;
    }
    synchronized (this) {
      if (asking != null) {
        asking.add(answer);
        return;
      }
      List<Consumer<Optional<String>>> round = new ArrayList<>();
      round.add(answer);
      asking = round;
      Future<?> unused =
          threads.schedule(
              () -> answer(round, Optional.of("The check has not answered in time")),
              timeout.toMillis(),
              TimeUnit.MILLISECONDS);
      if (!running) {
        running = true;
        threads.execute(this::run);
      }
    }
  }

  private void run() {
    Optional<String> result;
    try {
      result = check.get();
    } catch (RuntimeException | Error e) { // whatever it is, the next question is to be asked
      LOG.warn("The readiness check failed", e);
      result = Optional.of("The check failed");
    }
    List<Consumer<Optional<String>>> round;
    synchronized (this) {
      running = false;
      round = asking;
    }
    if (round != null) {
      answer(round, result);
    }
  }

  private void answer(List<Consumer<Optional<String>>> round, Optional<String> result) {
    synchronized (this) {
      if (asking != round) {
        return; // answered already
      }
      asking = null;
    }
    round.forEach(one -> one.accept(result));
  }
}
