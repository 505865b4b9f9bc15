package io.miststream.cli;

import io.miststream.core.ErrorCode;
import io.miststream.core.Follow;
import io.miststream.core.LogFilter;
import io.miststream.core.LogRequest;
import io.miststream.core.LogStream;
import io.miststream.core.StreamException;
import io.miststream.core.TimeExpression;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Stack;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.IParameterPreprocessor;
import picocli.CommandLine.Mixin;
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
  @Spec private @Nullable CommandSpec spec;

  @Parameters(paramLabel = "APP", description = "id of the app")
  private long app;

  @Mixin private final ServerOption server = new ServerOption();

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
    PrintWriter err = Objects.requireNonNull(spec).commandLine().getErr();
    LogPrinter printer = new LogPrinter(System.out, err, timestamps, json);
    return printer.follow(server.client(printer::sayRetry).logs(request()));
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
