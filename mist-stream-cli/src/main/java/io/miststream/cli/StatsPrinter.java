package io.miststream.cli;

import io.miststream.core.ContainerStats;
import io.miststream.core.ContainerStatus;
import io.miststream.core.StreamEnd;
import io.miststream.core.StreamMessage;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Shows what an app's containers use. */
final class StatsPrinter extends ScreenPrinter {
  private static final int CELLS = 20;
  private static final int KEPT = 300;

  private final Map<String, Shown> containers = new LinkedHashMap<>(); // by name

  /** A container on the screen. */
  private static final class Shown {
    final List<Double> cpu = new ArrayList<>(); // the newest last
    @Nullable ContainerStatus status;
    @Nullable ContainerStats stats;
  }

  StatsPrinter(
      OutputStream out, PrintWriter err, boolean json, Supplier<Terminal.@Nullable Size> terminal) {
    super(out, err, json, terminal);
  }

  @Override
  void take(StreamMessage message) throws IOException {
    if (message instanceof StreamEnd end) {
      note(end.message());
    } else {
      remember(message);
    }
  }

  private synchronized void remember(StreamMessage message) {
    if (message instanceof ContainerStats stats) {
      Shown shown = of(stats.container());
      shown.stats = stats;
      shown.cpu.add(stats.cpuPercent());
      if (shown.cpu.size() > KEPT) {
        shown.cpu.remove(0);
      }
    } else if (message instanceof ContainerStatus status) {
      if (status.state().equals(ContainerStatus.REMOVED)) {
        containers.remove(status.container());
      } else {
        of(status.container()).status = status;
      }
    }
  }

  private Shown of(String container) {
    return containers.computeIfAbsent(container, name -> new Shown());
  }

  @Override
  synchronized List<String> lines(Terminal.Size size) {
    List<String> lines = new ArrayList<>();
    containers.forEach((name, shown) -> addLines(name, shown, size, lines));
    return lines;
  }

  private static void addLines(String name, Shown shown, Terminal.Size size, List<String> lines) {
    ContainerStatus status = shown.status;
    lines.add(
        Printable.plain(name)
            + (status == null
                ? ""
                : "   " + Printable.plain(status.image()) + "   " + status.state())
            + (status == null || status.health() == null ? "" : ", " + status.health()));
    ContainerStats stats = shown.stats;
    if (stats == null || (status != null && !status.isRunning())) {
      lines.add("");
      return;
    }
    // Of the highest so far, or of a core.
    double most = shown.cpu.stream().reduce(100.0, Math::max);
    lines.add(
        Charts.format(
            "  CPU     %s %6.1f %%   %s",
            Charts.bar(100 * stats.cpuPercent() / most, CELLS),
            stats.cpuPercent(),
            Charts.sparkline(shown.cpu, most, Math.max(0, size.columns() - CELLS - 25))));
    lines.add(
        Charts.format(
            "  Memory  %s %6.1f %%   %s of %s",
            Charts.bar(stats.memoryPercent(), CELLS),
            stats.memoryPercent(),
            megabytes(stats.memoryUsedMb()),
            megabytes(stats.memoryLimitMb())));
    lines.add(
        Charts.format(
            "  Network in %s, out %s   Disk read %s, written %s   %d processes",
            megabytes(stats.networkRxMb()),
            megabytes(stats.networkTxMb()),
            megabytes(stats.blockReadMb()),
            megabytes(stats.blockWriteMb()),
            stats.pids()));
    lines.add("");
  }

  private static String megabytes(double size) {
    return Charts.bytes(Math.round(size * (1 << 20)));
  }
}
