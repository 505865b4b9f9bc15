package io.miststream.cli;

import io.miststream.core.StreamMessage;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * Hands a stream from its thread to another that takes it message by message, and can see whether
 * there is more. A few messages wait in between; for the rest the stream has to wait.
 */
final class LogQueue implements Flow.Subscriber<StreamMessage> {
  private static final int ROOM = 128;
  private static final int BATCH = ROOM / 2;

  // All guarded by this.
  private final ArrayDeque<StreamMessage> messages = new ArrayDeque<>();
  private Flow.@Nullable Subscription subscription;
  private @Nullable Throwable failure;
  private boolean over;
  private boolean cancelled;
  private int taken;

  @Override
  public void onSubscribe(Flow.Subscription subscribed) {
    boolean unwanted;
    synchronized (this) {
      subscription = subscribed;
      unwanted = cancelled;
    }
    if (unwanted) {
      subscribed.cancel();
    } else {
      subscribed.request(ROOM);
    }
  }

  @Override
  public synchronized void onNext(StreamMessage message) {
    messages.add(message);
    notifyAll();
  }

  @Override
  public synchronized void onError(Throwable problem) {
    failure = problem;
    over = true;
    notifyAll();
  }

  @Override
  public synchronized void onComplete() {
    over = true;
    notifyAll();
  }

  /** Whether {@link #take} would have to wait. */
  synchronized boolean isIdle() {
    return messages.isEmpty() && !over;
  }

  /** The next message, waiting for it; null behind the last. */
  @Nullable StreamMessage take() throws InterruptedException {
    StreamMessage message;
    Flow.Subscription more = null;
    synchronized (this) {
      while (messages.isEmpty() && !over) {
        wait();
      }
      message = messages.poll();
      if (message != null && ++taken == BATCH) {
        taken = 0;
        more = subscription;
      }
    }
    if (more != null) {
      more.request(BATCH);
    }
    return message;
  }

  /** Why there is no more, null if the stream is complete. */
  synchronized @Nullable Throwable failure() {
    return failure;
  }

  /** Ends the stream. */
  void cancel() {
    Flow.Subscription now;
    synchronized (this) {
      cancelled = true;
      now = subscription;
    }
    if (now != null) {
      Objects.requireNonNull(now).cancel();
    }
  }
}
