package io.miststream.client;

import io.miststream.client.MistStreamClient.Settings;
import io.miststream.core.BlockingPublisher.CancelledException;
import io.miststream.core.BlockingPublisher.Emitter;
import io.miststream.core.ContainerStatus;
import io.miststream.core.Cursor;
import io.miststream.core.ErrorCode;
import io.miststream.core.HostMetrics;
import io.miststream.core.StreamEnd;
import io.miststream.core.StreamError;
import io.miststream.core.StreamException;
import io.miststream.core.StreamMessage;
import io.miststream.core.wire.WireCodec;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** One subscription's stream, over as many connections as it takes. For one thread. */
final class ServerStream {

  /** Where a stream is to be had. */
  interface Place {
    /**
     * An address.
     *
     * @param after the last message received, or null
     * @param all whether to ask for all there is, because some of it may be new
     */
    URI uri(@Nullable Cursor after, boolean all);
  }

  private final Settings settings;
  private final Place place;
  private final Backoff backoff;
  private final Map<String, ContainerStatus> states = new HashMap<>();
  private @Nullable Cursor after;
  private boolean all;
  private boolean resumed;
  private boolean catchingUp; // with samples, which have no cursor
  private @Nullable Instant newest;
  private long failingSince = System.nanoTime();

  /**
   * A stream.
   *
   * @param after where to begin, or null for its own beginning
   */
  ServerStream(Settings settings, Place place, @Nullable Cursor after) {
    this.settings = settings;
    this.place = place;
    this.after = after;
    this.backoff =
        new Backoff(
            settings.firstRetry(),
            settings.longestRetry(),
            () -> ThreadLocalRandom.current().nextDouble());
  }

  /** Hands on the stream to its end, or until nobody listens any more. */
  void read(Emitter out) throws CancelledException, InterruptedException {
    Failure failure = readOnce(out);
    while (failure != null && !out.isCancelled()) {
      waitFor(out, failure);
      resumed = true;
      catchingUp = true;
      failure = readOnce(out);
    }
  }

  /** Null if the stream is complete. */
  private @Nullable Failure readOnce(Emitter out) throws CancelledException {
    Cursor from = after;
    boolean heard = false;
    long began = System.nanoTime();
    Failure failure;
    Connection connection = new Connection(settings);
    out.onCancel(connection::close);
    try {
      connection.open(place.uri(after, all));
      while (true) {
        StreamMessage message = WireCodec.decode(connection.next());
        if (message instanceof StreamError error) {
          failure = Failure.of(error);
          break;
        }
        heard = true;
        if (message != null) {
          handOn(message, out);
        }
        if (message instanceof StreamEnd) {
          return null;
        }
      }
    } catch (FailedException e) {
      failure = e.failure();
    } finally {
      out.onCancel(null);
      connection.close();
    }
    boolean advanced = after != null && !after.equals(from);
    boolean lasted = System.nanoTime() - began > 2 * settings.longestRetry().toNanos();
    // A server that lets us in only to say that it has nothing to offer is no success.
    if (advanced || (heard && (lasted || failure.minWait().isZero()))) {
      failingSince = System.nanoTime();
    }
    if (advanced || lasted) {
      backoff.reset();
    }
    return failure;
  }

  private void handOn(StreamMessage message, Emitter out) throws CancelledException {
    if (message instanceof HostMetrics sample) {
      if (catchingUp && newest != null && !sample.timestamp().isAfter(newest)) {
        return; // of the history, which overlaps with what came before
      }
      catchingUp = false;
      newest = sample.timestamp();
      all = true; // what was sampled meanwhile is in the history
    }
    if (message.cursor() != null) {
      after = message.cursor();
    } else if (message instanceof ContainerStatus) {
      // The log was empty: asking for the same number of lines again would leave out what is
      // printed while we are away. Where the history was merely not read yet, this may bring
      // more of it than was asked for; but nothing is lost.
      all = true;
    }
    if (message instanceof ContainerStatus status) {
      ContainerStatus old =
          status.state().equals(ContainerStatus.REMOVED)
              ? states.remove(status.containerId())
              : states.put(status.containerId(), status);
      if (resumed && old != null && old.sameState(status)) {
        return; // each connection begins with the states, this one has told us nothing new
      }
    }
    out.emit(message);
  }

  private void waitFor(Emitter out, Failure failure) throws InterruptedException {
    StreamException error = failure.error();
    if (!failure.passing()) {
      throw error;
    }
    Duration delay = backoff.next();
    if (delay.compareTo(failure.minWait()) < 0) {
      delay = failure.minWait();
    }
    Duration failing = Duration.ofNanos(System.nanoTime() - failingSince);
    if (failing.plus(delay).compareTo(settings.giveUpAfter()) > 0) {
      if (settings.giveUpAfter().isZero()) {
        throw error;
      }
      throw new StreamException(
          ErrorCode.SOURCE_UNAVAILABLE,
          "gave up after " + failing.toSeconds() + " s: " + error.getMessage(),
          error);
    }
    settings.onRetry().accept(new Retry(backoff.attempts(), delay, error));
    CountDownLatch cancelled = new CountDownLatch(1);
    out.onCancel(cancelled::countDown);
    cancelled.await(delay.toNanos(), TimeUnit.NANOSECONDS);
    out.onCancel(null);
  }
}
