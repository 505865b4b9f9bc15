package io.miststream.core.deployment;

import io.miststream.core.Cursor;
import io.miststream.core.DeploymentError;
import io.miststream.core.DeploymentLine;
import io.miststream.core.DeploymentStage;
import io.miststream.core.DeploymentState;
import io.miststream.core.LogLine;
import io.miststream.core.LogStream;
import io.miststream.core.StreamEnd;
import io.miststream.core.StreamMessage;
import io.miststream.core.wire.MessageEncoder;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Tells how one deployment goes: what is reported here is its journal, and with it its stream.
 *
 * <p>What is reported is saved soon after, and shown to viewers then; a reporter that is faster
 * than the disk is held up. The three that end a deployment return when all of it is saved.
 *
 * <p>Thread-safe. Each method throws {@link JournalException} if the journal cannot be written,
 * which ends the deployment, and {@link IllegalStateException} if it has ended before.
 */
public final class DeploymentReporter {

  /** Longest message for people, in characters; what is longer is cut. */
  public static final int MAX_MESSAGE = 4096;

  private final JournalFile file;
  private final long appId;

  // All below is guarded by this.
  private Mask mask = Mask.NONE;
  private DeploymentState state = DeploymentState.PENDING;
  private DeploymentStage stage = DeploymentStage.NONE;
  private int progress;
  private String message = "";
  private boolean errorTold;
  private long seq = MessageEncoder.NO_SEQ; // of the event that is being applied
  private @Nullable Instant begun;
  private volatile long lastSign = System.nanoTime();

  DeploymentReporter(JournalFile file, long appId) {
    this.file = file;
    this.appId = appId;
  }

  /** The deployment's id. */
  public long deploymentId() {
    return file.id();
  }

  /** The app that is deployed. */
  public long appId() {
    return appId;
  }

  /**
   * Texts that are replaced by {@code ***} in whatever is reported from now on; replaces what was
   * set before.
   */
  public synchronized void secrets(Collection<String> texts) {
    mask = new Mask(texts);
  }

  /** That it waits, and what for. */
  public void pending(String text) {
    synchronized (this) {
      status(DeploymentState.PENDING, DeploymentStage.NONE, 0, text, "", null);
    }
    file.flush();
  }

  /**
   * What it is busy with.
   *
   * @param newStage the same as before or a later one, none of the first and the last
   * @param percent kept within the stage and to what it was before, for progress never goes back
   * @param text for people
   * @throws IllegalArgumentException if the stage is one that cannot follow
   */
  public synchronized void status(DeploymentStage newStage, int percent, String text) {
    if (newStage == DeploymentStage.NONE || newStage == DeploymentStage.COMPLETED) {
      throw new IllegalArgumentException("no stage to be in: " + newStage);
    }
    if (newStage.compareTo(stage) < 0) {
      throw new IllegalArgumentException(
          "stage " + newStage.wire() + " cannot follow " + stage.wire());
    }
    if (begun == null) {
      begun = Instant.now();
    }
    int within = Math.max(newStage.from(), Math.min(newStage.to(), percent));
    status(newStage.state(), newStage, Math.max(progress, within), text, "", null);
  }

  /** A line of output; line ends in it make it several. */
  public synchronized void log(LogStream stream, String text) {
    String masked = mask.apply(text);
    if (masked.indexOf('\n') < 0) {
      logLine(stream, masked);
    } else {
      masked.lines().forEach(line -> logLine(stream, line));
    }
  }

  private void logLine(LogStream stream, String line) {
    int from = 0;
    int most = LogLine.MAX_BYTES / 3; // a char is at most three bytes
    while (line.length() - from > most && !fits(line, from)) {
      int to = from + most;
      if (Character.isHighSurrogate(line.charAt(to - 1))) {
        to--;
      }
      append(stream, line.substring(from, to), true);
      from = to;
    }
    append(stream, from == 0 ? line : line.substring(from), false);
  }

