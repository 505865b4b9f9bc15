package io.miststream.cli;

import io.miststream.core.deployment.Deployment;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code mist-stream deployment}: one deployment, as it is now or to its end. The exit code tells
 * that: 0 success (or, without {@code --follow}, not over yet), 1 failed, 3 stopped.
 */
@Command(
    name = "deployment",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = {
      "Prints how a deployment stands; with --follow its progress and its lines, from the"
          + " beginning to the end, however late.",
      "Exit code: 0 if it succeeded, or is not over yet; 1 if it failed, or on an error; 2 on wrong"
          + " usage; 3 if it was stopped; 130 when interrupted."
    })
final class ShowDeployment implements Callable<Integer> {
  @Mixin private final DeploymentOutput output = new DeploymentOutput();

  @Parameters(paramLabel = "N", description = "id of the deployment")
  private long id;

  @Option(
      names = {"-f", "--follow"},
      description = "print its progress and its lines, to its end")
  private boolean follow;

  @Override
  public Integer call() {
    if (follow) {
      return output.follow(id);
    }
    Optional<Deployment> found = output.server().deployments().get(id);
    if (found.isEmpty()) {
      output.err().println("mist-stream: Deployment not found");
      return Main.FAILED;
    }
    Deployment one = found.get();
    output.out().print(output.isJson() ? Deployed.json(one) + "\n" : Deployed.summary(one));
    output.out().flush();
    return one.state().isFinal() ? DeploymentPrinter.exitCode(one.state()) : Main.OK;
  }
}
