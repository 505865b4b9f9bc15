package io.miststream.server.http;

import io.miststream.server.security.Entrance.Visit;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.glassfish.grizzly.Connection;
import org.glassfish.grizzly.EmptyCompletionHandler;
import org.glassfish.grizzly.WriteHandler;
import org.glassfish.grizzly.http.Method;
import org.glassfish.grizzly.http.io.NIOOutputStream;
import org.glassfish.grizzly.http.server.Request;
import org.glassfish.grizzly.http.server.Response;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A request and its answer, which may be given once, later, and by any thread. Sending it holds no
 * thread: where the client reads slowly, it goes on when there is room again.
 */
final class Exchange implements WriteHandler {
  private static final Logger LOG = LoggerFactory.getLogger(Exchange.class);
  private static final int CHUNK_BYTES = 64 << 10;
  private static final int CHUNKS_AT_A_TIME = 16; // then others have their turn

  private final Request request;
  private final Response response;
  private final Connection<?> connection;
  private final Workers workers;
  private final Duration stall;
  private final AtomicBoolean answered = new AtomicBoolean();
  private volatile Runnable late = () -> {};
  private volatile Runnable left = () -> {};
  private volatile boolean gone;
  private volatile @Nullable Answer answer; // from answer() on the sender's, one thread at a time
  private byte[] chunk = {};

  /** Suspends the response: from here on it is answered by {@link #answer} alone. */
  Exchange(Request request, Response response, Workers workers, Duration stall) {
    this.request = request;
    this.response = response;
    this.connection = request.getContext().getConnection();
    this.workers = workers;
    this.stall = stall;
    response.suspend(
        0,
        TimeUnit.MILLISECONDS,
        new EmptyCompletionHandler<>() {
          @Override
          public void cancelled() {
            gone = true;
            left.run();
          }
        },
        timedOut -> {
          late.run();
          return false; // not for the transport to cancel
        });
  }

  Request request() {
    return request;
  }

  /** What the one at the entrance has found. */
  Visit visit() {
    return (Visit) request.getRequest().getAttribute(Visit.ATTRIBUTE);
  }

  /** What to do when the client leaves before it has its answer; replaces what was set before. */
  void onLeft(Runnable action) {
    left = action;
    if (gone) {
      action.run();
    }
  }

  /** What to do unless this is called again in time. */
  void deadline(Duration time, Runnable action) {
    late = action;
    response.getSuspendContext().setTimeout(time.toMillis(), TimeUnit.MILLISECONDS);
  }

  void noDeadline() {
    late = () -> {};
    response.getSuspendContext().setTimeout(-1, TimeUnit.MILLISECONDS);
  }

  /** Sends an answer, if it is the first. Returns at once. */
  void answer(Answer given) {
    if (!answered.compareAndSet(false, true)) {
      close(given);
      return;
    }
    answer = given;
    onLeft(() -> close(given));
    response.setStatus(given.status());
    response.setContentType(given.type());
    if (given.length() >= 0) {
      response.setContentLength(given.length());
    }
    response.setHeader("Cache-Control", "no-store");
    response.setHeader("X-Content-Type-Options", "nosniff");
    response.setHeader("Referrer-Policy", "no-referrer");
    response.setHeader(
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'");
    given.headers().forEach(response::setHeader);
    // What is not in memory is in a file, and reading that may block.
    chunk = new byte[given.length() < 0 ? CHUNK_BYTES : Math.min(given.length(), CHUNK_BYTES)];
    onWritePossible();
  }

  @Override
  public void onWritePossible() {
    Answer sending = answer;
    if (sending != null && sending.length() >= 0) {
      send(sending);
    } else if (sending != null) {
      workers.goOn(() -> send(sending));
    }
  }

  private void send(Answer sending) {
    try {
      NIOOutputStream out = response.getNIOOutputStream();
      boolean withBody = !request.getMethod().equals(Method.HEAD);
      for (int i = 0; i < CHUNKS_AT_A_TIME && !gone; i++) {
        deadline(stall, this::drop);
        if (!out.canWrite()) {
          out.notifyCanWrite(this);
          return;
        }
        noDeadline(); // while the next piece is made: that is not the client's fault
        int length = withBody ? sending.body().read(chunk, this::onWritePossible) : -1;
        if (length == 0) {
          return; // another thread may be at it already
        }
        if (length < 0) {
          close(sending);
          finish(sending);
          return;
        }
        out.write(chunk, 0, length);
        if (sending.length() < 0) {
          out.flush(); // the next piece may be long in coming
        }
      }
      workers.goOn(() -> send(sending));
    } catch (IOException | RuntimeException e) {
      onError(e);
    }
  }

  private void finish(Answer sent) {
    if (!gone) {
      response.resume();
    }
    if (sent.headers().containsKey("Connection")) {
      connection.closeSilently(); // when it is sent; the transport would wait for more of the body
    }
  }

  /** Sending fails, most often because the client has gone; it must not look like the end. */
  @Override
  public void onError(Throwable problem) {
    LOG.debug("Answering on {} failed", connection, problem);
    Answer sending = answer;
    if (sending != null) {
      close(sending);
    }
    drop();
  }

  private void drop() {
    connection.terminateSilently();
  }

  private static void close(Answer done) {
    try {
      done.body().close();
    } catch (IOException e) {
      LOG.debug("Closing a body failed", e);
    }
  }
}
