package io.miststream.cli;

import io.miststream.core.deployment.Deployment;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code mist-stream deployments}: lists them. */
@Command(
    name = "deployments",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = {
      "Lists deployments, the newest first.",
      "Exit code: 0 on success, 1 on an error, 2 on wrong usage."
    })
final class ListDeployments implements Callable<Integer> {
  @Mixin private final DeploymentOutput output = new DeploymentOutput();

  @Parameters(paramLabel = "APP", arity = "0..1", description = "id of the app; all unless given")
  private @Nullable Long app;

  @Option(
      names = "--limit",
      paramLabel = "N",
      defaultValue = "20",
      description = "how many at most; default 20")
  private int limit;

  @Override
  public Integer call() {
    List<Deployment> deployments = output.server().deployments().list(app, limit);
    if (output.isJson()) {
      deployments.forEach(one -> output.out().println(Deployed.json(one)));
    } else {
      output.out().print(Deployed.table(deployments));
    }
    output.out().flush();
    return Main.OK;
  }
}
