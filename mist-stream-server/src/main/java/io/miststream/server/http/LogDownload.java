package io.miststream.server.http;

import io.miststream.core.Cursor;
import io.miststream.core.ErrorCode;
import io.miststream.core.Gap;
import io.miststream.core.LogLine;
import io.miststream.core.StreamEnd;
import io.miststream.core.StreamError;
import io.miststream.core.StreamException;
import io.miststream.core.StreamMessage;
import io.miststream.core.topic.StreamClose;
import io.miststream.core.topic.Viewer;
import io.miststream.core.wire.Frames;
import io.miststream.core.wire.WireCodec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An app's logs as the body of an answer, which begins once it is known that there is something to
 * send. What is missing from it is told in it.
 */
final class LogDownload implements Body {
  private static final int POLL_BYTES = 64 << 10;

  /** What it is written as. */
  enum Format {
    /** Lines as they were printed, for people. */
    TEXT,
    /** The WebSocket's messages, each on a line of its own. */
    NDJSON
  }

  private final Viewer viewer;
  private final Format format;
  private final long maxBytes;
  private final Consumer<Body> begin;
  private final Consumer<StreamException> refuse;
  private final Runnable done;

  // Guarded by this.
  private final ByteArrayOutputStream made = new ByteArrayOutputStream();
  private ByteBuffer unread = ByteBuffer.allocate(0);
  private final List<ByteBuffer> frames = new ArrayList<>();
  private long bytes;
  private boolean begun;
  private boolean complete;
  private boolean closed;
  private @Nullable Cursor last;
  private @Nullable String openLine; // whose line was written of which there is more to come
  private @Nullable Runnable more;

  /**
   * A download that has not begun.
   *
   * @param viewer of the logs, closed with this
   * @param maxBytes after which it is cut off, behind a whole message
   * @param begin gets this when there is something to send
   * @param refuse gets why there is not, instead
   * @param done run once, at the end
   */
  LogDownload(
      Viewer viewer,
      Format format,
      long maxBytes,
      Consumer<Body> begin,
      Consumer<StreamException> refuse,
      Runnable done) {
    this.viewer = viewer;
    this.format = format;
    this.maxBytes = maxBytes;
    this.begin = begin;
    this.refuse = refuse;
    this.done = done;
  }

  /**
   * Begins to read; never blocks.
   *
   * @param threads do the reading
   */
  void start(Executor threads) {
    viewer.onReady(() -> threads.execute(this::ready));
  }

  private void ready() {
    Runnable next;
    try {
      next = next();
    } catch (StreamException e) {
      close();
      next = () -> refuse.accept(e);
    }
    if (next != null) {
      next.run();
    }
  }

  /** What is to be done now that there may be something. */
  private synchronized @Nullable Runnable next() {
    if (begun) {
      Runnable next = more;
      more = null;
      return next;
    }
    while (last == null && !complete) {
      if (!poll()) {
        return null;
      }
    }
    begun = true;
    return () -> begin.accept(this);
  }

  @Override
  public synchronized int read(byte[] chunk, Runnable wanted) throws IOException {
    more = wanted;
    while (!unread.hasRemaining()) {
      if (made.size() > 0) {
        unread = ByteBuffer.wrap(made.toByteArray());
        made.reset();
      } else if (complete) {
        return -1;
      } else if (!polled()) {
        return 0;
      }
    }
    more = null;
    int length = Math.min(chunk.length, unread.remaining());
    unread.get(chunk, 0, length);
    return length;
  }

  private boolean polled() throws IOException {
    try {
      return poll();
    } catch (StreamException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  /**
   * Makes text of what comes next; false if there is nothing now.
   *
   * @throws StreamException if there is nothing to send, or no more and no word about it
   */
  private boolean poll() {
    frames.clear();
    viewer.poll(frames, POLL_BYTES);
    for (ByteBuffer slice : frames) {
      byte[] array = slice.array();
      int end = slice.arrayOffset() + slice.limit();
      int next;
      for (int at = slice.arrayOffset() + slice.position(); at < end && !complete; at = next) {
        next = at + Frames.length(array, at);
        add(Frames.text(array, at, next - at));
      }
    }
    if (!frames.isEmpty()) {
      return true;
    }
    StreamClose close = viewer.ended();
    if (close != null) { // otherwise than by a message
      throw new StreamException(ErrorCode.SOURCE_UNAVAILABLE, close.reason());
    }
    return false;
  }

  private void add(String json) {
    StreamMessage message = WireCodec.decode(json);
    if (message == null) {
      throw new StreamException(ErrorCode.INTERNAL, "not a message of logs");
    }
    if (message instanceof StreamError error && !begun && last == null) {
      throw new StreamException(error.code(), error.message());
    }
    String open = openLine;
    byte[] text = format == Format.NDJSON ? line(json) : text(message);
    if (last != null && bytes + text.length > maxBytes && !(message instanceof StreamEnd)) {
      openLine = open;
      cutOff();
      return;
    }
    write(text);
    if (message instanceof LogLine line) {
      last = line.cursor();
    } else if (message instanceof Gap gap && gap.cursor() != null) {
      last = gap.cursor();
    } else if (message instanceof StreamEnd || message instanceof StreamError) {
      complete = true;
    }
  }

  private void cutOff() {
    StreamError error =
        new StreamError(
            Instant.now(),
            "The download ends here, with " + bytes + " of at most " + maxBytes + " bytes",
            ErrorCode.TOO_LARGE);
    write(format == Format.NDJSON ? line(WireCodec.encode(error)) : text(error));
    complete = true;
  }

  private void write(byte[] text) {
    made.writeBytes(text);
    bytes += text.length;
  }

  private static byte[] line(String text) {
    return (text + '\n').getBytes(StandardCharsets.UTF_8);
  }

  private byte[] text(StreamMessage message) {
    if (message instanceof LogLine line) {
      String lane = line.container() + '/' + line.stream();
      StringBuilder text = new StringBuilder(line.line().length() + 64);
      if (!lane.equals(openLine)) {
        text.append(openLine == null ? "" : "\n");
        text.append(line.container().isEmpty() ? "" : line.container() + " | ");
      }
      openLine = line.partial() ? lane : null;
      text.append(line.line()).append(line.partial() ? "" : "\n");
      return text.toString().getBytes(StandardCharsets.UTF_8);
    } else if (message instanceof Gap gap) {
      return note(
          (gap.missed() == null ? "some lines are" : gap.missed() + " lines are")
              + " missing here ("
              + gap.reason().wire()
              + ")");
    } else if (message instanceof StreamError error) {
      return note(error.message() + "; it goes on with after=" + last);
    }
    return new byte[0];
  }

  private byte[] note(String text) {
    String before = openLine == null ? "" : "\n";
    openLine = null;
    return line(before + "[mist-stream] " + text);
  }

  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      complete = true;
      more = null;
    }
    viewer.close();
    done.run();
  }
}
