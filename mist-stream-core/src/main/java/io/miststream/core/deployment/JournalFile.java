package io.miststream.core.deployment;

import io.miststream.core.Cursor;
import io.miststream.core.DeploymentError;
import io.miststream.core.DeploymentState;
import io.miststream.core.DeploymentStatus;
import io.miststream.core.StreamEnd;
import io.miststream.core.StreamMessage;
import io.miststream.core.wire.Frames;
import io.miststream.core.wire.MessageEncoder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The journal of one deployment: a file of messages, a line each, just as they go over the wire.
 *
 * <p>A position is the number of bytes before it. What has been appended is gathered, written and
 * forced to the disk by a thread of the file's own, and shown to viewers after that, so that nobody
 * has ever seen what a crash could take back. Under load many messages share one write.
 *
 * <p>Where the disk takes no more, what has not been shown is dropped, and the messages that close
 * the deployment are shown without being saved; {@link #save} saves them later.
 */
final class JournalFile {
  /** What the message at the end says. */
  static final String END = "Deployment stream ended";

  /** What a final status says for people if it is bad. */
  static final String FAILED = "Deployment failed";

  private static final int MAX_PENDING = 1 << 20;
  private static final int CHUNK_BYTES = 64 << 10;
  private static final ChunkList NOTHING = new ChunkList(List.of());

  /** Frames that are still in memory, in a row. */
  record ChunkList(List<Chunk> chunks) {
    /** The frames at a position, or null if they have gone. */
    @Nullable Chunk at(long position) {
      for (int i = chunks.size() - 1; i >= 0; i--) {
        Chunk chunk = chunks.get(i);
        if (chunk.first() <= position) {
          return position < chunk.end() ? chunk : null;
        }
      }
      return null;
    }
  }

  private final DeploymentJournal journal;
  private final Path path;
  private final long id;
  private final MessageEncoder encoder = new MessageEncoder(); // guarded by this

  // Guarded by this.
  private ByteArrayOutputStream pending = new ByteArrayOutputStream();
  private long appended;
  private long lastSeq;
  private boolean closing; // nothing more will be appended
  private boolean saving; // whether the thread runs
  private @Nullable String failure;
  private byte[] unsaved = {};
  private int writing; // bytes of the write that goes on; the saver's thread only
  private Deployment newest;
  private final Set<DeploymentViewer> waiting = new LinkedHashSet<>();

  private volatile long saved;
  private volatile long shown;
  private volatile ChunkList tail = NOTHING;
  private volatile boolean complete; // set after the last of shown
  private volatile Deployment info;

  /** A file that has just been made, or one whose deployment ended long ago. */
  JournalFile(
      DeploymentJournal journal, Path path, Deployment info, long length, boolean complete) {
    this.journal = journal;
    this.path = path;
    this.id = info.id();
    this.newest = info;
    this.info = info;
    this.appended = length;
    this.saved = length;
    this.shown = length;
    this.complete = complete;
    this.closing = complete;
  }

  long id() {
    return id;
  }

  Path path() {
    return path;
  }

  Deployment info() {
    return info;
  }

  /** Whether all there will ever be is shown. */
  boolean isComplete() {
    return complete;
  }

  /** Why it could not be written; null if all is well, or is so again. */
  synchronized @Nullable String failure() {
    return unsaved.length == 0 ? null : failure;
  }

  /** How many bytes there are for viewers. */
  long shown() {
    return shown;
  }

  /** How many of them are in the file. */
  long saved() {
    return saved;
  }

  @Nullable Chunk chunkAt(long position) {
    return tail.at(position);
  }

  /** Whether nothing more may be appended. */
  synchronized boolean isClosing() {
    return closing;
  }

  synchronized long lastSeq() {
    return lastSeq;
  }

  // -- writing

  /**
   * Appends a message; returns before it is saved, but not before there is room for it.
   *
   * @param message made for the cursor it gets
   * @param seq see {@link MessageEncoder#encode(StreamMessage, boolean, long)}
   * @throws JournalException if the journal cannot be written
   * @throws IllegalStateException if it is complete
   */
  void append(Function<Cursor, StreamMessage> message, long seq) {
    boolean interrupted = false;
    synchronized (this) {
      while (pending.size() >= MAX_PENDING && failure == null && !closing) {
        try {
          wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      checkOpen();
      StreamMessage made = message.apply(cursor(id, appended));
      appended += encode(made, seq, pending);
      if (seq != MessageEncoder.NO_SEQ) {
        lastSeq = seq;
      }
      newest = after(newest, made);
      closing = made instanceof StreamEnd;
      if (!saving) {
        saving = true;
        journal.runSaver(this::saveAll);
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void checkOpen() {
    if (failure != null) {
      throw new JournalException(failure, null);
    }
    if (closing) {
      throw new IllegalStateException("deployment " + id + " is over");
    }
  }

  /**
   * Waits until everything that has been appended is on the disk and shown.
   *
   * @throws JournalException if the journal cannot be written
   */
  void flush() {
    boolean interrupted = false;
    synchronized (this) {
      long target = appended;
      while (shown < target && failure == null) {
        try {
          wait();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      if (failure != null) {
        throw new JournalException(failure, null);
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Encodes a message behind the frames in {@code out}; returns its length in the file. */
  private int encode(StreamMessage message, long seq, ByteArrayOutputStream out) {
    encoder.encode(message, false, seq);
    out.write(encoder.buffer(), encoder.start(), encoder.length());
    return encoder.length() - Frames.headerLengthAt(encoder.buffer(), encoder.start()) + 1;
  }

  /** On the saver's thread: writes what gathers, until there is nothing left. */
  private void saveAll() {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      channel.position(saved);
      while (true) {
        byte[] frames;
        Deployment now;
        boolean last;
        synchronized (this) {
          if (pending.size() == 0) {
            saving = false;
            return;
          }
          frames = pending.toByteArray();
          pending = new ByteArrayOutputStream(Math.min(2 * frames.length, MAX_PENDING));
          now = newest;
          last = closing;
          notifyAll(); // there is room again
        }
        byte[] lines = lines(frames);
        writing = lines.length;
        write(channel, lines);
        channel.force(false);
        show(frames, lines.length, true, now, last);
      }
    } catch (IOException | RuntimeException | Error e) {
      fail(e);
    }
  }

  private static void write(FileChannel channel, byte[] lines) throws IOException {
    ByteBuffer rest = ByteBuffer.wrap(lines);
    while (rest.hasRemaining()) {
      channel.write(rest);
    }
  }

  /** The payloads of frames, each on a line of its own. */
  private static byte[] lines(byte[] frames) {
    byte[] lines = new byte[frames.length]; // a header is never shorter than a line feed
    int length = 0;
    for (int at = 0; at < frames.length; ) {
      int end = at + Frames.length(frames, at);
      int from = at + Frames.headerLengthAt(frames, at);
      System.arraycopy(frames, from, lines, length, end - from);
      length += end - from;
      lines[length++] = '\n';
      at = end;
    }
    return Arrays.copyOf(lines, length);
  }

  private void show(byte[] frames, int bytes, boolean isSaved, Deployment now, boolean last) {
    Set<DeploymentViewer> wake;
    synchronized (this) {
      List<Chunk> chunks = new ArrayList<>(tail.chunks());
      long position = shown;
      for (int at = 0; at < frames.length; ) {
        int end = at;
        long first = position;
        while (end < frames.length && (end == at || end - at < CHUNK_BYTES)) {
          int length = Frames.length(frames, end);
          position += length - Frames.headerLengthAt(frames, end) + 1;
          end += length;
        }
        chunks.add(new Chunk(frames, at, end, first, position));
        at = end;
      }
      long kept = shown + bytes - chunks.get(0).first();
      while (isSaved && chunks.size() > 1 && kept > journal.tailBytes()) {
        kept -= chunks.get(0).end() - chunks.get(0).first();
        chunks.remove(0);
      }
      tail = new ChunkList(chunks);
      if (isSaved) {
        saved += bytes;
      }
      info = now;
      shown += bytes;
      if (last) {
        complete = true;
        if (isSaved) {
          tail = NOTHING; // whoever has not read it all yet has a file for it
        }
      }
      wake = new LinkedHashSet<>(waiting);
      waiting.clear();
      notifyAll();
    }
    wake.forEach(DeploymentViewer::newsArrived);
    if (last) {
      journal.completed(this);
    }
  }

  /** The disk takes no more: closes the deployment in memory. */
  private void fail(Throwable problem) {
    ByteArrayOutputStream frames = new ByteArrayOutputStream();
    int bytes;
    Deployment now;
    synchronized (this) {
      String reason = "The deployment journal cannot be written: " + reason(problem);
      failure = reason;
      closing = true;
      saving = false;
      pending = new ByteArrayOutputStream();
      now = failed(info, reason);
      bytes = closeWith(info, now, frames, saved);
      appended = saved + bytes;
      newest = now;
      unsaved = lines(frames.toByteArray());
    }
    journal.failed(this, problem, writing);
    show(frames.toByteArray(), bytes, false, now, true);
  }

  /**
   * Encodes what closes a deployment that cannot go on; returns the length in the file.
   *
   * @param end what has become of it
   * @param at where in the file it will stand
   */
  private int closeWith(Deployment was, Deployment end, ByteArrayOutputStream frames, long at) {
    Instant now = end.finishedAt() == null ? Instant.now() : end.finishedAt();
    int bytes = 0;
    if (!was.state().isFinal()) {
      bytes += encode(new DeploymentError(now, cursor(id, at), end.errorMessage()), 0, frames);
      bytes += encode(status(end, now, cursor(id, at + bytes)), 0, frames);
    }
    bytes += encode(new StreamEnd(now, cursor(id, at + bytes), END), 0, frames);
    return bytes;
  }

  private static Deployment failed(Deployment was, String reason) {
    if (was.state().isFinal()) {
      return was;
    }
    Instant now = Instant.now();
    return new Deployment(
        was.id(),
        was.appId(),
        DeploymentState.FAILED,
        was.stage(),
        was.progress(),
        FAILED,
        reason,
        was.createdAt(),
        now,
        // Stops at the largest number instead of failing: a damaged journal can name any year.
        Math.max(0, TimeUnit.MILLISECONDS.convert(Duration.between(was.createdAt(), now))));
  }

  static DeploymentStatus status(Deployment of, Instant time, Cursor cursor) {
    return new DeploymentStatus(
        time,
        cursor,
        of.id(),
        of.state(),
        of.stage(),
        of.progress(),
        of.message(),
        of.errorMessage(),
        of.appId(),
        of.durationMillis());
  }

  /** A deployment once a message has been added to its journal. */
  static Deployment after(Deployment was, StreamMessage message) {
    if (!(message instanceof DeploymentStatus status)) {
      return was;
    }
    return new Deployment(
        was.id(),
        status.appId() == null ? was.appId() : status.appId(),
        status.state(),
        status.stage(),
        status.progress(),
        status.message(),
        status.errorMessage(),
        was.createdAt(),
        status.state().isFinal() ? status.timestamp() : null,
        status.durationMillis());
  }

  private static String reason(Throwable problem) {
    String message = problem.getMessage();
    return message == null ? problem.getClass().getSimpleName() : message;
  }

  /** Saves what could not be saved when the deployment ended; false if it still cannot be. */
  boolean save() {
    byte[] rest;
    synchronized (this) {
      rest = unsaved;
    }
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      channel.truncate(saved); // a part of what was dropped
      channel.position(saved);
      write(channel, rest);
      channel.force(true);
    } catch (IOException e) {
      return false;
    }
    synchronized (this) {
      unsaved = new byte[0];
      saved += rest.length;
      tail = NOTHING;
    }
    return true;
  }

  /**
   * Closes a deployment that a crash has left unfinished.
   *
   * @throws IOException if that cannot be written
   */
  void closeInterrupted(String reason) throws IOException {
    ByteArrayOutputStream frames = new ByteArrayOutputStream();
    synchronized (this) {
      Deployment end = failed(info, reason);
      int bytes = closeWith(info, end, frames, saved);
      try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
        channel.truncate(saved); // the torn end
        channel.position(saved);
        write(channel, lines(frames.toByteArray()));
        channel.force(true);
      }
      saved += bytes;
      shown = saved;
      appended = saved;
      newest = end;
      info = end;
      closing = true;
      complete = true;
    }
  }

  // -- reading

  /** From now on {@link DeploymentViewer#newsArrived} is called once when there is more. */
  synchronized void awaitNews(DeploymentViewer viewer) {
    waiting.add(viewer);
  }

  synchronized void leave(DeploymentViewer viewer) {
    waiting.remove(viewer);
  }

  /** Whether a message begins at a position, or everything shown ends there. */
  boolean isBoundary(long position) throws IOException {
    if (position < 0 || position > shown) {
      return false;
    }
    Chunk chunk = tail.at(position);
    if (chunk != null) {
      return chunk.find(position) >= 0;
    }
    if (position == 0 || position == shown) {
      return true;
    }
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      return channel.read(one, position - 1) == 1 && one.get(0) == '\n';
    }
  }

  /** The position behind the message that is at one. */
  long behind(long position) throws IOException {
    Chunk chunk = tail.at(position);
    if (chunk == null) {
      chunk = read(position);
    }
    return position + chunk.size(chunk.find(position));
  }

  /** Reads whole messages from a position on, about 64 KiB of them, but at least one. */
  Chunk read(long position) throws IOException {
    long end = saved;
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      for (long size = CHUNK_BYTES; ; size *= 4) {
        ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(size, end - position));
        while (bytes.hasRemaining() && channel.read(bytes, position + bytes.position()) > 0) {
          // until it is full
        }
        // Of a piece that is large for the sake of one long line, that line alone: the rest would
        // be held for as long as the viewer likes.
        boolean one = size > CHUNK_BYTES;
        Chunk chunk =
            Chunk.ofLines(bytes.array(), bytes.position(), position, one ? 1 : Integer.MAX_VALUE);
        if (chunk != null) {
          return chunk;
        }
        if (bytes.position() >= end - position || size > Integer.MAX_VALUE / 4) {
          throw new IOException(path.getFileName() + " is damaged at byte " + position);
        }
      }
    }
  }

  /** The cursor of a deployment's message: its position, as if that were a time. */
  static Cursor cursor(long id, long position) {
    return Cursor.of(Cursor.Mark.of(id, 0, position, 0));
  }
}
