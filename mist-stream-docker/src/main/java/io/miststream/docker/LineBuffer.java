package io.miststream.docker;

import io.miststream.core.LogStream;
import io.miststream.core.deployment.DeploymentReporter;

/** Makes lines of the pieces in which output comes, and reports them. */
final class LineBuffer {
  private static final int LONGEST = 1 << 20;

  private final DeploymentReporter report;
  private final LogStream stream;
  private final StringBuilder open = new StringBuilder();

  LineBuffer(DeploymentReporter report, LogStream stream) {
    this.report = report;
    this.stream = stream;
  }

  void add(String piece) {
    int from = 0;
    for (int end = piece.indexOf('\n'); end >= 0; end = piece.indexOf('\n', from)) {
      open.append(piece, from, end);
      line();
      from = end + 1;
    }
    open.append(piece, from, piece.length());
    if (open.length() > LONGEST) {
      line();
    }
  }

  /** Reports what has no end of line yet. */
  void flush() {
    if (open.length() > 0) {
      line();
    }
  }

  private void line() {
    int length = open.length();
    if (length > 0 && open.charAt(length - 1) == '\r') {
      open.setLength(length - 1);
    }
    report.log(stream, open.toString());
    open.setLength(0);
  }
}
