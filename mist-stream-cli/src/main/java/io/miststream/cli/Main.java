package io.miststream.cli;

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
    description = "Streams container logs over WebSockets, every line exactly once.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    subcommands = Logs.class)
final class Main implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  static final int OK = 0;
  static final int FAILED = 1;
  static final int USAGE = 2;
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
          command.getErr().println("mist-stream: " + problem.getMessage());
          return problem instanceof ConfigException ? USAGE : FAILED;
        });
    return main;
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
