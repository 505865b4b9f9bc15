package io.miststream.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/** What standard output is. */
final class Terminal {
  private static final int USUAL_COLUMNS = 80;
  private static final int PATIENCE_SECONDS = 2;
  private static final int NO_TERMINAL = 9;
  // Java's own console would also want standard input to be one.
  private static final String ASK = "test -t 1 || exit " + NO_TERMINAL + "; stty size <&1 >&2";

  private Terminal() {}

  /** Its width; 0 if it is no terminal, or one that cannot move its cursor. */
  static int columns() {
    if ("dumb".equals(System.getenv("TERM"))) {
      return 0;
    }
    try {
      Process ask =
          new ProcessBuilder("sh", "-c", ASK)
              .redirectOutput(ProcessBuilder.Redirect.INHERIT)
              .start();
      if (!ask.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) || ask.exitValue() == NO_TERMINAL) {
        ask.destroyForcibly();
        return 0;
      }
      String size = new String(ask.getErrorStream().readAllBytes(), StandardCharsets.US_ASCII);
      String[] numbers = size.strip().split(" ", -1);
      int columns = numbers.length == 2 ? Integer.parseInt(numbers[1]) : 0;
      return columns > 0 ? columns : USUAL_COLUMNS;
    } catch (IOException e) {
      return 0; // no shell
    } catch (NumberFormatException e) {
      return USUAL_COLUMNS;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 0;
    }
  }
}
