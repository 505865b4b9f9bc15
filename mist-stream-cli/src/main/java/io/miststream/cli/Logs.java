package io.miststream.cli;

import io.miststream.client.MistStreamClient;
import io.miststream.client.Retry;
import io.miststream.core.ErrorCode;
import io.miststream.core.Follow;
import io.miststream.core.LogFilter;
import io.miststream.core.LogRequest;
import io.miststream.core.LogStream;
import io.miststream.core.StreamException;
import io.miststream.core.TimeExpression;
import java.io.PrintWriter;
import java.net.URI;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Stack;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.IParameterPreprocessor;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mist-stream logs}: prints an app's lines as they come. */
@Command(
    name = "logs",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = {
      "Prints the logs of an app: lines to standard output, everything else to standard error.",
      "Comes back by itself after a lost connection, without losing or repeating a line.",
      "Exit code: 0 when the stream has ended, 1 on an error, 2 on wrong usage, also if it is the"
          + " server that says so, 130 when interrupted."
    })
final class Logs implements Callable<Integer> {
  private static final long FLUSH_MILLIS = 500;

  @Spec private @Nullable CommandSpec spec;

  @Parameters(paramLabel = "APP", description = "id of the app")
  private long app;

  @Option(
      names = "--server",
      paramLabel = "URL",
      defaultValue = "${env:MIST_SERVER:-ws://127.0.0.1:8080}",
      description = "the server; default $MIST_SERVER or ws://127.0.0.1:8080")
  private @Nullable URI server;

  @Option(
      names = "--tail",
      paramLabel = "N",
      description = "lines of history, or all; default 100, with --since all")
  private @Nullable String tail;

  @Option(
      names = "--since",
      paramLabel = "TIME",
      description =
          "only lines from then on: 2025-01-15T10:30:00Z, seconds since 1970, or 10m for ten"
              + " minutes ago")
  private @Nullable String since;

  @Option(names = "--until", paramLabel = "TIME", description = "only lines up to then")
  private @Nullable String until;

  @Option(
      names = {"-f", "--follow"},
      paramLabel = "MODE",
      preprocessor = BareFollow.class,
      defaultValue = "container",
      description =
          "container: to the end of the container (default); app: across restarts and redeploys,"
              + " what -f alone means; none: history only")
  private @Nullable String follow;

  @Option(names = "--stream", paramLabel = "NAME", description = "only stdout, or only stderr")
  private @Nullable String stream;

  @Option(names = "--grep", paramLabel = "RE", description = "only lines that match (RE2)")
  private @Nullable String grep;

  @Option(names = "--exclude", paramLabel = "RE", description = "only lines that do not match")
  private @Nullable String exclude;

  @Option(names = "--container", paramLabel = "NAME", description = "only this container")
  private @Nullable String container;

  @Option(
      names = {"-t", "--timestamps"},
      description = "the time before each line")
  private boolean timestamps;

  @Option(
      names = "--json",
      description =
          "the messages as they are on the wire, one a line; but an error is told on standard"
              + " error, and a state that is still the same after a lost connection not at all")
  private boolean json;

  @Override
  public Integer call() {
    CommandSpec command = java.util.Objects.requireNonNull(spec);
    LogRequest request;
    MistStreamClient client;
    try {
      request = request();
      client =
          MistStreamClient.builder(java.util.Objects.requireNonNull(server))
              .onRetry(retry -> sayRetry(command, retry))
              .build();
    } catch (StreamException | IllegalArgumentException e) {
      command.commandLine().getErr().println("mist-stream: " + e.getMessage());
      return Main.USAGE;
    }
    LogPrinter printer =
        new LogPrinter(System.out, command.commandLine().getErr(), timestamps, json);
    Runtime.getRuntime().addShutdownHook(new Thread(() -> stop(printer), "mist-stop"));
    client.logs(request).subscribe(printer);
    return printer.await();
  }

  private static void sayRetry(CommandSpec command, Retry retry) {
    PrintWriter err = command.commandLine().getErr();
    err.println("mist-stream: " + retry.cause().getMessage() + "; trying again");
    err.flush();
  }

  /** Runs when the process has been asked to end. */
  private static void stop(LogPrinter printer) {
    Thread flush = new Thread(printer::flush, "mist-flush");
    flush.setDaemon(true);
    flush.start();
    try {
      flush.join(FLUSH_MILLIS); // it waits for ever where nobody reads our output
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().halt(printer.exitCode(Main.INTERRUPTED));
  }

  private LogRequest request() {
    Instant now = Instant.now();
    LogFilter filter =
        LogFilter.of(
            stream == null ? null : word(LogStream.class, "--stream", stream),
            container,
            grep,
            exclude);
    return LogRequest.of(app)
        .withFilter(filter)
        .withTail(tail())
        .withTimes(
            TimeExpression.parse("--since", since, now),
            TimeExpression.parse("--until", until, now))
        .withFollow(word(Follow.class, "--follow", follow == null ? "container" : follow));
  }

  private int tail() {
    if (tail == null) {
      return since == null ? LogRequest.DEFAULT_TAIL : LogRequest.ALL;
    }
    if (tail.equals("all")) {
      return LogRequest.ALL;
    }
    try {
      int lines = Integer.parseInt(tail);
      if (lines >= 0) {
        return lines;
      }
    } catch (NumberFormatException e) {
      // told below
    }
    throw invalid("--tail must be a number or all, and is \"" + tail + "\"");
  }

  private static <E extends Enum<E>> E word(Class<E> type, String flag, String value) {
    List<String> words = new ArrayList<>();
    for (E constant : type.getEnumConstants()) {
      String word = constant.name().toLowerCase(Locale.ROOT);
      if (word.equals(value)) {
        return constant;
      }
      words.add(word);
    }
    throw invalid(
        flag + " must be one of " + String.join(", ", words) + ", and is \"" + value + "\"");
  }

  private static StreamException invalid(String message) {
    return new StreamException(ErrorCode.INVALID_REQUEST, message);
  }

  /**
   * Lets {@code -f} stand alone, also right before the app: an optional value of picocli's own
   * would take the app for it.
   */
  static final class BareFollow implements IParameterPreprocessor {
    @Override
    public boolean preprocess(
        Stack<String> arguments, CommandSpec command, ArgSpec option, Map<String, Object> info) {
      boolean attached = !" ".equals(info.get("separator")); // -fapp or --follow=app
      String next = arguments.isEmpty() ? "-" : arguments.peek();
      if (!attached && (next.startsWith("-") || Character.isDigit(next.charAt(0)))) {
        arguments.push("app");
      }
      return false; // and go on as usual
    }
  }
}
