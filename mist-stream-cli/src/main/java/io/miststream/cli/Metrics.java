package io.miststream.cli;

import java.io.PrintWriter;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code mist-stream metrics}: how the server's host is doing, every second. */
@Command(
    name = "metrics",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = {
      "Shows how the server's host is doing, every second: on a terminal one screen, elsewhere a"
          + " JSON object a line.",
      "Exit code: 1 on an error, 2 on wrong usage, 130 when interrupted."
    })
final class Metrics implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  @Mixin private final ServerOption server = new ServerOption();

  @Option(
      names = "--history",
      paramLabel = "N",
      description = "past samples to begin with, 0 to 300; default 300 on a terminal, else 0")
  private @Nullable Integer history;

  @Option(names = "--json", description = "JSON on a terminal, too")
  private boolean json;

  @Override
  public Integer call() {
    PrintWriter err = Objects.requireNonNull(spec).commandLine().getErr();
    boolean screen = !json && Terminal.size() != null;
    int past = history != null ? history : screen ? 300 : 0;
    MetricsPrinter printer = new MetricsPrinter(System.out, err, !screen, Terminal::size);
    try {
      return printer.follow(server.client(printer::sayRetry).metrics(past));
    } catch (IllegalArgumentException e) {
      throw new ConfigException("--" + e.getMessage());
    }
  }
}