  private static boolean fits(String line, int from) {
    long bytes = 0;
    for (int i = from; i < line.length() && bytes <= LogLine.MAX_BYTES; i++) {
      char c = line.charAt(i);
      bytes += c < 0x80 ? 1 : c < 0x800 ? 2 : 3;
    }
    return bytes <= LogLine.MAX_BYTES;
  }

  private void append(LogStream stream, String piece, boolean partial) {
    Instant now = Instant.now();
    DeploymentStage in = stage;
    append(cursor -> new DeploymentLine(now, cursor, piece, stream, in, partial));
  }

  /** Ends it well. */
  public void succeed(String text) {
    synchronized (this) {
      status(DeploymentState.SUCCESS, DeploymentStage.COMPLETED, 100, text, "", duration());
      end();
    }
    file.flush();
  }

  /**
   * Ends it with a failure, where it stands.
   *
   * @param reason in words a user can act on
   */
  public void fail(String reason) {
    synchronized (this) {
      if (!errorTold) {
        error(reason);
      }
      status(DeploymentState.FAILED, stage, progress, JournalFile.FAILED, reason, duration());
      end();
    }
    file.flush();
  }

  /** Ends it, where it stands, because somebody wanted that. */
  public void stopped(String text) {
    synchronized (this) {
      status(DeploymentState.STOPPED, stage, progress, text, "", duration());
      end();
    }
    file.flush();
  }

  /**
   * Why it is about to fail; {@link #fail} does not say it again.
   *
   * @throws IllegalArgumentException if that has been said
   */
  synchronized void error(String reason) {
    if (errorTold) {
      throw new IllegalArgumentException("an error has been told already");
    }
    errorTold = true;
    Instant now = Instant.now();
    String text = shown(reason);
    append(cursor -> new DeploymentError(now, cursor, text));
  }

  /** Whether it has ended. */
  public boolean isOver() {
    return file.isClosing();
  }

  /** Waits until all that has been reported is saved. */
  public void flush() {
    file.flush();
  }

  private Duration duration() {
    return begun == null ? Duration.ZERO : Duration.between(begun, Instant.now());
  }

  private void end() {
    Instant now = Instant.now();
    append(cursor -> new StreamEnd(now, cursor, JournalFile.END));
  }

  private void status(
      DeploymentState newState,
      DeploymentStage newStage,
      int percent,
      String text,
      String reason,
      @Nullable Duration took) {
    Instant now = Instant.now();
    String shown = shown(text);
    String shownReason = shown(reason);
    Deployment is =
        new Deployment(
            file.id(),
            appId,
            newState,
            newStage,
            percent,
            shown,
            shownReason,
            now,
            null,
            took == null ? null : Math.max(0, took.toMillis()));
    append(cursor -> JournalFile.status(is, now, cursor));
    state = newState;
    stage = newStage;
    progress = percent;
    message = shown;
  }

  private String shown(String text) {
    String masked = mask.apply(text);
    return masked.length() <= MAX_MESSAGE ? masked : masked.substring(0, MAX_MESSAGE - 1) + "…";
  }

  private void append(Function<Cursor, StreamMessage> made) {
    lastSign = System.nanoTime();
    file.append(made, seq);
    seq = MessageEncoder.NO_SEQ;
  }

  // -- for events

  /** What is reported next is this event. */
  synchronized void event(long number) {
    seq = number;
  }

  /** The number of the last event, 0 before the first. */
  synchronized long lastSeq() {
    return file.lastSeq();
  }

  synchronized DeploymentStage stage() {
    return stage;
  }

  synchronized int progress() {
    return progress;
  }

  synchronized String message() {
    return message;
  }

  synchronized boolean hasBegun() {
    return state != DeploymentState.PENDING;
  }

  /** How long ago anything was reported, in nanoseconds. */
  long silence() {
    return System.nanoTime() - lastSign;
  }
}
