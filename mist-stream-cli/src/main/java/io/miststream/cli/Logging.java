package io.miststream.cli;

import io.miststream.server.security.AuditLog;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.slf4j.bridge.SLF4JBridgeHandler;

/**
 * Brings together what the parts of the server report: ours and the Docker client's through SLF4J,
 * core's through {@code System.Logger} (which SLF4J serves, being on the class path), Tyrus's and
 * Grizzly's through {@code java.util.logging}.
 */
final class Logging {
  // Held here, for the platform forgets a logger's level when nobody holds the logger. The
  // server quietens the two libraries unless somebody has set their levels.
  private static final List<Logger> LOGGERS =
      List.of(
          Logger.getLogger(""),
          Logger.getLogger("org.glassfish.grizzly"),
          Logger.getLogger("org.glassfish.tyrus"));

  private Logging() {}

  /** To be called before anybody logs; the level is a word of {@link Setting#LOG_LEVEL}. */
  static void install(String level) {
    System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", level);
    System.setProperty("org.slf4j.simpleLogger.log." + AuditLog.LOGGER, "info"); // whatever else
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
    Level least =
        switch (level) {
          case "error" -> Level.SEVERE;
          case "warn" -> Level.WARNING;
          case "info" -> Level.INFO;
          default -> Level.FINE;
        };
    LOGGERS.forEach(logger -> logger.setLevel(least));
  }
}
