package io.miststream.core;

import java.util.Objects;
import java.util.concurrent.Flow;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A cold {@link Flow.Publisher} around a blocking reader: each subscription runs the reader on a
 * thread of its own, which waits wherever the subscriber has asked for no more. For providers, so
 * that none has to implement the rules of Reactive Streams by hand.
 */
public final class BlockingPublisher implements Flow.Publisher<StreamMessage> {

  /** Reads until there is no more, handing on what it reads. */
  @FunctionalInterface
  public interface Reader {
    /**
     * Runs on a thread of this subscription. Returning completes the stream, throwing fails it.
     *
     * @throws CancelledException passed on from {@link Emitter#emit}
     */
    void read(Emitter out) throws Exception;
  }

  /** The subscription has been cancelled; let it pass through and clean up on the way. */
  public static final class CancelledException extends Exception {
    private static final long serialVersionUID = 1L;

    CancelledException() {
      super("cancelled", null, false, false);
    }
  }

  private final ThreadFactory threads;
  private final Reader reader;

  /**
   * @param threads makes the thread of each subscription
   * @param reader run once per subscription
   */
  public BlockingPublisher(ThreadFactory threads, Reader reader) {
    this.threads = threads;
    this.reader = reader;
  }

  @Override
  public void subscribe(Flow.Subscriber<? super StreamMessage> subscriber) {
    Emitter emitter = new Emitter(Objects.requireNonNull(subscriber));
    subscriber.onSubscribe(emitter);
    threads.newThread(() -> emitter.run(reader)).start();
  }

  /** Hands messages to one subscriber. Thread-safe: several reading threads can share it. */
  public static final class Emitter implements Flow.Subscription {
    private final Flow.Subscriber<? super StreamMessage> subscriber;
    // Held across onNext, for signals are serial; never taken by request or cancel, which are
    // quick.
    private final ReentrantLock signals = new ReentrantLock();
    private final Object state = new Object();
    private long demand; // guarded by state
    private boolean cancelled; // guarded by state
    private boolean finished; // the reader has returned; guarded by state
    private @Nullable String badRequest; // guarded by state
    private @Nullable Runnable onCancel; // guarded by state

    private Emitter(Flow.Subscriber<? super StreamMessage> subscriber) {
      this.subscriber = subscriber;
    }

    /**
     * Hands on one message, waiting until the subscriber has asked for it.
     *
     * @throws CancelledException if the subscription is over
     */
    public void emit(StreamMessage message) throws CancelledException {
      signals.lock();
      try {
        awaitDemand();
        subscriber.onNext(message);
      } finally {
        signals.unlock();
      }
    }

    private void awaitDemand() throws CancelledException {
      boolean interrupted = false;
      synchronized (state) {
        while (demand == 0 && !isOver()) {
          try {
            state.wait();
          } catch (InterruptedException e) {
            interrupted = true; // only cancelling ends a subscription; told to the reader below
          }
        }
        if (interrupted) {
          Thread.currentThread().interrupt();
        }
        if (isOver()) {
          throw new CancelledException();
        }
        if (demand != Long.MAX_VALUE) {
          demand--;
        }
      }
    }

    /** Whether nobody listens any more. */
    public boolean isCancelled() {
      synchronized (state) {
        return isOver();
      }
    }

    private boolean isOver() {
      return cancelled || finished || badRequest != null;
    }

    /**
     * What to do when the subscription is cancelled, such as closing what the reader is blocked in.
     * Runs at once if it is cancelled already, at most once otherwise; replaces what was set
     * before; null takes it back.
     */
    public void onCancel(@Nullable Runnable action) {
      synchronized (state) {
        if (!isOver() || action == null) {
          onCancel = action;
          return;
        }
      }
      action.run();
    }

    @Override
    public void request(long n) {
      synchronized (state) {
        if (n > 0) {
          demand = demand + n < 0 ? Long.MAX_VALUE : demand + n;
          state.notifyAll();
          return;
        }
        if (isOver()) {
          return;
        }
        badRequest = "request of " + n + ": must be positive (Reactive Streams, rule 3.9)";
      }
      wakeReader();
    }

    @Override
    public void cancel() {
      synchronized (state) {
        cancelled = true;
      }
      wakeReader();
    }

    private void wakeReader() {
      Runnable action;
      synchronized (state) {
        action = onCancel;
        onCancel = null;
        state.notifyAll();
      }
      if (action != null) {
        action.run();
      }
    }

    private void run(Reader reader) {
      Throwable failure = null;
      try {
        reader.read(this);
      } catch (CancelledException e) {
        // Told below if the subscriber broke a rule; nobody listens otherwise.
      } catch (Throwable e) {
        failure = e;
      }
      synchronized (state) {
        if (cancelled) {
          return;
        }
        if (badRequest != null) {
          failure = new IllegalArgumentException(badRequest);
        }
        finished = true;
        state.notifyAll(); // a second reading thread that waits for demand must not hold this up
      }
      signals.lock();
      try {
        if (failure != null) {
          subscriber.onError(failure);
        } else {
          subscriber.onComplete();
        }
      } finally {
        signals.unlock();
      }
    }
  }
}
