package io.miststream.cli;

import io.miststream.core.DockerCounts;
import io.miststream.core.HostMetrics;
import io.miststream.core.StreamMessage;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Shows how a host is doing. */
final class MetricsPrinter extends ScreenPrinter {
  private static final int CELLS = 20;
  private static final int LABEL = 8;
  private static final int KEPT = 300;
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss");

  private final List<HostMetrics> samples = new ArrayList<>(); // the newest last

  MetricsPrinter(
      OutputStream out, PrintWriter err, boolean json, Supplier<Terminal.@Nullable Size> terminal) {
    super(out, err, json, terminal);
  }

  @Override
  synchronized void take(StreamMessage message) {
    if (message instanceof HostMetrics sample) {
      samples.add(sample);
      if (samples.size() > KEPT) {
        samples.remove(0);
      }
    }
  }

  @Override
  synchronized List<String> lines(Terminal.Size size) {
    List<String> lines = new ArrayList<>();
    if (samples.isEmpty()) {
      lines.add("waiting for the first sample");
      return lines;
    }
    HostMetrics now = samples.get(samples.size() - 1);
    lines.add(heading(now));
    lines.add("");
    // Beside label, bar and figures.
    int room = Math.max(0, size.columns() - LABEL - CELLS - 40);
    lines.add(
        share("CPU", now.cpu().usage(), Charts.format("%d cores", now.cpu().cores()))
            + history(s -> s.cpu().usage(), room));
    cores(now, size, lines);
    HostMetrics.Memory memory = now.memory();
    lines.add(
        share("Memory", memory.percent(), of(memory.used(), memory.total()))
            + history(s -> s.memory().percent(), room));
    HostMetrics.Space swap = now.swap();
    if (swap != null && swap.total() != null && swap.total() > 0) {
      lines.add(share("Swap", swap.percent(), of(swap.used(), swap.total())));
    }
    lines.add(share("Disk", now.disk().percent(), of(now.disk().used(), now.disk().total())));
    HostMetrics.Cgroup cgroup = now.cgroup();
    if (cgroup != null) {
      lines.add(limits(cgroup));
    }
    lines.add("");
    docker(now.docker(), lines);
    rates(now, lines);
    disks(now, lines);
    now.errors().forEach((name, why) -> lines.add("no " + name + ": " + Printable.plain(why)));
    return lines;
  }

  private static String heading(HostMetrics now) {
    StringBuilder heading = new StringBuilder();
    heading.append(TIME.format(now.timestamp().atZone(ZoneId.systemDefault())));
    Long uptime = now.uptime();
    if (uptime != null) {
      heading.append(
          Charts.format(
              "   up %d d %02d:%02d", uptime / 86_400, uptime / 3600 % 24, uptime / 60 % 60));
    }
    List<Double> load = now.load();
    if (load != null) {
      heading.append("   load");
      load.forEach(one -> heading.append(Charts.format(" %.2f", one)));
    }
    if (now.processes() != null) {
      heading.append(Charts.format("   %d processes", now.processes()));
    }
    if (now.temperature() != null) {
      heading.append(Charts.format("   %.1f °C", now.temperature()));
    }
    return heading.toString();
  }

  private static String label(String name) {
    return Charts.format("%-" + LABEL + "s", name);
  }

  private static String share(String name, @Nullable Double percent, String detail) {
    String figure = percent == null ? "     ?  " : Charts.format("%5.1f %% ", percent);
    return label(name)
        + Charts.bar(Objects.requireNonNullElse(percent, 0.0), CELLS)
        + " "
        + figure
        + Charts.format("%-22s", detail);
  }

  private static String of(@Nullable Long used, @Nullable Long total) {
    return used == null || total == null ? "" : Charts.bytes(used) + " of " + Charts.bytes(total);
  }

  private String history(Function<HostMetrics, @Nullable Double> figure, int cells) {
    List<Double> values = new ArrayList<>();
    for (HostMetrics sample : samples) {
      values.add(Objects.requireNonNullElse(figure.apply(sample), 0.0));
    }
    return Charts.sparkline(values, 100, cells);
  }

  private static void cores(HostMetrics now, Terminal.Size size, List<String> lines) {
    List<Double> cores = now.cpu().perCore();
    if (cores == null) {
      return;
    }
    StringBuilder line = new StringBuilder(label(""));
    for (double core : cores) {
      String one = Charts.format("%3.0f%% ", core);
      if (line.length() + one.length() > size.columns()) {
        break;
      }
      line.append(one);
    }
    lines.add(line.toString());
  }

  private static String limits(HostMetrics.Cgroup cgroup) {
    StringBuilder line = new StringBuilder(label("Limits"));
    if (cgroup.cpuLimit() != null) {
      line.append(Charts.format("%.2f cores", cgroup.cpuLimit()));
      if (cgroup.cpuUsage() != null) {
        line.append(Charts.format(", %.1f %% used", cgroup.cpuUsage()));
      }
      line.append("   ");
    }
    if (cgroup.memoryLimit() != null && cgroup.memoryPercent() != null) {
      line.append("memory ")
          .append(of(cgroup.memoryUsed(), cgroup.memoryLimit()))
          .append(Charts.format(", %.1f %%", cgroup.memoryPercent()));
    }
    return line.toString();
  }

  private static void docker(DockerCounts docker, List<String> lines) {
    String error = docker.error();
    lines.add(
        label("Docker")
            + (error == null
                ? Charts.format(
                    "%d of %d containers running, %d images",
                    docker.containersRunning(), docker.containersTotal(), docker.images())
                : Printable.plain(error)));
  }

  private static void rates(HostMetrics now, List<String> lines) {
    String first = "Network";
    for (HostMetrics.NetworkRate rate : list(now.network())) {
      lines.add(rate(first, rate.name(), "in", rate.rx(), "out", rate.tx()));
      first = "";
    }
    first = "Disk I/O";
    for (HostMetrics.DiskRate rate : list(now.diskIo())) {
      lines.add(rate(first, rate.name(), "read", rate.read(), "written", rate.write()));
      first = "";
    }
  }

  private static String rate(
      String label, String name, String in, long first, String out, long second) {
    return label(label)
        + (label.length() < LABEL ? "" : " ")
        + Charts.format(
            "%-16s %s %12s/s   %s %12s/s",
            Printable.plain(name), in, Charts.bytes(first), out, Charts.bytes(second));
  }

  private static void disks(HostMetrics now, List<String> lines) {
    for (HostMetrics.Mount disk : list(now.disks())) {
      lines.add(
          share("", disk.percent(), of(disk.used(), disk.total()))
              + " "
              + Printable.plain(disk.mount()));
    }
  }

  private static <T> List<T> list(@Nullable List<T> items) {
    return items == null ? List.of() : items;
  }
}
