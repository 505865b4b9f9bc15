package io.miststream.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code mist-stream deploy}: starts a deployment. The exit code is 0 once it is started; with
 * {@code --follow} it tells the end: 0 success, 1 failed, 3 stopped.
 */
@Command(
    name = "deploy",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = {
      "Starts a deployment of an app, and prints its id; with --follow, prints the deployment"
          + " itself. Interrupting that does not stop it.",
      "Exit code: 0 if it was started, with --follow if it succeeded; 1 if it failed, or on an"
          + " error; 2 on wrong usage; 3 if it was stopped; 130 when interrupted."
    })
final class Deploy implements Callable<Integer> {
  @Mixin private final DeploymentOutput output = new DeploymentOutput();

  @Parameters(paramLabel = "APP", description = "id of the app")
  private long app;

  @Option(
      names = {"-f", "--follow"},
      description = "print its progress and its lines, to its end")
  private boolean follow;

  @Override
  public Integer call() {
    long id = output.server().deployments().start(app);
    if (follow) {
      output.err().println("mist-stream: deployment " + id);
      output.err().flush();
      return output.follow(id);
    }
    output.out().println(output.isJson() ? "{\"deployment_id\":" + id + "}" : "" + id);
    return Main.OK;
  }
}
