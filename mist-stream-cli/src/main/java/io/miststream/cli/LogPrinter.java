package io.miststream.cli;

import io.miststream.core.ContainerStatus;
import io.miststream.core.Gap;
import io.miststream.core.LogLine;
import io.miststream.core.StreamMessage;
import io.miststream.core.wire.Frames;
import io.miststream.core.wire.MessageEncoder;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;

/** Puts messages into words: lines on standard output, the rest on standard error. For one thread. */
final class LogPrinter {
  private static final int BUFFER = 64 << 10;
  // Docker's own form, whose digits line up.
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSSSSS'Z'").withZone(ZoneOffset.UTC);

  private final OutputStream out;
  private final Console console;
  private final boolean timestamps;
  private final boolean json;
  private @Nullable LogLine open; // the piece that the rest of a long line is to be put behind

  LogPrinter(Console console, boolean timestamps, boolean json) {
    this.out = new BufferedOutputStream(console.out(), BUFFER);
    this.console = console;
    this.timestamps = timestamps;
    this.json = json;
  }

  /**
   * Prints one message, perhaps only into a buffer.
   *
   * @throws IOException if nobody reads standard output any more
   */
  void print(StreamMessage message) throws IOException {
    if (json) {
      boolean named = message instanceof LogLine line && !line.container().isEmpty();
      byte[] frame = MessageEncoder.frame(message, named);
      int header = Frames.headerLength(payloadLength(frame));
      out.write(frame, header, frame.length - header);
      out.write('\n');
    } else if (message instanceof LogLine line) {
      print(line);
    } else if (message instanceof ContainerStatus status) {
      String health = status.health() == null ? "" : ", " + status.health();
      tell(status.container() + ": " + status.state() + health + sentence(status));
    } else if (message instanceof Gap gap) {
      String lines =
          gap.missed() == null
              ? "lines are"
              : gap.missed() == 1 ? "1 line is" : gap.missed() + " lines are";
      tell("gap: " + lines + " missing here (" + gap.reason().wire() + ")");
    }
  }

  private static int payloadLength(byte[] frame) {
    for (int header : new int[] {2, 4, Frames.MAX_HEADER}) {
      if (Frames.headerLength(frame.length - header) == header) {
        return frame.length - header;
      }
    }
    throw new IllegalArgumentException("not a frame");
  }

  private void print(LogLine line) throws IOException {
    LogLine before = open;
    boolean continued =
        before != null
            && before.stream() == line.stream()
            && before.container().equals(line.container());
    if (!continued) {
      endOpenLine();
      if (timestamps) {
        write(TIME.format(line.timestamp()) + " ");
      }
      if (!line.container().isEmpty()) {
        write(line.container() + " | ");
      }
    }
    write(line.line());
    if (line.partial()) {
      open = line;
    } else {
      open = null;
      out.write('\n');
    }
  }

  /** Another stream has something to say before a long line is complete. */
  private void endOpenLine() throws IOException {
    if (open != null) {
      open = null;
      out.write('\n');
    }
  }

  private static String sentence(ContainerStatus status) {
    return status.status().isEmpty() ? "" : " (" + status.status() + ")";
  }

  private void tell(String message) throws IOException {
    flush(); // a terminal shows both, in this order
    console.say(message);
  }

  private void write(String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Hands on what is in the buffer. */
  void flush() throws IOException {
    out.flush();
  }

  /** Nothing more will come. */
  void close() throws IOException {
    endOpenLine();
    flush();
  }
}
