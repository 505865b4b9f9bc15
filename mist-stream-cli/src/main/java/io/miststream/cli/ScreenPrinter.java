package io.miststream.cli;

import io.miststream.core.StreamMessage;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Shows a stream as one screen that is drawn anew with what comes. It has a terminal's second
 * screen for itself, so that the first is afterwards as it was. Without a terminal it prints the
 * messages as JSON.
 */
abstract class ScreenPrinter extends StreamPrinter {
  // The second screen, without cursor, and without wrapping what is too wide after all.
  private static final String ENTER = "\u001b[?1049h\u001b[?25l\u001b[?7l";
  private static final String LEAVE = "\u001b[?7h\u001b[?25h\u001b[?1049l";
  private static final String HOME = "\u001b[H";
  private static final String NEXT_LINE = "\u001b[K\r\n";
  private static final String CLEAR_REST = "\u001b[J";

  private final Supplier<Terminal.@Nullable Size> terminal;
  private final boolean json;
  private boolean shown; // guarded by the footer's lock
  private volatile boolean changed;

  /**
   * A printer.
   *
   * @param terminal its size, asked for whenever it is drawn
   * @param json whether to print JSON instead
   */
  ScreenPrinter(
      OutputStream out, PrintWriter err, boolean json, Supplier<Terminal.@Nullable Size> terminal) {
    super(out, err, json);
    this.json = json;
    this.terminal = terminal;
  }

  /** Takes a message in, to be shown from now on. */
  abstract void take(StreamMessage message) throws IOException;

  /** What is to be seen: as many lines as fit, none longer than fits. */
  abstract List<String> lines(Terminal.Size size);

  @Override
  final void printForPeople(StreamMessage message) throws IOException {
    take(message);
    changed = true;
  }

  @Override
  final void putFooter() throws IOException {
    Terminal.Size size = json || (shown && !changed) ? null : terminal.get();
    if (size == null) {
      return;
    }
    changed = false; // first: what comes while it is drawn is for the next time
    StringBuilder screen = new StringBuilder(shown ? HOME : ENTER + HOME);
    String between = "";
    for (String line : lines(size).stream().limit(size.rows()).toList()) {
      screen.append(between).append(line, 0, Math.min(line.length(), size.columns()));
      between = NEXT_LINE;
    }
    writeFooter(screen.append("\u001b[K").append(CLEAR_REST).toString());
    shown = true;
  }

  @Override
  final void takeFooter() throws IOException {
    if (shown) {
      shown = false;
      writeFooter(LEAVE);
    }
  }
}
