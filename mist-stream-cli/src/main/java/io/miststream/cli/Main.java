package io.miststream.cli;

import io.miststream.core.ErrorCode;
import io.miststream.core.StreamException;
import java.util.Objects;
import java.util.concurrent.Callable;
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
    versionProvider = Main.Version.class,
    subcommands = {
      Logs.class,
      Deploy.class,
      ListDeployments.class,
      ShowDeployment.class,
      Stop.class,
      Metrics.class,
      Stats.class
    })
final class Main implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  static final int OK = 0;
  static final int FAILED = 1;
  static final int USAGE = 2;
  static final int STOPPED = 3;
  static final int INTERRUPTED = 130;

  private Main() {}

  /** Runs one command and exits with its code. */
  public static void main(String[] arguments) {
    System.exit(commandLine().execute(arguments));
  }

  /** Without a command: says which there are. */
  @Override
  public Integer call() {
    CommandLine self = Objects.requireNonNull(spec).commandLine();
    self.usage(self.getErr());
    return USAGE;
  }

  static CommandLine commandLine() {
    CommandLine main = new CommandLine(new Main());
    main.addSubcommand(Serve.commandLine(System.getenv()));
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
