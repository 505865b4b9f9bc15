package io.miststream.docker;

import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** One answer of the engine to a log request, as lines. Read by one thread, closed by any. */
final class LogRead implements AutoCloseable {

  /** Value of {@code tail} for the whole log. */
  static final int ALL = Integer.MAX_VALUE;

  // All since a time makes the engine search its whole log before it has anything to send.
  private static final int SEARCH_PATIENCE = 30;

  private final EngineStream stream;
  private final LogChunks chunks;
  private final boolean endsOpenLines;
  private final LineAssembler[] lanes = new LineAssembler[RawLine.LANES];
  private final ArrayDeque<RawLine> ready = new ArrayDeque<>();
  private long count;
  private long firstTime = RawLine.NONE;
  private boolean ended;
  private @Nullable String complaint;

  /**
   * @param stream closed with this
   * @param endsOpenLines whether a line without an end is complete at the end of the answer,
   *     because nobody prints any more
   * @param engineNow the engine's time in nanoseconds since the epoch
   */
  LogRead(EngineStream stream, boolean tty, boolean endsOpenLines, LongSupplier engineNow) {
    this.stream = stream;
    this.chunks = tty ? new TtyChunks(stream, engineNow) : new LogFrames(stream);
    this.endsOpenLines = endsOpenLines;
    for (int lane = 0; lane < RawLine.LANES; lane++) {
      int own = lane;
      lanes[lane] = new LineAssembler((t, o, b, from, n, p) -> add(own, t, o, b, from, n, p));
    }
  }

  /**
   * Asks for a container's log.
   *
   * @param tail how many chunks from its end, or {@link #ALL}
   * @param since earliest time in nanoseconds since the epoch, or {@link RawLine#NONE}
   */
  static LogRead open(
      Streams streams,
      ContainerInfo container,
      boolean follow,
      int tail,
      long since,
      boolean endsOpenLines)
      throws IOException {
    StringBuilder path = new StringBuilder("/containers/").append(container.id());
    path.append("/logs?stdout=1&stderr=1&timestamps=1");
    path.append("&follow=").append(follow ? '1' : '0');
    path.append("&tail=").append(tail == ALL ? "all" : Integer.toString(tail));
    if (since > 0) {
      // Not RFC 3339, which this interface refuses.
      String nanos = Long.toString(1_000_000_000L + since % 1_000_000_000L).substring(1);
      path.append("&since=").append(since / 1_000_000_000L).append('.').append(nanos);
    }
    if (container.tty() || (follow && container.maxLogBytes() > 0)) {
      streams.measureClock(); // these compare its times with now
    }
    int patience = follow ? 0 : tail == ALL && since > 0 ? SEARCH_PATIENCE : 1;
    try {
      EngineStream stream = streams.open(path.toString(), patience);
      return new LogRead(stream, container.tty(), endsOpenLines, streams::engineNow);
    } catch (EngineRefusedException e) {
      throw new EngineRefusedException(e, container.id());
    }
  }

  /** The next line, waiting for it; null at the clean end of the answer. */
  @Nullable RawLine next() throws IOException {
    while (true) {
      RawLine line = ready.poll();
      if (line != null || ended) {
        return line;
      }
      if (!chunks.next()) {
        ended = true;
        if (endsOpenLines && complaint == null) {
          endOpenLines();
        }
      } else if (chunks.stream == LogChunks.ENGINE_ERROR) {
        complaint =
            new String(chunks.buffer, chunks.offset, chunks.length, StandardCharsets.UTF_8).trim();
      } else {
        count++;
        if (firstTime == RawLine.NONE) {
          firstTime = chunks.time;
        }
        // Stream 0 is standard input, which Docker hands out as standard output.
        lanes[Math.max(chunks.stream, LogChunks.STDOUT) - 1].chunk(
            chunks.time, chunks.buffer, chunks.offset, chunks.length);
      }
    }
  }

  private void endOpenLines() {
    boolean secondFirst =
        lanes[1].openTime() != RawLine.NONE && lanes[1].openTime() < lanes[0].openTime();
    lanes[secondFirst ? 1 : 0].end();
    lanes[secondFirst ? 0 : 1].end();
  }

  /** How many chunks there were so far. */
  long count() {
    return count;
  }

  /** Time of the first chunk, or {@link RawLine#NONE}. */
  long firstTime() {
    return firstTime;
  }

  /** Time of the line of a lane that is not complete so far, or {@link RawLine#NONE}. */
  long openTime(int lane) {
    return lanes[lane].openTime();
  }

  /**
   * To be called at the end of an answer that has to be complete.
   *
   * @throws IOException if the engine broke it off with a complaint
   */
  void checkComplete() throws IOException {
    if (complaint != null) {
      throw new EngineUnreachableException(complaint, new EOFException(complaint));
    }
  }

  @Override
  public void close() {
    stream.close();
  }

  private void add(int lane, long time, int ordinal, byte[] b, int from, int n, boolean partial) {
    LineAssembler other = lanes[1 - lane];
    String text = new String(b, from, n, StandardCharsets.UTF_8);
    ready.add(
        new RawLine(lane, time, ordinal, text, n, partial, other.openTime(), other.openOrdinal()));
  }
}
