package io.miststream.core.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.DeploymentStage;
import io.miststream.core.deployment.Cancellation.CancelledException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Does what the test tells it, app by app. */
final class ScriptedDeployer implements Deployer {
  static final long NO_APP = 404;

  private final Map<Long, CompletableFuture<DeploymentReporter>> started =
      new ConcurrentHashMap<>();
  private final Map<Long, CompletableFuture<String>> ends = new ConcurrentHashMap<>();
  CompletableFuture<?> recovery = CompletableFuture.completedFuture("");
  int recoveries; // guarded by this

  private static <T> CompletableFuture<T> future(Map<Long, CompletableFuture<T>> map, long appId) {
    return map.computeIfAbsent(appId, id -> new CompletableFuture<>());
  }

  /** Waits until the app's next deployment has its turn. */
  DeploymentReporter awaitStart(long appId) throws Exception {
    return future(started, appId).get(Watcher.PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  boolean hasStarted(long appId) {
    return future(started, appId).isDone();
  }

  /** Has the app's deployment end: well, with a failure, or with an exception. */
  void end(long appId, String how) {
    started.remove(appId);
    future(ends, appId).complete(how);
  }

  @Override
  public @Nullable String problem(long appId) {
    return appId == NO_APP ? "There is no app " + appId : null;
  }

  @Override
  public void deploy(long appId, DeploymentReporter report, Cancellation cancellation)
      throws DeploymentFailedException, CancelledException {
    report.status(DeploymentStage.CLONING_REPO, 25, "Cloning");
    CompletableFuture<String> end = future(ends, appId);
    future(started, appId).complete(report);
    cancellation.onCancel(() -> end.complete("cancelled"));
    String how;
    try {
      how = end.get(Watcher.PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new AssertionError(e);
    } finally {
      ends.remove(appId);
    }
    cancellation.check();
    switch (how) {
      case "well" -> {}
      case "crash" -> throw new IllegalStateException("a bug");
      default -> throw new DeploymentFailedException(how);
    }
  }

  @Override
  public void recover() {
    synchronized (this) {
      assertThat(recoveries++).isZero();
    }
    recovery.join();
  }
}
