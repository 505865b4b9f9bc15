package io.miststream.server.tyrus;

import java.util.ArrayList;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Grizzly and Tyrus log through {@code java.util.logging}, and tell of each start and of each peer
 * that goes away. What an application has set itself stays.
 */
final class JulLevels {
  // Held here, for the platform forgets a logger's level when nobody holds the logger.
  private static final List<Logger> HELD = new ArrayList<>();

  private JulLevels() {}

  static synchronized void quieten() {
    if (HELD.isEmpty()) {
      for (String name : List.of("org.glassfish.grizzly", "org.glassfish.tyrus")) {
        Logger logger = Logger.getLogger(name);
        if (logger.getLevel() == null) {
          logger.setLevel(Level.WARNING);
        }
        HELD.add(logger);
      }
    }
  }
}
