package io.miststream.core.topic;

import io.miststream.core.StreamError;
import io.miststream.core.wire.Frames;
import io.miststream.core.wire.MessageEncoder;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One connection's position in a stream.
 *
 * <p>Whoever owns the connection polls it when the connection can take more, and is told by {@link
 * #onReady} when it is worth polling again. Polls may come from any thread, one at a time.
 */
public abstract class Viewer implements AutoCloseable {
  private final Executor pump;
  private final Traffic traffic;
  private final AtomicBoolean waiting = new AtomicBoolean();
  private volatile @Nullable Runnable ready;
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile @Nullable StreamClose ended;
  private int taken; // messages of this poll; guarded by this
  private volatile @Nullable ByteBuffer lastWord; // what refuse() has to say
  private boolean lastWordTaken; // by the last poll, or one before; guarded by this

  /**
   * A viewer of a kind of stream.
   *
   * @param pump runs the action of {@link #onReady}
   * @param traffic counts it, until it is closed, and what it is sent
   */
  protected Viewer(Executor pump, Traffic traffic) {
    this.pump = pump;
    this.traffic = traffic;
    traffic.came();
  }

  /**
   * Sets what to run whenever there may be something after a poll that returned nothing; it is run
   * once now. Call it once, when the connection is ready to be written to. It runs on a shared
   * thread and must not block.
   */
  public final void onReady(Runnable action) {
    ready = action;
    pump.execute(action);
  }

  /**
   * Takes what is to be sent next: slices of whole ready-made WebSocket frames (text, unmasked),
   * not to be written to.
   *
   * @param out gets the slices, in order; stays empty if there is nothing now
   * @param maxBytes most bytes to take together, unless the first frame alone is longer
   */
  public final synchronized void poll(List<ByteBuffer> out, int maxBytes) {
    taken = 0;
    if (lastWord != null) {
      sayLastWord(out, lastWord);
      return;
    }
    while (!isClosed() && ended == null && !fill(out, maxBytes)) {
      waiting.set(true);
      awaitNews();
      if (!hasNews() || !waiting.compareAndSet(true, false)) {
        break; // nothing, or somebody has just noticed and runs the action
      }
    }
    if (taken > 0) {
      traffic.sent(taken, bytes(out));
    }
  }

  private void sayLastWord(List<ByteBuffer> out, ByteBuffer word) {
    if (!lastWordTaken && !isClosed()) {
      lastWordTaken = true;
      out.add(word.duplicate());
      traffic.sent(1, word.remaining());
    }
  }

  private static long bytes(List<ByteBuffer> slices) {
    long bytes = 0;
    for (int i = 0; i < slices.size(); i++) {
      bytes += slices.get(i).remaining();
    }
    return bytes;
  }

  /**
   * Takes back what did not go out of the last poll, so that a connection that is stuck holds
   * nothing but a position.
   *
   * @param polled the slices of the last poll, as they were
   * @param sent how many of their bytes did go out, fewer than all
   * @return what is still to be sent before the next poll: the rest of the frame that was cut, or
   *     the first frame
   */
  public final synchronized ByteBuffer takeBack(List<ByteBuffer> polled, int sent) {
    taken = 0;
    if (lastWordTaken) {
      ByteBuffer word = polled.get(0);
      return word.slice(word.position() + sent, word.remaining() - sent);
    }
    ByteBuffer rest = putBack(polled, sent);
    if (taken != 0) {
      traffic.sent(taken, sent + rest.remaining() - bytes(polled));
    }
    return rest;
  }

  /**
   * The same as {@link #poll} for a connection that frames messages itself: one message as JSON, or
   * null if there is nothing now.
   */
  public final @Nullable String pollText() {
    List<ByteBuffer> one = new ArrayList<>(1);
    poll(one, 1);
    if (one.isEmpty()) {
      return null;
    }
    ByteBuffer frame = one.get(0);
    return Frames.text(frame.array(), frame.arrayOffset() + frame.position(), frame.remaining());
  }

  /** The close to send when a poll has returned nothing because the stream is over; else null. */
  public final synchronized @Nullable StreamClose ended() {
    return lastWord == null || lastWordTaken ? ended : null;
  }

  /**
   * Ends the stream for this viewer alone, which has lost the right to it: nothing of the stream is
   * taken any more, only this error and its close. Idempotent; anybody may call it at any time.
   */
  public final void refuse(StreamError error) {
    synchronized (this) {
      if (lastWord == null && ended == null) {
        lastWord = ByteBuffer.wrap(MessageEncoder.frame(error, false));
        ended = StreamClose.of(error.code());
      }
    }
    leave();
    wakeSoon();
  }

  /** Leaves the stream. Idempotent; anybody may call it at any time. */
  @Override
  public final void close() {
    if (closed.compareAndSet(false, true)) {
      traffic.left();
    }
    leave();
  }

  /** Whether it has left. */
  protected final boolean isClosed() {
    return closed.get();
  }

  /**
   * Puts what comes next into {@code out}; false if there is nothing now. True without anything
   * means that {@link #end} was called.
   */
  protected abstract boolean fill(List<ByteBuffer> out, int maxBytes);

  /** Does {@link #takeBack}. */
  protected abstract ByteBuffer putBack(List<ByteBuffer> polled, int sent);

  /** By {@link #fill} and, negative, by {@link #putBack}: so many more messages are to be sent. */
  protected final void took(int messages) {
    taken += messages;
  }

  /** Whether another {@link #fill} may have something; called right after one that had nothing. */
  protected abstract boolean hasNews();

  /** A {@link #fill} had nothing: from now on {@link #wake} is wanted when there is something. */
  protected void awaitNews() {}

  /** Lets go of whatever the stream holds for it. Idempotent. */
  protected abstract void leave();

  /** By {@link #fill} alone: everything has been sent. */
  protected final void end(StreamClose close) {
    ended = close;
  }

  /** Runs the action if the last poll returned nothing. */
  protected final void wake() {
    Runnable action = ready;
    if (action != null && !isClosed() && waiting.compareAndSet(true, false)) {
      action.run();
    }
  }

  /** The same on a thread of the pump, which is given at most one task until the next poll. */
  protected final void wakeSoon() {
    Runnable action = ready;
    if (action != null && !isClosed() && waiting.compareAndSet(true, false)) {
      pump.execute(action);
    }
  }
}
