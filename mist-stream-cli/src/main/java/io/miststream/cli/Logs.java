package io.miststream.cli;

import io.miststream.client.MistStreamClient;
import io.miststream.client.Retry;
import io.miststream.core.ErrorCode;
import io.miststream.core.Follow;
import io.miststream.core.LogFilter;
import io.miststream.core.LogRequest;
import io.miststream.core.LogStream;
import io.miststream.core.StreamException;
import io.miststream.core.StreamMessage;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
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

/** {@code mist-stream logs}: prints an app's logs as they come. */
@Command(
    name = "logs",
    description =
        "Prints the logs of an app: its lines on standard output, the states of its containers and"
            + " what goes wrong on standard error.",
    sortOptions = false,
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:the stream is complete, or nobody reads the output any more",
      "1:it could not be opened, or ended early",
      "2:it was asked for in a wrong way",
      "130:interrupted"
    })
final class Logs implements Callable<Integer> {

  static final String SERVER_VARIABLE = "MIST_SERVER";
  private static final String DEFAULT_SERVER = "ws://127.0.0.1:8080";
  private static final String ALL = "all";

  private final Console console;

  @Parameters(paramLabel = "APP", description = "number of the app")
  private @Nullable String app;

  @Option(
      names = "--server",
      paramLabel = "URL",
      description =
          "where the server is (default: " + SERVER_VARIABLE + ", else " + DEFAULT_SERVER + ")")
  private @Nullable String server;

  @Option(
      names = {"-n", "--tail"},
      paramLabel = "N",
      description = "lines of history, or all (default: 100; all with --since)")
  private @Nullable String tail;

  @Option(
      names = "--since",
      paramLabel = "TIME",
      description = "no lines before this time; 10m means ten minutes ago")
  private @Nullable String since;

  @Option(names = "--until", paramLabel = "TIME", description = "no lines after this time")
  private @Nullable String until;

  @Option(
      names = {"-f", "--follow"},
      paramLabel = "MODE",
      preprocessor = BareFollow.class,
      description =
          "container: to the end of its run (default). app: across restarts and redeploys; the same"
              + " as -f alone. none: history only, of stopped containers too")
  private @Nullable String follow;

  @Option(
      names = "--stream",
      paramLabel = "NAME",
      description = "only this output: stdout or stderr")
  private @Nullable String stream;

  @Option(names = "--grep", paramLabel = "RE", description = "only lines that contain a match")
  private @Nullable String grep;

  @Option(names = "--exclude", paramLabel = "RE", description = "no lines that contain a match")
  private @Nullable String exclude;

  @Option(names = "--container", paramLabel = "NAME", description = "only this container's lines")
  private @Nullable String container;

  @Option(
      names = {"-t", "--timestamps"},
      description = "begin each line with its time")
  private boolean timestamps;

  @Option(
      names = "--json",
      description = "print each message as one line of JSON, states and gaps too")
  private boolean json;

