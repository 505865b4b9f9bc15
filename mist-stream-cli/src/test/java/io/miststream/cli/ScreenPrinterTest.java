package io.miststream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.client.Retry;
import io.miststream.core.ContainerStats;
import io.miststream.core.ContainerStatus;
import io.miststream.core.DockerCounts;
import io.miststream.core.ErrorCode;
import io.miststream.core.HostMetrics;
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
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Flow;
import org.junit.jupiter.api.Test;

/** What is shown of metrics and stats; all they have in common with logs is tested with these. */
class ScreenPrinterTest {
  private static final Instant TIME = Instant.parse("2025-01-15T10:30:00Z");
  private static final String ENTER = "\u001b[?1049h\u001b[?25l\u001b[?7l";
  private static final String LEAVE = "\u001b[?7h\u001b[?25h\u001b[?1049l";

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final StringWriter err = new StringWriter();
  private Terminal.Size size = new Terminal.Size(100, 40);

  private <P extends StreamPrinter> P subscribed(P printer) {
    printer.onSubscribe(
        new Flow.Subscription() {
          @Override
          public void request(long n) {}

          @Override
          public void cancel() {}
        });
    return printer;
  }

  private MetricsPrinter metrics(boolean json) {
    return subscribed(new MetricsPrinter(out, new PrintWriter(err), json, () -> size));
  }

  private StatsPrinter stats(boolean json) {
    return subscribed(new StatsPrinter(out, new PrintWriter(err), json, () -> size));
  }

  private static int print(StreamPrinter printer, StreamMessage... messages) {
    for (StreamMessage message : messages) {
      printer.onNext(message);
    }
    printer.onComplete();
    return printer.await();
  }

  private String printed() {
    return out.toString(StandardCharsets.UTF_8);
  }

  private static HostMetrics sample(double cpu, List<Double> cores, String mount) {
    return new HostMetrics(
        TIME,
        new HostMetrics.Cpu(cpu, 4, cores),
        new HostMetrics.Memory(4L << 30, 16L << 30, 25.0, 12L << 30),
        HostMetrics.Space.of(50L << 30, 500L << 30),
        new DockerCounts(5, 8, 12, null),
        HostMetrics.Space.of(1L << 30, 2L << 30),
        List.of(0.5, 1.25, 2.0),
        List.of(new HostMetrics.Mount(mount, "ext4", 50L << 30, 500L << 30, 10)),
        List.of(new HostMetrics.DiskRate("sda", 4096, 0)),
        List.of(new HostMetrics.NetworkRate("eth0", 1536, 10)),
        45.5,
        90_061L,
        123,
        new HostMetrics.Cgroup(1.5, 66.7, 100L << 20, 512L << 20, 19.5),
        Map.of("swap", "it failed"));
  }

  private static final HostMetrics SAMPLE = sample(25.5, List.of(51.0, 0.0, 25.5, 25.5), "/data");

  private static ContainerStatus status(String name, String state) {
    return new ContainerStatus(
        TIME, null, name, state, state, name + "0123456789ab", "shop:1", TIME, null, null);
  }

  private static ContainerStats stats(String name, double cpu) {
    return new ContainerStats(TIME, name, cpu, 256.5, 512, 50.1, 1.25, 0.5, 8, 4.75, 17);
  }

  @Test
  void aHostFillsAScreenThatIsLeftAsItWas() {
    MetricsPrinter printer = metrics(false);
    assertThat(print(printer, sample(80, List.of(100.0), "/data"), SAMPLE)).isZero();
    String text = printed();
    // It is drawn when nothing more is waiting; here, everything was there before it was read.
    assertThat(text.isEmpty() || text.startsWith(ENTER)).isTrue();
    assertThat(text.isEmpty() || text.endsWith(LEAVE)).isTrue();
    assertThat(printer.lines(size))
        .anyMatch(
            line -> line.contains("up 1 d 01:01   load 0.50 1.25 2.00   123 processes   45.5"))
        .anyMatch(line -> line.startsWith("CPU     [#####---------------]  25.5 % 4 cores"))
        .anyMatch(line -> line.startsWith("CPU ") && line.endsWith("▇▃"))
        .anyMatch(line -> line.contains(" 51%   0%  26%  26%"))
        .anyMatch(
            line -> line.contains("Memory  [#####---------------]  25.0 % 4.0 GiB of 16.0 GiB"))
        .anyMatch(
            line -> line.contains("Swap    [##########----------]  50.0 % 1.0 GiB of 2.0 GiB"))
        .anyMatch(
            line -> line.contains("Disk    [##------------------]  10.0 % 50.0 GiB of 500.0 GiB"))
        .anyMatch(
            line ->
                line.equals(
                    "Limits  1.50 cores, 66.7 % used   memory 100.0 MiB of 512.0 MiB, 19.5 %"))
        .anyMatch(line -> line.equals("Docker  5 of 8 containers running, 12 images"))
        .anyMatch(line -> line.startsWith("Network eth0") && line.contains("1.5 KiB/s"))
        .anyMatch(line -> line.startsWith("Disk I/O sda") && line.contains("4.0 KiB/s"))
        .anyMatch(line -> line.endsWith("/data"))
        .anyMatch(line -> line.equals("no swap: it failed"));
  }

