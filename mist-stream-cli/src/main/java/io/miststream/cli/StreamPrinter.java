package io.miststream.cli;

import io.miststream.client.Retry;
import io.miststream.core.DeploymentLine;
import io.miststream.core.LogLine;
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
abstract class StreamPrinter implements Flow.Subscriber<StreamMessage> {
  private static final int QUEUE = 256; // asked for, and so at most waiting
  private static final int QUEUE_CHARS = 4 << 20; // for a line can have a million
  private static final long FLUSH_MILLIS = 500;

  /** What the stream brought: a message, a failure, or (both null) its end. */
  private record Item(@Nullable StreamMessage message, @Nullable Throwable failure) {}

  private final BlockingQueue<Item> queue = new LinkedBlockingQueue<>(); // bounded by what we ask
  private final Semaphore room = new Semaphore(QUEUE_CHARS);
  private final OutputStream out;
  private final PrintWriter err;
  private final boolean json;
  private boolean ending; // no footer any more; guarded by out
  private volatile @Nullable String open; // whose line goes on in the next message
  private Flow.@Nullable Subscription subscription;
  private volatile int exit = -1;

  StreamPrinter(OutputStream out, PrintWriter err, boolean json) {
    this.out = new BufferedOutputStream(out, 64 << 10);
    this.err = err;
    this.json = json;
  }

  /** Prints a message for people. */
  abstract void printForPeople(StreamMessage message) throws IOException;

  // Both with out's lock held, from several threads.

  /** Puts on the terminal what stands there while nothing comes; out is flushed behind it. */
  void putFooter() throws IOException {}

  /** Takes that away; called again and again. */
  void takeFooter() throws IOException {}

  /** The exit code once the stream is complete. */
  int complete() {
    return Main.OK;
  }

  /** Prints a stream to its end, or until the process has been asked to end. */
  int follow(Flow.Publisher<StreamMessage> stream) {
    Runtime.getRuntime().addShutdownHook(new Thread(this::stop, "mist-stop"));
    stream.subscribe(this);
    return await();
  }

  /** Runs when the process has been asked to end. */
  private void stop() {
    Thread flush = new Thread(this::flush, "mist-flush");
    flush.setDaemon(true);
    flush.start();
    try {
      flush.join(FLUSH_MILLIS); // it waits for ever where nobody reads our output
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().halt(exitCode(Main.INTERRUPTED));
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
    String line =
        message instanceof LogLine log
            ? log.line()
            : message instanceof DeploymentLine log ? log.line() : "";
    return Math.min(line.length(), QUEUE_CHARS);
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
        ending = true;
        takeFooter();
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
        pause();
        if (System.out.checkError()) {
          throw new IOException("standard output is closed");
        }
        item = queue.take();
      }
      if (item.failure != null) {
        flush();
        err.println("mist-stream: " + Printable.plain(String.valueOf(item.failure.getMessage())));
        return Main.exitCode(item.failure);
      }
      if (item.message == null) {
        return complete();
      }
      print(item.message);
      room.release(chars(item.message));
      Flow.Subscription now = subscription;
      if (now != null) {
        now.request(1);
      }
    }
  }

  /** Shows all there is so far. */
  private void pause() throws IOException {
    synchronized (out) {
      if (!ending) {
        putFooter();
      }
      out.flush();
    }
  }

  /** Prints a message as it has to be. */
  void print(StreamMessage message) throws IOException {
    if (json) {
      write(WireCodec.encode(message) + "\n");
    } else {
      printForPeople(message);
    }
  }

  /**
   * Prints a line, or a piece of one, which is joined to the next.
   *
   * @param lane whose line it is: pieces are joined within one
   * @param prefix what stands before the line
   */
  final void printLine(String lane, String prefix, String line, boolean partial)
      throws IOException {
    StringBuilder text = new StringBuilder(line.length() + 64);
    if (!lane.equals(open)) {
      if (open != null) {
        text.append('\n'); // another's line comes in between the pieces of a long one
      }
      text.append(prefix);
    }
    text.append(line);
    if (partial) {
      open = lane;
    } else {
      open = null;
      text.append('\n');
    }
    write(text.toString());
  }

  /** Whether a line has been printed of which there is more to come. */
  final boolean isInLine() {
    return open != null;
  }

  final void write(String text) throws IOException {
    synchronized (out) {
      takeFooter();
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
  }

  /** Puts text on the terminal as it is; for the footer. */
  final void writeFooter(String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Says something on standard error. */
  final void note(String text) throws IOException {
    synchronized (out) {
      takeFooter();
      out.flush(); // so that on a terminal it stands where it belongs
      err.println("mist-stream: " + Printable.plain(text));
      err.flush();
    }
  }

  /** That the connection was lost; on the stream's own thread. */
  void sayRetry(Retry retry) {
    try {
      note(retry.cause().getMessage() + "; trying again");
      pause();
    } catch (IOException e) {
      // nobody reads any more, which printing will find out
    }
  }
}
