package io.miststream.server.security;

import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What somebody may do.
 *
 * @param role what they are
 * @param apps ids of the apps that it is about, null for all; of no matter for an admin
 * @param metrics whether they may also watch the host's metrics and read the server's figures; an
 *     admin always may
 */
public record Grant(Role role, @Nullable Set<Long> apps, boolean metrics) {

  /** What somebody is. */
  public enum Role {
    /** May do everything. */
    ADMIN,
    /** May see the listed apps, and start and stop their deployments. */
    DEPLOYER,
    /** May see the listed apps. */
    VIEWER;

    /** Its word in tokens and users files. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** A grant that nobody changes any more. */
  public Grant {
    apps = apps == null ? null : Set.copyOf(apps);
  }

  /** Whether this covers an action, as {@link AccessPolicy#allows}. */
  public boolean covers(Action action, long appId) {
    if (role == Role.ADMIN) {
      return true;
    }
    return switch (action) {
      case METRICS, FIGURES -> metrics;
      case LOGS, STATS, DEPLOYMENTS -> isListed(appId);
      case DEPLOY -> role == Role.DEPLOYER && isListed(appId);
    };
  }

  private boolean isListed(long appId) {
    return appId != AccessPolicy.NO_APP && (apps == null || apps.contains(appId));
  }
}