  @Test
  void eachDrawingHasTheSizeThatTheTerminalHasThen() throws Exception {
    MetricsPrinter printer = metrics(false);
    printer.print(sample(1, Collections.nCopies(500, 1.0), "/\u001b[2J"));
    printer.putFooter();
    size = new Terminal.Size(30, 5);
    printer.print(SAMPLE);
    printer.putFooter();
    printer.putFooter(); // nothing new
    printer.flush();
    String text = printed();
    assertThat(text).startsWith(ENTER + "\u001b[H").endsWith("\u001b[K\u001b[J" + LEAVE);
    assertThat(text).doesNotContain("\u001b[2J");
    List<String> drawings = List.of(text.substring(ENTER.length()).split("\u001b\\[H", -1));
    assertThat(drawings).hasSize(3); // the first is empty
    List<String> small = List.of(drawings.get(2).split("\r\n", -1));
    assertThat(small).hasSize(5);
    assertThat(small).allSatisfy(line -> assertThat(plain(line)).hasSizeLessThanOrEqualTo(30));
    assertThat(drawings.get(1).split("\r\n", -1))
        .allSatisfy(line -> assertThat(plain(line)).hasSizeLessThanOrEqualTo(100));
  }

  private static String plain(String text) {
    return text.replaceAll("\u001b\\[[0-9;?]*[A-Za-z]", "");
  }

  @Test
  void aLostConnectionIsToldOnTheFirstScreen() throws Exception {
    MetricsPrinter printer = metrics(false);
    printer.print(SAMPLE);
    printer.putFooter();
    printer.sayRetry(
        new Retry(
            1, Duration.ZERO, new StreamException(ErrorCode.SOURCE_UNAVAILABLE, "it is gone")));
    printer.flush();
    assertThat(err).hasToString("mist-stream: it is gone; trying again\n");
    assertThat(printed().indexOf(LEAVE)).isPositive();
    assertThat(printed().indexOf(ENTER, 1)).isGreaterThan(printed().indexOf(LEAVE));
    assertThat(printed()).endsWith(LEAVE);
  }

  @Test
  void containersAreShownAsLongAsTheyAreThere() throws Exception {
    StatsPrinter printer = stats(false);
    printer.print(status("web", "running"));
    printer.print(status("worker", "running"));
    printer.print(stats("web", 50));
    printer.print(stats("web", 150));
    printer.print(stats("worker", 1));
    printer.print(status("worker", "exited"));
    printer.print(status("other", "running"));
    printer.print(status("other", "removed"));
    assertThat(printer.lines(size))
        .containsExactly(
            "web   shop:1   running",
            "  CPU     [####################]  150.0 %   ▃█",
            "  Memory  [##########----------]   50.1 %   256.5 MiB of 512.0 MiB",
            "  Network in 1.3 MiB, out 512.0 KiB   Disk read 8.0 MiB, written 4.8 MiB   17 processes",
            "",
            "worker   shop:1   exited",
            "");
    printer.putFooter();
    assertThat(print(printer, new StreamEnd(TIME, null, "Stats stream ended"))).isZero();
    assertThat(printed()).startsWith(ENTER).endsWith(LEAVE);
    assertThat(err).hasToString("mist-stream: Stats stream ended\n");
  }

  @Test
  void elsewhereThanOnATerminalItIsJson() {
    size = null;
    assertThat(print(metrics(true), SAMPLE, SAMPLE)).isZero();
    assertThat(printed()).isEqualTo((WireCodec.encode(SAMPLE) + "\n").repeat(2));
    out.reset();
    assertThat(print(stats(true), status("web", "running"), stats("web", 50))).isZero();
    assertThat(printed())
        .isEqualTo(
            WireCodec.encode(status("web", "running"))
                + "\n"
                + WireCodec.encode(stats("web", 50))
                + "\n");
  }

  @Test
  void figuresAreReadable() {
    assertThat(Charts.bytes(0)).isEqualTo("0 B");
    assertThat(Charts.bytes(1023)).isEqualTo("1023 B");
    assertThat(Charts.bytes(1536)).isEqualTo("1.5 KiB");
    assertThat(Charts.bytes(Long.MAX_VALUE)).isEqualTo("8192.0 PiB");
    assertThat(Charts.bar(-1, 4)).isEqualTo("[----]");
    assertThat(Charts.bar(200, 4)).isEqualTo("[####]");
    assertThat(Charts.sparkline(List.of(0.0, 50.0, 100.0, 200.0), 100, 3)).isEqualTo("▅██");
    assertThat(Charts.sparkline(List.of(1.0), 0, 3)).isEqualTo("▁");
  }
}
