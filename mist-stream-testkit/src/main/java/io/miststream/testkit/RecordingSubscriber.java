package io.miststream.testkit;

import io.miststream.core.ContainerStatus;
import io.miststream.core.LogLine;
import io.miststream.core.StreamMessage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Keeps what it is sent, and asks for more only when told to. Its waiting methods throw an {@link
 * AssertionError} that says what has come so far if it takes longer than {@link #PATIENCE}.
 * Thread-safe.
 */
public final class RecordingSubscriber implements Flow.Subscriber<StreamMessage> {

  /** How long to wait for anything: 60 s. */
  public static final Duration PATIENCE = Duration.ofSeconds(60);

  private static final int SHOWN = 20;

  private final List<StreamMessage> messages = new ArrayList<>(); // guarded by this
  private Flow.@Nullable Subscription subscription; // guarded by this
  private @Nullable Throwable error; // guarded by this
  private boolean complete; // guarded by this
  private boolean signalled; // guarded by this
  private final AtomicInteger signals = new AtomicInteger(); // being received now
  private final AtomicInteger violations = new AtomicInteger();
  private long wanted; // guarded by this

  /** A subscriber that has asked for nothing yet. */
  public static RecordingSubscriber create() {
    return new RecordingSubscriber(0);
  }

  /** A subscriber that asks for everything. */
  public static RecordingSubscriber unbounded() {
    return new RecordingSubscriber(Long.MAX_VALUE);
  }

  /** Subscribes a new one that asks for everything. */
  public static RecordingSubscriber to(Flow.Publisher<StreamMessage> publisher) {
    RecordingSubscriber subscriber = unbounded();
    publisher.subscribe(subscriber);
    return subscriber;
  }

  private RecordingSubscriber(long wanted) {
    this.wanted = wanted;
  }

  @Override
  public void onSubscribe(Flow.Subscription given) {
    long first;
    enter();
    synchronized (this) {
      if (subscription != null) {
        violations.incrementAndGet();
      }
      subscription = given;
      first = wanted;
      wanted = 0;
      notifyAll();
    }
    signals.decrementAndGet();
    if (first > 0) {
      given.request(first);
    }
  }

  @Override
  public void onNext(StreamMessage message) {
    receive(() -> messages.add(message));
  }

  @Override
  public void onError(Throwable cause) {
    receive(
        () -> {
          error = cause;
          signalled = true;
        });
  }

  @Override
  public void onComplete() {
    receive(
        () -> {
          complete = true;
          signalled = true;
        });
  }

  private void receive(Runnable signal) {
    enter(); // before waiting for the lock, or overlapping signals would look serial
    synchronized (this) {
      if (signalled || subscription == null) {
        violations.incrementAndGet();
      }
      signal.run();
      notifyAll();
    }
    signals.decrementAndGet();
  }

  private void enter() {
    if (signals.incrementAndGet() > 1) {
      violations.incrementAndGet();
    }
  }

  /** Asks for {@code n} more; before {@code onSubscribe} that is kept for later. */
  public void request(long n) {
    Flow.Subscription now;
    synchronized (this) {
      now = subscription;
      if (now == null) {
        wanted += n;
        return;
      }
    }
    now.request(n);
  }

  /** Cancels; waits for {@code onSubscribe} if that has not come yet. */
  public void cancel() {
    Flow.Subscription now;
    synchronized (this) {
      await("a subscription", () -> subscription != null);
      now = subscription;
    }
    if (now != null) {
      now.cancel();
    }
  }

  /** Everything so far. */
  public synchronized List<StreamMessage> messages() {
    return List.copyOf(messages);
  }

  /** The messages of one kind so far. */
  public <T extends StreamMessage> List<T> messages(Class<T> kind) {
    return messages().stream().filter(kind::isInstance).map(kind::cast).toList();
  }

  /** The texts of the log lines so far. */
  public List<String> lines() {
    return messages(LogLine.class).stream().map(LogLine::line).toList();
  }

  /** The states of the containers so far. */
  public List<String> states() {
    return messages(ContainerStatus.class).stream().map(ContainerStatus::state).toList();
  }

  /** What it failed with, or null. */
  public synchronized @Nullable Throwable error() {
    return error;
  }

  /** Whether it has completed normally. */
  public synchronized boolean isComplete() {
    return complete;
  }

  /**
   * How many signals came where none may: behind the terminal one, before {@code onSubscribe}, or
   * while another was still being received.
   */
  public int violations() {
    return violations.get();
  }

  /** Waits until there are {@code n} messages of one kind, and returns the first {@code n}. */
  public <T extends StreamMessage> List<T> await(Class<T> kind, int n) {
    await(n + " of " + kind.getSimpleName(), n, kind::isInstance);
    return messages(kind).subList(0, n);
  }

  /** Waits until there are {@code n} lines, and returns the texts of all there are. */
  public List<String> awaitLines(int n) {
    await(LogLine.class, n);
    return lines();
  }

  /** Waits for a line with this text. */
  public void awaitLine(String text) {
    await("the line " + text, 1, m -> m instanceof LogLine line && line.line().equals(text));
  }

  /** Waits for {@code n} messages of a kind. Looks at each once, for there can be many. */
  private synchronized void await(String what, int n, Predicate<StreamMessage> kind) {
    int[] seen = {0, 0}; // messages, and those of the kind among them
    await(
        what,
        () -> {
          while (seen[1] < n && seen[0] < messages.size()) {
            seen[1] += kind.test(messages.get(seen[0]++)) ? 1 : 0;
          }
          return seen[1] >= n;
        });
  }

  /** Waits until it has completed normally. */
  public RecordingSubscriber awaitComplete() {
    await("the end", () -> signalled);
    if (!isComplete()) {
      throw new AssertionError("failed instead of completing", error());
    }
    return this;
  }

  /** Waits until it has failed, and returns the cause. */
  public Throwable awaitError() {
    await("an error", () -> signalled);
    Throwable cause = error();
    if (cause == null) {
      throw new AssertionError("completed instead of failing" + soFar());
    }
    return cause;
  }

  /** Waits until something is so; checked whenever a signal arrives. */
  public synchronized void await(String what, BooleanSupplier condition) {
    await(what, condition, PATIENCE);
  }

  /** Waits, at most that long, until something is so; checked whenever a signal arrives. */
  public synchronized void await(String what, BooleanSupplier condition, Duration patience) {
    long end = System.nanoTime() + patience.toNanos();
    while (!condition.getAsBoolean()) {
      long left = (end - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        throw new AssertionError("waited in vain for " + what + soFar());
      }
      try {
        wait(left);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError("interrupted while waiting for " + what, e);
      }
    }
  }

  private synchronized String soFar() {
    int from = Math.max(0, messages.size() - SHOWN);
    StringBuilder text = new StringBuilder();
    text.append("; ").append(messages.size()).append(" messages, complete=").append(complete);
    text.append(", error=").append(error).append(", the last ones:");
    for (StreamMessage message : messages.subList(from, messages.size())) {
      String line = message.toString();
      text.append("\n  ").append(line, 0, Math.min(line.length(), 200));
    }
    return text.toString();
  }
}
