package io.miststream.server.http;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.glassfish.grizzly.ReadHandler;
import org.glassfish.grizzly.http.io.NIOInputStream;

/** Gathers the body of a request as it arrives, without a thread that waits for it. */
final class RequestBody implements ReadHandler {
  private final Exchange exchange;
  private final NIOInputStream in;
  private final int maxBytes;
  private final HttpLimits limits;
  private final AtomicLong room;
  private final Consumer<InputStream> next;
  private final long started = System.nanoTime();

  // Guarded by this.
  private final Gathered bytes = new Gathered();
  private boolean over;
  private int held;

  /**
   * A body that is not read yet.
   *
   * @param maxBytes most it may have
   * @param room how many bytes may be gathered now, by all requests together
   * @param next gets all of it, once
   */
  RequestBody(
      Exchange exchange,
      int maxBytes,
      HttpLimits limits,
      AtomicLong room,
      Consumer<InputStream> next) {
    this.exchange = exchange;
    this.in = exchange.request().getNIOInputStream();
    this.maxBytes = maxBytes;
    this.limits = limits;
    this.room = room;
    this.next = next;
  }

  void read() {
    exchange.onLeft(this::release);
    awaitMore();
  }

  private void awaitMore() {
    exchange.deadline(limits.bodyPause(), this::late);
    in.notifyAvailable(this);
  }

  @Override
  public void onDataAvailable() throws IOException {
    // Asking for more behind the end would have the transport read on, and take the body of the
    // next
    // request for more of this one. That it was the end is told next.
    if (take() && exchange.request().getRequest().isExpectContent()) {
      awaitMore();
    }
  }

  @Override
  public void onAllDataRead() throws IOException {
    if (!take()) {
      return;
    }
    exchange.noDeadline();
    InputStream all;
    synchronized (this) {
      if (over) {
        return;
      }
      over = true;
      all = bytes.read();
    }
    next.accept(all);
  }

  /** Takes what has arrived; false if no more is wanted. */
  private boolean take() throws IOException {
    Answer refusal = null;
    synchronized (this) {
      int size = in.readyData();
      if (over) {
        return false;
      } else if (bytes.size() + size > maxBytes) {
        refusal = tooLong(maxBytes);
      } else if (room.addAndGet(-size) < 0) {
        room.addAndGet(size);
        refusal = Answer.unavailable("unavailable", "Too much is being sent at once");
      } else {
        held += size;
        bytes.write(in.readNBytes(size));
      }
    }
    if (refusal == null && System.nanoTime() - started > limits.bodyTime().toNanos()) {
      refusal = tooLate(limits.bodyTime());
    }
    return refusal == null || !refuse(refusal);
  }

  static Answer tooLong(int maxBytes) {
    return Answer.error(413, "too_large", "The body is longer than " + maxBytes + " bytes");
  }

  private static Answer tooLate(Duration time) {
    return Answer.error(
            408, "timeout", "The body has not arrived within " + time.toMillis() + " ms")
        .with("Connection", "close");
  }

  private void late() {
    refuse(tooLate(limits.bodyPause()));
  }

  @Override
  public void onError(Throwable problem) {
    refuse(
        Answer.error(400, "invalid_request", "The body cannot be read")
            .with("Connection", "close"));
  }

  private boolean refuse(Answer answer) {
    synchronized (this) {
      if (over) {
        return true;
      }
      over = true;
    }
    release();
    exchange.answer(answer);
    return true;
  }

  /** Makes room for others; once the body is no longer needed. */
  void release() {
    synchronized (this) {
      over = true;
      room.addAndGet(held);
      held = 0;
    }
  }

  /** Can be read without being copied. */
  private static final class Gathered extends ByteArrayOutputStream {
    InputStream read() {
      return new ByteArrayInputStream(buf, 0, count);
    }
  }
}
