package io.miststream.cli;

import io.miststream.client.DeploymentApi;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mist-stream stop}: calls a deployment off. */
@Command(
    name = "stop",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = {
      "Stops a deployment. What ran before it runs on.",
      "Exit code: 0 if it is being stopped, 1 if it was over already or on an error, 2 on wrong"
          + " usage."
    })
final class Stop implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  @Mixin private final ServerOption server = new ServerOption();

  @Parameters(paramLabel = "N", description = "id of the deployment")
  private long id;

  @Override
  public Integer call() {
    CommandLine command = Objects.requireNonNull(spec).commandLine();
    DeploymentApi deployments = server.deployments();
    if (deployments.stop(id)) {
      command.getOut().println("deployment " + id + " is being stopped");
      return Main.OK;
    }
    String state = deployments.get(id).map(one -> one.state().wire()).orElse("unknown");
    command.getErr().println("mist-stream: deployment " + id + " was not stopped, it is: " + state);
    return Main.FAILED;
  }
}
