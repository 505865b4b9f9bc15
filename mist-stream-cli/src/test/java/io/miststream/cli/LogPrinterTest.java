package io.miststream.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.miststream.core.ContainerStatus;
import io.miststream.core.Cursor;
import io.miststream.core.ErrorCode;
import io.miststream.core.Gap;
import io.miststream.core.LogLine;
import io.miststream.core.LogStream;
import io.miststream.core.StreamEnd;
import io.miststream.core.StreamException;
import io.miststream.core.StreamMessage;
import io.miststream.core.wire.WireCodec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What is printed of a stream, and where. */
class LogPrinterTest {
  private static final Instant TIME = Instant.parse("2025-01-15T10:30:00.123456789Z");
  private static final Cursor CURSOR = Cursor.of(Cursor.Mark.of(1, 0, 2, 0));

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final StringWriter err = new StringWriter();

  private LogPrinter printer(OutputStream stream, boolean timestamps, boolean json) {
    return new LogPrinter(stream, new PrintWriter(err), timestamps, json);
  }

  private int print(LogPrinter printer, StreamMessage... messages) {
    printer.onSubscribe(new Subscription());
    for (StreamMessage message : messages) {
      printer.onNext(message);
    }
    printer.onComplete();
    return printer.await();
  }

  private int print(StreamMessage... messages) {
    return print(printer(out, false, false), messages);
  }

  private String printed() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private static LogLine line(String text, LogStream stream, String container, boolean partial) {
    return new LogLine(TIME, CURSOR, text, stream, container, partial);
  }

  private static LogLine line(String text) {
    return line(text, LogStream.STDOUT, "", false);
  }

  private static ContainerStatus status(String state) {
    return new ContainerStatus(
        TIME, null, "web", state, "Up 2 hours", "abc", "image", TIME, null, null);
  }

  private static Gap gap(Gap.Reason reason, Long missed) {
    return new Gap(TIME, CURSOR, reason, missed, null, null);
  }

  @Test
  void linesGoToOutAndStatesAndGapsToErr() {
    int exit =
        print(
            status("running"),
            line("one"),
            gap(Gap.Reason.SLOW_VIEWER, 12L),
            line("zwei ü 🚀"),
            gap(Gap.Reason.LOG_ROTATED, null),
            line("", LogStream.STDERR, "", false),
            new StreamEnd(TIME, CURSOR, "Log stream ended"));
    assertThat(exit).isZero();
    assertThat(printed()).isEqualTo("one\nzwei ü 🚀\n\n");
    assertThat(err.toString().lines())
        .containsExactly(
            "mist-stream: web is running (Up 2 hours)",
            "mist-stream: 12 lines missing here (slow_viewer)",
            "mist-stream: some lines missing here (log_rotated)");
  }

  @Test
  void piecesOfALineAreJoined() {
    print(
        line("a", LogStream.STDOUT, "web", true),
        line("b", LogStream.STDOUT, "web", true),
        line("c", LogStream.STDOUT, "web", false),
        line("d", LogStream.STDOUT, "web", false));
    assertThat(printed()).isEqualTo("web | abc\nweb | d\n");
  }

  @Test
  void piecesAreNotJoinedToOthersLines() {
    print(
        line("a", LogStream.STDOUT, "web", true),
        line("error", LogStream.STDERR, "web", false),
        line("b", LogStream.STDOUT, "web", false),
        line("c", LogStream.STDOUT, "web", false));
    assertThat(printed()).isEqualTo("web | a\nweb | error\nweb | b\nweb | c\n");
  }

  @Test
  void theContainerStandsBeforeALineThatNamesIt() {
    print(line("a"), line("b", LogStream.STDOUT, "web", false));
    assertThat(printed()).isEqualTo("a\nweb | b\n");
  }

  @Test
  void timestampsStandBeforeEachLineOnce() {
    print(
        printer(out, true, false),
        line("a"),
        line("b", LogStream.STDERR, "web", true),
        line("c", LogStream.STDERR, "web", false));
    assertThat(printed()).isEqualTo(TIME + " a\n" + TIME + " web | bc\n");
  }

