package io.miststream.core.deployment;

import io.miststream.core.ErrorCode;
import io.miststream.core.StreamError;
import io.miststream.core.topic.StreamClose;
import io.miststream.core.topic.Viewer;
import io.miststream.core.wire.Frames;
import io.miststream.core.wire.MessageEncoder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A position in a deployment's journal. What is still in memory it takes from there, and what is
 * not it reads from the file, a piece at a time, so it never misses anything however slow it is.
 */
final class DeploymentViewer extends Viewer {
  private final @Nullable DeploymentJournal journal;
  private final Executor pump;
  private final @Nullable JournalFile file;
  private final AtomicBoolean reading = new AtomicBoolean();

  // The poll's alone, but for `loaded`, which a read hands over.
  private long position;
  private @Nullable Chunk chunk;
  private int at; // index of the frame at the position in the chunk
  private volatile @Nullable Chunk loaded;
  private volatile @Nullable StreamError error;
  private volatile @Nullable StreamClose close; // at once

  DeploymentViewer(DeploymentJournal journal, Executor pump, JournalFile file, long position) {
    super(pump, journal.traffic());
    this.journal = journal;
    this.pump = pump;
    this.file = file;
    this.position = position;
  }

  /** One that is told no more than an error. */
  DeploymentViewer(DeploymentJournal journal, Executor pump, ErrorCode code, String message) {
    super(pump, journal.traffic());
    this.journal = null;
    this.pump = pump;
    this.file = null;
    this.error = new StreamError(Instant.now(), message, code);
    this.close = StreamClose.of(code);
  }

  @Override
  protected boolean fill(List<ByteBuffer> out, int maxBytes) {
    StreamClose now = close;
    if (now != null) {
      StreamError told = error;
      if (told == null) {
        end(now);
      } else {
        error = null;
        out.add(ByteBuffer.wrap(MessageEncoder.frame(told, false)));
        took(1);
      }
      return true;
    }
    JournalFile from = file;
    if (from == null) {
      return false;
    }
    boolean complete = from.isComplete(); // first: what is shown grows no more behind it
    if (position >= from.shown()) {
      if (complete) {
        end(StreamClose.END);
      }
      return complete;
    }
    Chunk current = chunk;
    if (current == null || position >= current.end()) {
      current = from.chunkAt(position);
      Chunk read = loaded;
      if (current == null && read != null && read.first() <= position && position < read.end()) {
        current = read;
      }
      chunk = current;
      loaded = null;
      if (current == null) {
        readSoon(from);
        return false;
      }
      at = current.find(position);
    }
    take(current, out, maxBytes);
    return true;
  }

  private void take(Chunk from, List<ByteBuffer> out, int maxBytes) {
    int end = at;
    do {
      position += from.size(end);
      took(1);
      end += Frames.length(from.frames(), end);
    } while (end < from.to() && end + Frames.length(from.frames(), end) - at <= maxBytes);
    out.add(ByteBuffer.wrap(from.frames(), at, end - at));
    at = end;
  }

  private void readSoon(JournalFile from) {
    if (reading.compareAndSet(false, true)) {
      long start = position;
      pump.execute(
          () -> {
            try {
              loaded = from.read(start);
            } catch (IOException | RuntimeException e) {
              error =
                  new StreamError(
                      Instant.now(), "The deployment's journal cannot be read", ErrorCode.INTERNAL);
              close = StreamClose.of(ErrorCode.INTERNAL);
            }
            reading.set(false);
            wake();
          });
    }
  }

  @Override
  protected ByteBuffer putBack(List<ByteBuffer> polled, int sent) {
    ByteArrayOutputStream rest = new ByteArrayOutputStream();
    ByteBuffer slice = polled.get(0); // a poll takes from one chunk
    byte[] frames = slice.array();
    int start = slice.arrayOffset() + slice.position();
    int end = start + slice.remaining();
    for (int frame = start; frame < end; ) {
      int next = frame + Frames.length(frames, frame);
      if (next - start > sent) {
        if (rest.size() == 0) {
          int gone = Math.max(sent - (frame - start), 0);
          rest.write(frames, frame + gone, next - frame - gone);
        } else {
          position -= next - frame - Frames.headerLengthAt(frames, frame) + 1;
          took(-1);
        }
      }
      frame = next;
    }
    chunk = null; // it may wait for long, and what it waits for is in the file
    return ByteBuffer.wrap(rest.toByteArray());
  }

  @Override
  protected boolean hasNews() {
    JournalFile from = file;
    if (close != null || from == null) {
      return close != null;
    }
    boolean complete = from.isComplete();
    return position < from.shown() ? !reading.get() : complete;
  }

  @Override
  protected void awaitNews() {
    if (file != null) {
      file.awaitNews(this);
    }
  }

  void newsArrived() {
    wakeSoon();
  }

  /** The server goes away. */
  void shutDown() {
    close = StreamClose.SHUTDOWN;
    wakeSoon();
  }

  @Override
  protected void leave() {
    if (file != null && journal != null) {
      file.leave(this);
      journal.left(this);
    }
  }
}
