package io.miststream.cli;

import io.miststream.core.ErrorCode;
import io.miststream.core.StreamException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The {@code mist-stream} command. */
@Command(
    name = "mist-stream",
    description =
        "Streams container logs, deployments and metrics over WebSockets, every line exactly once.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class)
final class Main implements Callable<Integer> {
  private static final Map<String, Supplier<CommandLine>> COMMANDS = commands();

  @Spec private @Nullable CommandSpec spec;

  static final int OK = 0;
  static final int FAILED = 1;
  static final int USAGE = 2;
  static final int STOPPED = 3;
  static final int INTERRUPTED = 130;

  private Main() {}

  private static Map<String, Supplier<CommandLine>> commands() {
    Map<String, Supplier<CommandLine>> commands = new LinkedHashMap<>();
    commands.put("serve", () -> Serve.commandLine(System.getenv()));
    commands.put("user", () -> new CommandLine(new User()));
    commands.put("logs", () -> new CommandLine(new Logs()));
    commands.put("deploy", () -> new CommandLine(new Deploy()));
    commands.put("deployments", () -> new CommandLine(new ListDeployments()));
    commands.put("deployment", () -> new CommandLine(new ShowDeployment()));
    commands.put("stop", () -> new CommandLine(new Stop()));
    commands.put("metrics", () -> new CommandLine(new Metrics()));
    commands.put("stats", () -> new CommandLine(new Stats()));
    return commands;
  }

  /** Runs one command and exits with its code. */
  public static void main(String[] arguments) {
    System.exit(commandLine(arguments).execute(arguments));
  }

  /** Without a command: says which there are. */
  @Override
  public Integer call() {
    CommandLine self = Objects.requireNonNull(spec).commandLine();
    self.usage(self.getErr());
    return USAGE;
  }

  /** The command with what it can do, as far as that is of interest for these arguments. */
  static CommandLine commandLine(String... arguments) {
    CommandLine main = new CommandLine(new Main());
    // Setting up a command takes longer than starting Java. For help, and for a typo, all are.
    String asked = arguments.length == 0 ? "" : arguments[0];
    COMMANDS.forEach(
        (name, command) -> {
          if (name.equals(asked) || !COMMANDS.containsKey(asked)) {
            main.addSubcommand(name, command.get());
          }
        });
    main.setExecutionExceptionHandler(
        (problem, command, parsed) -> {
          String message = String.valueOf(problem.getMessage());
          command.getErr().println("mist-stream: " + Printable.plain(message));
          return exitCode(problem);
        });
    return main;
  }

  /** The exit code for what has gone wrong. */
  static int exitCode(Throwable problem) {
    boolean refused = problem instanceof StreamException e && e.code() == ErrorCode.INVALID_REQUEST;
    return refused || problem instanceof ConfigException ? USAGE : FAILED;
  }

  /** The version of the jar this runs from. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Main.class.getPackage().getImplementationVersion();
      return new String[] {"mist-stream " + (version == null ? "(not packaged)" : version)};
    }
  }
}
