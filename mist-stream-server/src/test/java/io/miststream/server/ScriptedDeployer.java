package io.miststream.server;

import io.miststream.core.deployment.Cancellation;
import io.miststream.core.deployment.Cancellation.CancelledException;
import io.miststream.core.deployment.Deployer;
import io.miststream.core.deployment.DeploymentFailedException;
import io.miststream.core.deployment.DeploymentReporter;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Carries out deployments as a test says; there are apps up to 399. */
public final class ScriptedDeployer implements Deployer {

  /** A deployment whose turn it is. */
  public static final class Run {
    private static final Object SUCCESS = new Object();
    private static final Object CANCELLED = new Object();

    private final BlockingQueue<Object> end = new LinkedBlockingQueue<>();
    private final DeploymentReporter report;

    private Run(DeploymentReporter report) {
      this.report = report;
    }

    public DeploymentReporter report() {
      return report;
    }

    public void succeed() {
      end.add(SUCCESS);
    }

    public void fail(String reason) {
      end.add(reason);
    }
  }

  private final BlockingQueue<Run> begun = new LinkedBlockingQueue<>();

  /** The next deployment that has begun, waited for. */
  public Run next() throws InterruptedException {
    Run run = begun.poll(60, TimeUnit.SECONDS);
    if (run == null) {
      throw new AssertionError("no deployment has begun");
    }
    return run;
  }

  @Override
  public @Nullable String problem(long appId) {
    return appId < 400 ? null : "There is no app " + appId;
  }

  @Override
  public void deploy(long appId, DeploymentReporter report, Cancellation cancellation)
      throws DeploymentFailedException, CancelledException {
    Run run = new Run(report);
    cancellation.onCancel(() -> run.end.add(Run.CANCELLED));
    begun.add(run);
    Object end;
    try {
      end = run.end.take();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    cancellation.check();
    if (end instanceof String reason) {
      throw new DeploymentFailedException(reason);
    }
  }

  @Override
  public void recover() {}
}
