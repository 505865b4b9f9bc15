package io.miststream.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** What standard input and output are. */
final class Terminal {
  private static final Size USUAL = new Size(80, 24);
  private static final int PATIENCE_SECONDS = 2;
  private static final int NO_TERMINAL = 9;
  // Java's own console would also want standard input to be one.
  private static final String ASK = "test -t 1 || exit " + NO_TERMINAL + "; stty size <&1 >&2";

  private Terminal() {}

  /** How many characters it has room for. */
  record Size(int columns, int rows) {}

  /** Whether somebody can be asked on standard input. */
  static boolean isInput() {
    try {
      Process ask =
          new ProcessBuilder("test", "-t", "0")
              .redirectInput(ProcessBuilder.Redirect.INHERIT)
              .start();
      if (ask.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        return ask.exitValue() == 0;
      }
      ask.destroyForcibly();
      return false;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Its width; 0 if it is no terminal, or one that cannot move its cursor. */
  static int columns() {
    Size size = size();
    return size == null ? 0 : size.columns();
  }

  /** Its size as it is now; null if it is no terminal, or one that cannot move its cursor. */
  static @Nullable Size size() {
    if ("dumb".equals(System.getenv("TERM"))) {
      return null;
    }
    try {
      Process ask =
          new ProcessBuilder("sh", "-c", ASK)
              .redirectOutput(ProcessBuilder.Redirect.INHERIT)
              .start();
      if (!ask.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) || ask.exitValue() == NO_TERMINAL) {
        ask.destroyForcibly();
        return null;
      }
      String size = new String(ask.getErrorStream().readAllBytes(), StandardCharsets.US_ASCII);
      String[] numbers = size.strip().split(" ", -1);
      if (numbers.length != 2) {
        return USUAL;
      }
      int rows = Integer.parseInt(numbers[0]);
      int columns = Integer.parseInt(numbers[1]);
      return columns > 0 && rows > 0 ? new Size(columns, rows) : USUAL;
    } catch (IOException e) {
      return null; // no shell
    } catch (NumberFormatException e) {
      return USUAL;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
  }
}
