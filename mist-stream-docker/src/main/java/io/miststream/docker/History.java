package io.miststream.docker;

import io.miststream.core.BlockingPublisher.CancelledException;
import io.miststream.core.Gap;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The lines a request wants of what its containers have printed already, oldest first. */
final class History {

  /** Most bytes of lines held while it is not clear yet where the wanted ones begin. */
  static final int MAX_HELD_BYTES = 8 << 20;

  private final Streams streams;
  private final Progress progress;

  History(Streams streams, Progress progress) {
    this.streams = streams;
    this.progress = progress;
  }

  /**
   * Finds the last {@code tail} lines of all containers together, and sets the positions to just
   * before them.
   */
  List<LogWindow> last(List<ContainerInfo> containers, int tail) throws IOException {
    List<LogWindow> windows = new ArrayList<>();
    for (ContainerInfo container : containers) {
      windows.add(LogWindow.last(streams, progress, container, tail));
    }
    LogWindow.keepLast(windows, tail);
    for (LogWindow window : windows) {
      progress.position(window.start());
    }
    return windows;
  }

  /** Sends what was found, merged by the times. */
  void send(List<LogWindow> windows) throws IOException, CancelledException {
    List<LineSource> sources = new ArrayList<>();
    try {
      for (LogWindow window : windows) {
        sources.add(window.lines(streams));
      }
      merge(sources);
    } finally {
      sources.forEach(LineSource::close);
    }
    for (LogWindow window : windows) {
      if (window.isHeld()) {
        progress.position(window.end());
      }
    }
  }

  /** Sends everything behind the positions, merged by the times. */
  void behindPositions(List<ContainerInfo> containers) throws IOException, CancelledException {
    List<LineSource> sources = new ArrayList<>();
    try {
      for (ContainerInfo container : containers) {
        Position from = progress.position(container);
        sources.add(new BehindPosition(streams, container, from, ContinuedRead.FIRST_WINDOW));
      }
      merge(sources);
    } finally {
      sources.forEach(LineSource::close);
    }
  }

  private void merge(List<LineSource> sources) throws IOException, CancelledException {
    for (LineSource source : sources) {
      source.advance();
    }
    while (true) {
      LineSource oldest = null;
      for (LineSource source : sources) {
        RawLine line = source.current();
        if (line != null) {
          RawLine best = oldest == null ? null : oldest.current();
          if (best == null || line.time() < best.time()) {
            oldest = source;
          }
        }
      }
      RawLine line = oldest == null ? null : oldest.current();
      if (oldest == null || line == null) {
        return;
      }
      if (oldest.isLossAhead()) {
        progress.lost(oldest.container(), Gap.Reason.LOG_ROTATED, null, line);
      }
      progress.line(oldest.container(), line);
      oldest.advance();
    }
  }

  /** Lines of one container, one after the other. */
  abstract static class LineSource implements AutoCloseable {
    private final ContainerInfo container;
    private @Nullable RawLine current;

    LineSource(ContainerInfo container) {
      this.container = container;
    }

    ContainerInfo container() {
      return container;
    }

    @Nullable RawLine current() {
      return current;
    }

    void advance() throws IOException {
      current = next();
    }

    abstract @Nullable RawLine next() throws IOException;

    /** Whether lines are missing just before the current one. */
    boolean isLossAhead() {
      return false;
    }

    @Override
    public void close() {}
  }

  /** Everything behind a position. */
  static final class BehindPosition extends LineSource {
    private final ContinuedRead read;

    BehindPosition(Streams streams, ContainerInfo container, Position from, int window)
        throws IOException {
      super(container);
      read = new ContinuedRead(streams, container, from, false, !container.isUp(), window);
    }

    @Override
    @Nullable RawLine next() throws IOException {
      return read.next();
    }

    @Override
    boolean isLossAhead() {
      return read.isLossAhead();
    }

    @Override
    public void close() {
      read.close();
    }
  }

  /** Lines in memory. */
  static final class Held extends LineSource {
    private final ArrayDeque<RawLine> lines;

    Held(ContainerInfo container, ArrayDeque<RawLine> lines) {
      super(container);
      this.lines = lines;
    }

    @Override
    @Nullable RawLine next() {
      return lines.poll();
    }
  }
}
