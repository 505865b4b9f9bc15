package io.miststream.cli;

import io.miststream.core.ContainerStatus;
import io.miststream.core.ErrorCode;
import io.miststream.core.Gap;
import io.miststream.core.LogLine;
import io.miststream.core.StreamException;
import io.miststream.core.StreamMessage;
import io.miststream.core.wire.WireCodec;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Prints a stream. What comes fast is written in bulk, and flushed as soon as nothing more is
 * waiting.
 */
final class LogPrinter implements Flow.Subscriber<StreamMessage> {
  private static final int QUEUE = 256; // asked for, and so at most waiting
  private static final int QUEUE_CHARS = 4 << 20; // for a line can have a million

  /** What the stream brought: a message, a failure, or (both null) its end. */
  private record Item(@Nullable StreamMessage message, @Nullable Throwable failure) {}

  private final BlockingQueue<Item> queue = new LinkedBlockingQueue<>(); // bounded by what we ask
  private final Semaphore room = new Semaphore(QUEUE_CHARS);
  private final OutputStream out;
  private final PrintWriter err;
  private final boolean timestamps;
  private final boolean json;
  private @Nullable String open; // whose line goes on in the next message
  private Flow.@Nullable Subscription subscription;
  private volatile int exit = -1;

  LogPrinter(OutputStream out, PrintWriter err, boolean timestamps, boolean json) {
    this.out = new BufferedOutputStream(out, 64 << 10);
    this.err = err;
    this.timestamps = timestamps;
    this.json = json;
  }

  @Override
  public void onSubscribe(Flow.Subscription subscribed) {
    subscription = subscribed;
    subscribed.request(QUEUE);
  }

  @Override
  public void onNext(StreamMessage message) {
    // This holds up the subscription's own thread, and so the connection, until there is room.
    room.acquireUninterruptibly(chars(message));
    queue.add(new Item(message, null));
  }

  private static int chars(StreamMessage message) {
    return message instanceof LogLine line ? Math.min(line.line().length(), QUEUE_CHARS) : 0;
  }

  @Override
  public void onError(Throwable problem) {
    queue.add(new Item(null, problem));
  }

  @Override
  public void onComplete() {
    queue.add(new Item(null, null));
  }

  /** Prints to the end of the stream; returns the exit code. */
  int await() {
    try {
      exit = print();
    } catch (IOException e) {
      cancel(); // nobody reads any more, as with "| head": not worth a word
      exit = Main.OK;
    } catch (InterruptedException e) {
      cancel();
      exit = Main.INTERRUPTED;
    }
    flush();
    return exit;
  }

  /** The exit code, or {@code unfinished} if the stream has not ended. */
  int exitCode(int unfinished) {
    return exit < 0 ? unfinished : exit;
  }

  void flush() {
    try {
      synchronized (out) {
        out.flush();
      }
    } catch (IOException e) {
      // nobody reads any more
    }
    err.flush();
  }

  private void cancel() {
    Flow.Subscription now = subscription;
    if (now != null) {
      now.cancel();
    }
    room.release(QUEUE_CHARS); // nothing is taken out any more
  }

  private int print() throws IOException, InterruptedException {
    while (true) {
      Item item = queue.poll();
      if (item == null) {
        synchronized (out) {
          out.flush();
        }
        if (System.out.checkError()) {
          throw new IOException("standard output is closed");
        }
        item = queue.take();
      }
      if (item.failure != null) {
        flush();
        err.println("mist-stream: " + item.failure.getMessage());
        boolean refused =
            item.failure instanceof StreamException e && e.code() == ErrorCode.INVALID_REQUEST;
        return refused ? Main.USAGE : Main.FAILED;
      }
      if (item.message == null) {
        return Main.OK;
      }
      print(item.message);
      room.release(chars(item.message));
      Flow.Subscription now = subscription;
      if (now != null) {
        now.request(1);
      }
    }
  }

  private void print(StreamMessage message) throws IOException {
    if (json) {
      write(WireCodec.encode(message) + "\n");
    } else if (message instanceof LogLine line) {
      print(line);
    } else if (message instanceof ContainerStatus status) {
      note(status.container() + " is " + status.state() + " (" + status.status() + ")");
    } else if (message instanceof Gap gap) {
      note(
          (gap.missed() == null ? "some lines" : gap.missed() + " lines")
              + " missing here ("
              + gap.reason().wire()
              + ")");
    }
  }

  private void print(LogLine line) throws IOException {
    String lane = line.container() + '/' + line.stream();
    StringBuilder text = new StringBuilder(line.line().length() + 64);
    if (!lane.equals(open)) {
      if (open != null) {
        text.append('\n'); // another's line comes in between the pieces of a long one
      }
      if (timestamps) {
        text.append(line.timestamp()).append(' ');
      }
      if (!line.container().isEmpty()) {
        text.append(line.container()).append(" | ");
      }
    }
    text.append(line.line());
    if (line.partial()) {
      open = lane;
    } else {
      open = null;
      text.append('\n');
    }
    write(text.toString());
  }

  private void write(String text) throws IOException {
    synchronized (out) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
  }

  private void note(String text) throws IOException {
    synchronized (out) {
      out.flush(); // so that on a terminal it stands where it belongs
    }
    err.println("mist-stream: " + text);
    err.flush();
  }
}
