package io.miststream.cli;

import io.miststream.core.DeploymentError;
import io.miststream.core.DeploymentLine;
import io.miststream.core.DeploymentState;
import io.miststream.core.DeploymentStatus;
import io.miststream.core.StreamMessage;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;

/**
 * Prints a deployment. On a terminal its progress is a bar below its lines; elsewhere each status
 * is a line among them.
 */
final class DeploymentPrinter extends StreamPrinter {
  private static final int CELLS = 20;
  private static final String NO_WRAP = "\u001b[?7l";
  private static final String WRAP = "\u001b[?7h";
  private static final String ERASE = "\r\u001b[K";

  private final int columns;
  private @Nullable DeploymentStatus last;
  private volatile String bar = ""; // empty: there is none to show
  private boolean drawn; // guarded by the footer's lock

  /**
   * A printer.
   *
   * @param columns width of the terminal that {@code out} is; 0 if it is none
   */
  DeploymentPrinter(OutputStream out, PrintWriter err, boolean json, int columns) {
    super(out, err, json);
    this.columns = json ? 0 : columns;
  }

  @Override
  int complete() {
    return last == null ? Main.FAILED : exitCode(last.state());
  }

  /** The exit code that tells how a deployment has ended. */
  static int exitCode(DeploymentState state) {
    return switch (state) {
      case SUCCESS -> Main.OK;
      case STOPPED -> Main.STOPPED;
      default -> Main.FAILED;
    };
  }

  @Override
  void print(StreamMessage message) throws IOException {
    if (message instanceof DeploymentStatus status) {
      last = status;
    }
    super.print(message);
  }

  @Override
  void printForPeople(StreamMessage message) throws IOException {
    if (message instanceof DeploymentLine line) {
      String text = columns > 0 ? Printable.coloured(line.line()) : line.line();
      printLine(line.stage() + "/" + line.stream(), "", text, line.partial());
    } else if (message instanceof DeploymentError error) {
      note(error.message());
    } else if (message instanceof DeploymentStatus status) {
      print(status);
    }
  }

  private void print(DeploymentStatus status) throws IOException {
    boolean over = status.state().isFinal();
    String busy =
        over || status.stage().wire().isEmpty() ? status.state().wire() : status.stage().wire();
    String took =
        status.durationMillis() == null ? "" : " (" + Deployed.time(status.durationMillis()) + ")";
    String message = status.errorMessage().isEmpty() ? status.message() : status.errorMessage();
    String text = busy + ": " + Printable.plain(message) + took;
    if (columns == 0 || over) {
      bar = "";
      printLine("status", "", "[%3d%%] %s".formatted(status.progress(), text), false);
    } else {
      write(""); // takes the old one away
      int full = CELLS * status.progress() / 100;
      String line =
          "[%s%s] %3d%% %s"
              .formatted("#".repeat(full), "-".repeat(CELLS - full), status.progress(), text);
      bar = line.substring(0, Math.min(line.length(), columns - 1));
    }
  }

  @Override
  void putFooter() throws IOException {
    if (!bar.isEmpty() && !drawn && !isInLine()) {
      // What is too wide after all is cut: a second line could not be taken away.
      writeFooter(NO_WRAP + bar + WRAP);
      drawn = true;
    }
  }

  @Override
  void takeFooter() throws IOException {
    if (drawn) {
      drawn = false;
      writeFooter(ERASE);
    }
  }
}
