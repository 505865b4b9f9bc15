package io.miststream.client;

import io.miststream.client.MistStreamClient.Settings;
import io.miststream.core.ErrorCode;
import java.net.URI;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One WebSocket, from the handshake to its end. The JDK's threads bring parts of messages, which
 * are put together here; one reading thread takes the messages. What is on its way between the two
 * is bounded, and the socket waits when the reader does.
 */
final class Connection implements WebSocket.Listener {

  /** Longest message in characters: a line of 1 MiB can be six times that in JSON. */
  static final int LONGEST_MESSAGE = 24 << 20;

  /** Parts asked for beyond what the reader has taken. */
  private static final int WINDOW = 64;

  /** Characters of waiting messages above which no more parts are asked for. */
  private static final int ENOUGH = 256 << 10;

  private static final int CLOSE_SECONDS = 1;
  private static final int KEPT_ASSEMBLY = 1 << 20;

  private final Settings settings;

  // All below is guarded by this.
  private final ArrayDeque<String> messages = new ArrayDeque<>();
  private StringBuilder assembly = new StringBuilder();
  private int waiting; // characters in messages
  private int owed; // parts to ask for when the reader has caught up
  private @Nullable WebSocket socket;
  private @Nullable Failure failure;
  private boolean closed;
  private long heardAt = System.nanoTime();
  private boolean pinged;

  Connection(Settings settings) {
    this.settings = settings;
  }

  /** Begins to connect. What comes of it is told by {@link #next}. */
  void open(URI uri) {
    WebSocket.Builder builder =
        settings.http().newWebSocketBuilder().connectTimeout(settings.connectTimeout());
    settings.headers().forEach(builder::header);
    CompletableFuture<?> unused =
        builder
            .buildAsync(uri, this)
            .whenComplete(
                (opened, problem) -> {
                  if (problem != null) {
                    fail(Failure.of(problem, settings.endpoints()));
                  }
                });
  }

  /**
   * The next message, waiting for it; null if the connection is over: see {@link #failure}. For one
   * thread.
   */
  @Nullable String next() throws InterruptedException {
    WebSocket open = null;
    String message = null;
    long credit = 0;
    synchronized (this) {
      heardAt = System.nanoTime(); // silence counts only while we listen
      pinged = false;
    }
    while (message == null) {
      boolean ping = false;
      synchronized (this) {
        while (messages.isEmpty() && failure == null && !closed && !ping) {
          ping = waitForNews();
        }
        message = messages.poll();
        open = socket;
        if (message != null) {
          waiting -= message.length();
          credit = owed + 1L;
          owed = 0;
        } else if (failure != null || closed) {
          return null;
        }
      }
      if (ping && open != null) {
        CompletableFuture<?> unused =
            open.sendPing(ByteBuffer.allocate(0)); // the pong is what counts
      }
    }
    if (open != null) {
      open.request(credit);
    }
    return message;
  }

  /** With the lock held: waits a while; true if it is time for a ping. */
  private boolean waitForNews() throws InterruptedException {
    long limit =
        (socket == null
                ? settings.connectTimeout().plus(settings.connectTimeout())
                : settings.silenceLimit())
            .toNanos();
    long quiet = System.nanoTime() - heardAt;
    if (quiet >= limit) {
      // Before the handshake the JDK's own timeout comes first; this is for what it does not cover.
      failure =
          Failure.passing(
              socket == null
                  ? "cannot reach " + settings.endpoints() + ": no answer in time"
                  : "the connection has gone silent");
      return false;
    }
    if (socket != null && !pinged && quiet >= limit / 3 * 2) {
      pinged = true;
      return true;
    }
    long until = socket == null || pinged ? limit : limit / 3 * 2;
    TimeUnit.NANOSECONDS.timedWait(this, Math.max(1_000_000, until - quiet));
    return false;
  }

  /**
   * Why it is over, once {@link #next} has returned null; null if only {@link #close} was called.
   */
  synchronized @Nullable Failure failure() {
    return failure;
  }

  /** Ends it, if it is not over yet. Quick, idempotent, for any thread. */
  void close() {
    WebSocket open;
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
      messages.clear();
      open = socket;
      notifyAll();
    }
    if (open != null) {
      shut(open);
    }
  }

  private static void shut(WebSocket open) {
    // The server closes its side when it sees ours closed; one that hangs is not waited for.
    CompletableFuture<?> unused =
        open.sendClose(WebSocket.NORMAL_CLOSURE, "")
            .orTimeout(CLOSE_SECONDS, TimeUnit.SECONDS)
            .whenComplete((sent, problem) -> open.abort());
  }

  private synchronized void fail(Failure why) {
    if (failure == null) {
      failure = why;
    }
    notifyAll();
  }

  private synchronized void heard() {
    heardAt = System.nanoTime();
    pinged = false;
  }

  // -- called by the JDK, one at a time

  @Override
  public void onOpen(WebSocket opened) {
    boolean unwanted;
    synchronized (this) {
      socket = opened;
      unwanted = closed;
      heard();
      notifyAll();
    }
    if (unwanted) {
      shut(opened);
    } else {
      opened.request(WINDOW);
    }
  }

  @Override
  public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
    boolean more = false;
    synchronized (this) {
      heard();
      if (closed || failure != null) {
        return null;
      }
      if (assembly.length() + part.length() > LONGEST_MESSAGE) {
        assembly = new StringBuilder();
        fail(
            Failure.lasting(
                ErrorCode.INTERNAL,
                "the server sent a message of more than " + LONGEST_MESSAGE + " characters"));
        return null;
      }
      if (last) {
        String message =
            assembly.length() == 0 ? part.toString() : assembly.append(part).toString();
        if (assembly.capacity() > KEPT_ASSEMBLY) {
          assembly = new StringBuilder();
        } else {
          assembly.setLength(0);
        }
        messages.add(message);
        waiting += message.length();
        notifyAll();
      } else {
        assembly.append(part);
        // A part that is no message's last must be followed by another at once, unless the reader
        // has enough to do anyway: then it asks for it.
        more = waiting < ENOUGH;
        owed += more ? 0 : 1;
      }
    }
    if (more) {
      from.request(1);
    }
    return null;
  }

  @Override
  public @Nullable CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
    heard();
    from.request(1); // not of this protocol: ignored
    return null;
  }

  @Override
  public @Nullable CompletionStage<?> onPing(WebSocket from, ByteBuffer data) {
    heard();
    from.request(1); // the JDK has answered it
    return null;
  }

  @Override
  public @Nullable CompletionStage<?> onPong(WebSocket from, ByteBuffer data) {
    heard();
    from.request(1);
    return null;
  }

  @Override
  public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
    fail(Failure.ofClose(code, reason));
    return null;
  }

  @Override
  public void onError(WebSocket from, Throwable problem) {
    fail(Failure.of(problem, settings.endpoints()));
  }
}
