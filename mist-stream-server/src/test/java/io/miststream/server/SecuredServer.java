package io.miststream.server;

import io.miststream.core.App;
import io.miststream.core.BlockingPublisher;
import io.miststream.core.ContainerStatus;
import io.miststream.core.deployment.DeploymentJournal;
import io.miststream.core.deployment.Deployments;
import io.miststream.core.metrics.MetricsTopic;
import io.miststream.core.metrics.StatsTopics;
import io.miststream.server.security.AccessPolicy;
import io.miststream.server.security.Authenticator;
import io.miststream.server.security.Login;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.stream.LongStream;

/** A server with everything there is, of apps 1 and 2, that asks who somebody is. */
final class SecuredServer implements AutoCloseable {
  static final String ALLOWED_ORIGIN = "https://mist.example.com";

  final MemoryLogSource logs = new MemoryLogSource();
  final DeploymentJournal journal;
  final MistStreamServer server;
  private final Deployments deployments;
  private final MetricsTopic metrics = MetricsTopic.builder(new ScriptedMetrics()).build();
  private final CountDownLatch stop = new CountDownLatch(1);
  private final StatsTopics stats =
      StatsTopics.create(
          appId ->
              new BlockingPublisher(
                  task -> new Thread(task, "test-stats"),
                  out -> {
                    out.emit(
                        new ContainerStatus(
                            Instant.EPOCH,
                            null,
                            "app",
                            "running",
                            "Up",
                            null,
                            null,
                            null,
                            null,
                            null));
                    stop.await();
                  }));

  <A extends Authenticator & AccessPolicy> SecuredServer(Path directory, A who, Login... login)
      throws IOException {
    logs.app(1);
    logs.app(2);
    journal = DeploymentJournal.open(directory);
    deployments = Deployments.builder(journal, new ScriptedDeployer()).build();
    MistStreamServer.Builder builder =
        MistStreamServer.builder()
            .logs(logs)
            .deployments(deployments)
            .metrics(metrics)
            .stats(stats)
            .catalogue(SecuredServer::apps)
            .authentication(who, who)
            .allowedOrigins(Set.of(ALLOWED_ORIGIN))
            .shutdownGrace(Duration.ofMillis(500))
            .port(0);
    for (Login one : login) {
      builder.login(one);
    }
    server = builder.start();
  }

  private static List<App> apps() {
    return LongStream.of(1, 2)
        .mapToObj(
            id ->
                new App(
                    id,
                    "app" + id,
                    List.of(),
                    null,
                    Path.of("/nowhere"),
                    App.Build.DEFAULT,
                    App.Run.DEFAULT,
                    Set.of()))
        .toList();
  }

  int port() {
    return server.port();
  }

  /** A deployment of an app, by somebody outside. */
  long reported(long appId) {
    return deployments.report(appId).deploymentId();
  }

  @Override
  public void close() {
    stop.countDown();
    server.close();
    deployments.close();
    journal.close();
    metrics.close();
    stats.close();
  }
}
