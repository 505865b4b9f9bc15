package io.miststream.docker.testing;

import io.miststream.core.App;
import io.miststream.core.deployment.DeploymentJournal;
import io.miststream.core.deployment.Deployments;
import io.miststream.docker.DockerDeployer;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** A deployment in a process of its own, which can be killed. */
public final class CrashingDeployment {
  private CrashingDeployment() {}

  /** Starts one; its output goes to a file. */
  public static Process start(URI host, Path home, long appId, Path source) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx128m",
            "-cp",
            System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
            CrashingDeployment.class.getName(),
            host.toString(),
            home.toString(),
            Long.toString(appId),
            source.toString())
        .redirectErrorStream(true)
        .redirectOutput(new File(home.toFile(), "crashing.log"))
        .start();
  }

  /** What runs in that process. */
  public static void main(String[] args) throws IOException, InterruptedException {
    Path home = Path.of(args[1]);
    App app =
        new App(
            Long.parseLong(args[2]),
            "",
            List.of(),
            null,
            Path.of(args[3]),
            App.Build.DEFAULT,
            App.Run.DEFAULT,
            Set.of());
    DockerDeployer deployer =
        DockerDeployer.builder(() -> List.of(app), home.resolve("work"))
            .dockerHost(URI.create(args[0]))
            .build();
    DeploymentJournal journal = DeploymentJournal.open(home.resolve("crashing"));
    Deployments.builder(journal, deployer).build().start(app.id());
    Thread.currentThread().join();
  }
}
