package io.miststream.cli;

import java.io.PrintWriter;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mist-stream stats}: what an app's containers use, every second. */
@Command(
    name = "stats",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = {
      "Shows what an app's containers use, every second, until none of them runs any more: on a"
          + " terminal one screen, elsewhere a JSON object a line.",
      "Exit code: 0 when the stream has ended, 1 on an error, 2 on wrong usage, 130 when"
          + " interrupted."
    })
final class Stats implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  @Mixin private final ServerOption server = new ServerOption();

  @Parameters(paramLabel = "APP", description = "id of the app")
  private long app;

  @Option(names = "--json", description = "JSON on a terminal, too")
  private boolean json;

  @Override
  public Integer call() {
    PrintWriter err = Objects.requireNonNull(spec).commandLine().getErr();
    boolean screen = !json && Terminal.size() != null;
    StatsPrinter printer = new StatsPrinter(System.out, err, !screen, Terminal::size);
    return printer.follow(server.client(printer::sayRetry).stats(app));
  }
}