  @Option(
      names = "--retry-for",
      paramLabel = "TIME",
      description = "how long to try to reach the server (default: 1m); 0s for once only")
  private @Nullable String retryFor;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      description = "Show this help message and exit.")
  private boolean help;

  Logs(Console console) {
    this.console = console;
  }

  @Override
  public Integer call() throws InterruptedException {
    MistStreamClient client = client();
    LogRequest request;
    try {
      request = request(Instant.now());
    } catch (StreamException e) {
      throw new UsageException(String.valueOf(e.getMessage()));
    }
    LogQueue queue = new LogQueue();
    Thread hook = new Thread(queue::cancel, "mist-stream-cancel");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      client.logs(request).subscribe(queue);
      if (!print(queue)) {
        return Main.OK;
      }
    } finally {
      queue.cancel();
      removeHook(hook);
    }
    Throwable failure = queue.failure();
    if (failure == null) {
      return Main.OK;
    }
    console.say(String.valueOf(failure.getMessage()));
    return failure instanceof StreamException known && known.code() == ErrorCode.INVALID_REQUEST
        ? Main.USAGE
        : Main.FAILURE;
  }

  /** False if nobody reads the output any more. */
  private boolean print(LogQueue queue) throws InterruptedException {
    LogPrinter printer = new LogPrinter(console, timestamps, json);
    try {
      for (StreamMessage message = queue.take(); message != null; message = queue.take()) {
        printer.print(message);
        if (queue.isIdle()) {
          printer.flush(); // somebody may be looking; in bulk the buffer is faster
        }
      }
      printer.close();
      return true;
    } catch (IOException e) {
      return false; // as with head: it has seen enough
    }
  }

  private static void removeHook(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The virtual machine is shutting down: the hook is at work.
    }
  }

  private MistStreamClient client() {
    String variable = console.environment().getOrDefault(SERVER_VARIABLE, "");
    String address = server != null ? server : variable.isEmpty() ? DEFAULT_SERVER : variable;
    Duration patience = retryFor == null ? Duration.ofMinutes(1) : Durations.parse(retryFor);
    if (patience == null) {
      throw new UsageException(
          "--retry-for must be a time such as 30s or 5m, and is \"" + retryFor + "\"");
    }
    try {
      return MistStreamClient.builder(new URI(address))
          .giveUpAfter(patience)
          .onRetry(this::tell)
          .build();
    } catch (URISyntaxException | IllegalArgumentException e) {
      String place = server != null ? "--server" : SERVER_VARIABLE;
      throw new UsageException(
          place + " must be an address such as " + DEFAULT_SERVER + ", and is \"" + address + "\"");
    }
  }

  private void tell(Retry retry) {
    if (retry.attempt() == 1) {
      console.say(retry.cause().getMessage() + "; trying again");
    }
  }

  private LogRequest request(Instant now) {
    LogFilter filter =
        LogFilter.of(
            word("--stream", stream, LogStream.values(), LogStream::wire),
            container,
            grep,
            exclude);
    Follow mode = word("--follow", follow, Follow.values(), Follow::wire);
    return LogRequest.of(appId())
        .withFilter(filter)
        .withTail(tail())
        .withTimes(
            since == null ? null : TimeArgument.parse("--since", since, now),
            until == null ? null : TimeArgument.parse("--until", until, now))
        .withFollow(mode == null ? Follow.CONTAINER : mode);
  }

  private long appId() {
    String text = String.valueOf(app);
    if (text.matches("[0-9]{1,18}") && Long.parseLong(text) > 0) {
      return Long.parseLong(text);
    }
    throw new UsageException("APP must be a positive integer, and is \"" + text + "\"");
  }

  private int tail() {
    String text = tail;
    if (text == null) {
      return since == null ? LogRequest.DEFAULT_TAIL : LogRequest.ALL;
    }
    if (text.equals(ALL)) {
      return LogRequest.ALL;
    }
    if (text.matches("[0-9]{1,9}")) {
      return Integer.parseInt(text);
    }
    throw new UsageException("--tail must be a number of lines or all, and is \"" + text + "\"");
  }

  private static <T> @Nullable T word(
      String option,
      @Nullable String text,
      T[] words,
      java.util.function.Function<T, String> wire) {
    if (text == null) {
      return null;
    }
    for (T word : words) {
      if (wire.apply(word).equals(text)) {
        return word;
      }
    }
    String all = String.join(", ", Arrays.stream(words).map(wire).toList());
    throw new UsageException(option + " must be one of " + all + ", and is \"" + text + "\"");
  }

  /** Lets {@code -f} stand alone, also right before the app. */
  static final class BareFollow implements IParameterPreprocessor {
    @Override
    public boolean preprocess(
        Stack<String> arguments, CommandSpec command, ArgSpec option, Map<String, Object> info) {
      boolean attached = info.get("separator") != null;
      boolean mode =
          !arguments.isEmpty()
              && Arrays.stream(Follow.values()).anyMatch(f -> f.wire().equals(arguments.peek()));
      if (!attached && !mode) {
        arguments.push(Follow.APP.wire());
      }
      return false; // go on as usual
    }
  }
}
