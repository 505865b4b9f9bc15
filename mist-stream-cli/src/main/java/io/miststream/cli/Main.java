package io.miststream.cli;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** The {@code mist-stream} command. */
@Command(
    name = "mist-stream",
    description = "Streams container logs over WebSocket.",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    synopsisSubcommandLabel = "COMMAND")
public final class Main implements Runnable {

  /** All is well; for {@code serve}: it was told to stop. */
  static final int OK = 0;

  /** It could not be done. */
  static final int FAILURE = 1;

  /** It was asked for in a wrong way. */
  static final int USAGE = 2;

  private Main() {}

  /** Runs the command and exits. */
  public static void main(String[] arguments) {
    System.exit(run(Console.system(), arguments));
  }

  static int run(Console console, String... arguments) {
    return commandLine(console).execute(arguments);
  }

  private static CommandLine commandLine(Console console) {
    CommandLine command =
        new CommandLine(new Main())
            .addSubcommand(Serve.command(console))
            .addSubcommand(new CommandLine(new Logs(console)))
            .setOut(new PrintWriter(console.out(), true, StandardCharsets.UTF_8))
            .setErr(new PrintWriter(console.err(), true));
    command.setUsageHelpAutoWidth(true);
    command.setUsageHelpLongOptionsMaxWidth(32);
    command.setParameterExceptionHandler(
        (problem, given) -> {
          console.say(
              problem.getMessage()
                  + "; see "
                  + problem.getCommandLine().getCommandSpec().qualifiedName()
                  + " --help");
          return USAGE;
        });
    command.setExecutionExceptionHandler(
        (problem, running, parsed) -> {
          String message = problem.getMessage();
          console.say(message == null ? problem.toString() : message);
          return problem instanceof UsageException ? USAGE : FAILURE;
        });
    return command;
  }

  @picocli.CommandLine.Spec private @org.jspecify.annotations.Nullable CommandSpec spec;

  @Override
  public void run() {
    CommandSpec own = spec;
    if (own != null) {
      throw new ParameterException(own.commandLine(), "Which command? There are serve and logs");
    }
  }

  /** The version in the jar's manifest. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Main.class.getPackage().getImplementationVersion();
      return new String[] {"mist-stream " + (version == null ? "(not packaged)" : version)};
    }
  }
}
