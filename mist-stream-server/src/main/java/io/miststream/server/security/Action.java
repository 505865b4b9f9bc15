package io.miststream.server.security;

/** What somebody may be allowed to see or do. */
public enum Action {
  /** Reading the logs of an app's containers. */
  LOGS,
  /** Watching what an app's containers use. */
  STATS,
  /** Watching the deployments of an app and reading their journals. */
  DEPLOYMENTS,
  /** Starting, stopping and reporting deployments of an app. */
  DEPLOY,
  /** Watching how the host is doing. Of no app. */
  METRICS,
  /** Reading the server's own figures, at {@code /metrics}. Of no app. */
  FIGURES
}
