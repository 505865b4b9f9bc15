package io.miststream.cli;

import java.io.PrintWriter;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What the commands about deployments have in common: where they ask, and how they tell. */
final class DeploymentOutput {
  @Spec(Spec.Target.MIXEE)
  private @Nullable CommandSpec spec;

  @Mixin private final ServerOption server = new ServerOption();

  @Option(names = "--json", description = "JSON as it is on the wire, an object a line")
  private boolean json;

  ServerOption server() {
    return server;
  }

  boolean isJson() {
    return json;
  }

  PrintWriter out() {
    return Objects.requireNonNull(spec).commandLine().getOut();
  }

  PrintWriter err() {
    return Objects.requireNonNull(spec).commandLine().getErr();
  }

  /** Prints a deployment to its end; returns the exit code. */
  int follow(long id) {
    int columns = json ? 0 : Terminal.columns();
    DeploymentPrinter printer = new DeploymentPrinter(System.out, err(), json, columns);
    return printer.follow(server.client(printer::sayRetry).deployment(id));
  }
}
