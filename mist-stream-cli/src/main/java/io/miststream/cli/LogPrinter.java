package io.miststream.cli;

import io.miststream.core.ContainerStatus;
import io.miststream.core.Gap;
import io.miststream.core.LogLine;
import io.miststream.core.StreamMessage;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;

/** Prints an app's log: lines to standard output, the rest to standard error. */
final class LogPrinter extends StreamPrinter {
  private final boolean timestamps;

  LogPrinter(OutputStream out, PrintWriter err, boolean timestamps, boolean json) {
    super(out, err, json);
    this.timestamps = timestamps;
  }

  @Override
  void printForPeople(StreamMessage message) throws IOException {
    if (message instanceof LogLine line) {
      String prefix =
          (timestamps ? line.timestamp() + " " : "")
              + (line.container().isEmpty() ? "" : line.container() + " | ");
      printLine(line.container() + '/' + line.stream(), prefix, line.line(), line.partial());
    } else if (message instanceof ContainerStatus status) {
      note(status.container() + " is " + status.state() + " (" + status.status() + ")");
    } else if (message instanceof Gap gap) {
      note(
          (gap.missed() == null ? "some lines" : gap.missed() + " lines")
              + " missing here ("
              + gap.reason().wire()
              + ")");
    }
  }
}