  @Test
  void asJsonEveryMessageGoesToOut() {
    StreamMessage[] messages = {
      status("running"),
      line("one"),
      line("part", LogStream.STDOUT, "web", true),
      gap(Gap.Reason.SOURCE_RESTARTED, 3L),
      new StreamEnd(TIME, CURSOR, "Log stream ended")
    };
    assertThat(print(printer(out, false, true), messages)).isZero();
    assertThat(printed().lines().map(WireCodec::decode)).containsExactly(messages);
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void asJsonALineNamesItsContainerOnlyIfItCameWithTheName() {
    print(printer(out, false, true), line("one"), line("two", LogStream.STDOUT, "web", false));
    assertThat(printed().lines().map(line -> line.contains("\"container\"")))
        .containsExactly(false, true);
  }

  @Test
  void whatTheServerRefusesIsWrongUsage() {
    LogPrinter printer = printer(out, false, false);
    printer.onSubscribe(new Subscription());
    printer.onError(new StreamException(ErrorCode.INVALID_REQUEST, "tail must be 0 to 10 or all"));
    assertThat(printer.await()).isEqualTo(2);
    assertThat(err.toString()).contains("mist-stream: tail must be 0 to 10 or all");
  }

  @Test
  void longLinesWaitBeforeTheyArePrintedAndNotInMemory() {
    String million = "x".repeat(1 << 20);
    LogPrinter printer = printer(out, false, false);
    printer.onSubscribe(new Subscription());
    AtomicInteger taken = new AtomicInteger();
    Thread source =
        new Thread(
            () -> {
              for (int i = 0; i < 10; i++) {
                printer.onNext(line(million));
                taken.incrementAndGet();
              }
              printer.onComplete();
            });
    source.start();
    await().until(() -> taken.get() == 4 && source.getState() == Thread.State.WAITING);

    assertThat(printer.await()).isZero();
    assertThat(out.size()).isEqualTo(10 * (million.length() + 1));
  }

  @Test
  void aFailureIsToldAndIsOne() {
    LogPrinter printer = printer(out, false, false);
    printer.onSubscribe(new Subscription());
    printer.onNext(line("before"));
    printer.onError(new StreamException(ErrorCode.CONTAINER_NOT_FOUND, "Container not found"));
    assertThat(printer.exitCode(130)).isEqualTo(130);
    assertThat(printer.await()).isEqualTo(1);
    assertThat(printer.exitCode(130)).isEqualTo(1);
    assertThat(printed()).isEqualTo("before\n");
    assertThat(err.toString())
        .isEqualTo("mist-stream: Container not found" + System.lineSeparator());
  }

  @Test
  void everyMessageThatIsPrintedIsAskedForAgain() {
    Subscription subscription = new Subscription();
    LogPrinter printer = printer(out, false, false);
    printer.onSubscribe(subscription);
    long first = subscription.requested;
    printer.onNext(line("a"));
    printer.onNext(status("running"));
    printer.onComplete();
    printer.await();
    assertThat(first).isPositive();
    assertThat(subscription.requested).isEqualTo(first + 2);
    assertThat(subscription.cancelled).isFalse();
  }

  @Test
  void whereNobodyReadsItEndsQuietly() {
    OutputStream broken =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("Broken pipe");
          }
        };
    Subscription subscription = new Subscription();
    LogPrinter printer = printer(broken, false, false);
    printer.onSubscribe(subscription);
    printer.onNext(line("a")); // and no end: it is the printer that ends it
    assertThat(printer.await()).isZero();
    assertThat(subscription.cancelled).isTrue();
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void interruptedItCancels() {
    Subscription subscription = new Subscription();
    LogPrinter printer = printer(out, false, false);
    printer.onSubscribe(subscription);
    Thread.currentThread().interrupt();
    assertThat(printer.await()).isEqualTo(130);
    assertThat(Thread.interrupted()).isFalse();
    assertThat(subscription.cancelled).isTrue();
  }

  /** Notes what is asked of it; all on the test's thread. */
  private static final class Subscription implements Flow.Subscription {
    private long requested;
    private boolean cancelled;

    @Override
    public void request(long n) {
      requested += n;
    }

    @Override
    public void cancel() {
      cancelled = true;
    }
  }
}
