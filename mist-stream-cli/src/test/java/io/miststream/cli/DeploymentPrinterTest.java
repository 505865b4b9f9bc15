package io.miststream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.client.Retry;
import io.miststream.core.Cursor;
import io.miststream.core.DeploymentError;
import io.miststream.core.DeploymentLine;
import io.miststream.core.DeploymentStage;
import io.miststream.core.DeploymentState;
import io.miststream.core.DeploymentStatus;
import io.miststream.core.ErrorCode;
import io.miststream.core.LogStream;
import io.miststream.core.StreamEnd;
import io.miststream.core.StreamException;
import io.miststream.core.StreamMessage;
import io.miststream.core.wire.WireCodec;
import java.io.ByteArrayOutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Flow;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is printed of a deployment; all it has in common with logs is tested with these. */
class DeploymentPrinterTest {
  private static final Instant TIME = Instant.parse("2025-01-15T10:30:00Z");
  private static final Cursor CURSOR = Cursor.of(Cursor.Mark.of(17, 0, 2, 0));
  private static final String ERASE = "\r\u001b[K";
  private static final StreamMessage END = new StreamEnd(TIME, CURSOR, "Deployment stream ended");

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final StringWriter err = new StringWriter();

  private DeploymentPrinter printer(boolean json, int columns) {
    DeploymentPrinter printer = new DeploymentPrinter(out, new PrintWriter(err), json, columns);
    printer.onSubscribe(
        new Flow.Subscription() {
          @Override
          public void request(long n) {}

          @Override
          public void cancel() {}
        });
    return printer;
  }

  private static int print(DeploymentPrinter printer, StreamMessage... messages) {
    for (StreamMessage message : messages) {
      printer.onNext(message);
    }
    printer.onComplete();
    return printer.await();
  }

  private String printed() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private static DeploymentLine line(String text, boolean partial) {
    return new DeploymentLine(
        TIME, CURSOR, text, LogStream.STDOUT, DeploymentStage.BUILDING_IMAGE, partial);
  }

  private static DeploymentStatus status(
      DeploymentState state, DeploymentStage stage, int progress, String message) {
    boolean failed = state == DeploymentState.FAILED;
    return new DeploymentStatus(
        TIME,
        CURSOR,
        17,
        state,
        stage,
        progress,
        message,
        failed ? "exit code 1" : "",
        1L,
        state.isFinal() ? 83_000L : null);
  }

  private static DeploymentStatus building(int progress) {
    return status(
        DeploymentState.BUILDING, DeploymentStage.BUILDING_IMAGE, progress, "Building image");
  }

  @Test
  void elsewhereEachStatusIsALineAmongTheOthers() {
    int exit =
        print(
            printer(false, 0),
            status(DeploymentState.PENDING, DeploymentStage.NONE, 0, "Deployment queued"),
            building(45),
            line("Step 1/3 \u001b[1m: FROM scratch\r", false),
            line("half ", true),
            line("line", false),
            line("torn", true),
            new DeploymentError(TIME, CURSOR, "Docker build failed: exit code 1"),
            status(DeploymentState.FAILED, DeploymentStage.BUILDING_IMAGE, 50, "Building image"),
            END);
    assertThat(exit).isEqualTo(1);
    assertThat(printed())
        .isEqualTo(
            """
            [  0%] pending: Deployment queued
            [ 45%] building_image: Building image
            Step 1/3 \u001b[1m: FROM scratch\r
            half line
            torn
            [ 50%] failed: exit code 1 (1m23s)
            """);
    assertThat(err.toString().strip()).isEqualTo("mist-stream: Docker build failed: exit code 1");
  }

  @ParameterizedTest
  @CsvSource({"SUCCESS, 0", "FAILED, 1", "STOPPED, 3", "BUILDING, 1"})
  void theExitCodeIsHowItEnded(DeploymentState state, int code) {
    assertThat(
            print(
                printer(false, 0), building(40), status(state, DeploymentStage.NONE, 100, ""), END))
        .isEqualTo(code);
    assertThat(print(printer(true, 0), status(state, DeploymentStage.NONE, 100, ""), END))
        .isEqualTo(code);
  }

  @Test
  void withoutAStatusItIsNoSuccess() {
    assertThat(print(printer(false, 0), line("a", false), END)).isEqualTo(1);
    DeploymentPrinter printer = printer(false, 80);
    printer.onError(new StreamException(ErrorCode.DEPLOYMENT_NOT_FOUND, "Deployment not found"));
    assertThat(printer.await()).isEqualTo(1);
    assertThat(err.toString()).contains("mist-stream: Deployment not found");
  }

  @Test
  void asJsonAllMessagesAreOnOut() {
    StreamMessage[] messages = {
      building(45),
      line("a", false),
      new DeploymentError(TIME, CURSOR, "failed"),
      status(DeploymentState.SUCCESS, DeploymentStage.COMPLETED, 100, "Deployment complete"),
      END
    };
    assertThat(print(printer(true, 80), messages)).isZero();
    assertThat(printed().lines().map(WireCodec::decode)).containsExactly(messages);
    assertThat(err.toString()).isEmpty();
  }

  @Test
  void onATerminalTheBarStandsBelowTheLinesAndIsGoneInTheEnd() throws Exception {
    DeploymentPrinter printer = printer(false, 57);
    int[] exit = {-1};
    Thread printing = new Thread(() -> exit[0] = printer.await());
    printing.start();

    printer.onNext(building(45));
    String bar = "\u001b[?7l[#########-----------]  45% building_image: Building ima\u001b[?7h";
    awaitPrinted(bar);
    printer.onNext(line("colour \u001b[31mred\u001b[2J", false));
    String red = "colour \u001b[31mred\u241b[2J\u001b[0m\n";
    awaitPrinted(bar + ERASE + red + bar);
    printer.onNext(line("half", true));
    awaitPrinted(bar + ERASE + red + bar + ERASE + "half");
    printer.onNext(line(" line", false));
    awaitPrinted(bar + ERASE + red + bar + ERASE + "half line\n" + bar);
    printer.sayRetry(
        new Retry(
            1,
            Duration.ZERO,
            new StreamException(ErrorCode.SOURCE_UNAVAILABLE, "the connection was lost")));
    assertThat(err.toString()).contains("mist-stream: the connection was lost; trying again");
    awaitPrinted(bar + ERASE + red + bar + ERASE + "half line\n" + bar + ERASE + bar);
    printer.onNext(status(DeploymentState.SUCCESS, DeploymentStage.COMPLETED, 100, "Complete"));
    printer.onNext(END);
    printer.onComplete();
    printing.join();

    assertThat(exit[0]).isZero();
    assertThat(printed()).endsWith(bar + ERASE + "[100%] success: Complete (1m23s)\n");
  }

  @Test
  void interruptedItTakesTheBarAway() throws Exception {
    DeploymentPrinter printer = printer(false, 60);
    Thread printing = new Thread(printer::await);
    printing.start();
    printer.onNext(building(45));
    Awaitility.await().until(() -> printed().contains("45%"));

    printer.flush(); // as when the process is asked to end
    printer.onNext(building(46));
    printing.interrupt();
    printing.join();

    assertThat(printed()).endsWith("\u001b[?7h" + ERASE).doesNotContain("46%");
    assertThat(printer.exitCode(-1)).isEqualTo(130);
  }

  private void awaitPrinted(String text) {
    Awaitility.await().untilAsserted(() -> assertThat(printed()).isEqualTo(text));
  }
}
