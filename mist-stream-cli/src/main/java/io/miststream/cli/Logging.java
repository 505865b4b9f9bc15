package io.miststream.cli;

import java.util.Locale;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * What libraries and the server itself report: one line each on standard error. Some go through
 * slf4j and some through the JDK's logging; both are set up alike.
 */
final class Logging {

  private static final String LINE = "%1$tF %1$tT.%1$tL %4$s %3$s - %5$s%6$s%n";

  private Logging() {}

  /** To be called before anything else has a logger. */
  static void configure(String level) {
    // The rest of slf4j-simple's settings is in simplelogger.properties.
    System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", level);
    System.setProperty("java.util.logging.SimpleFormatter.format", LINE);
    Level least =
        switch (level.toLowerCase(Locale.ROOT)) {
          case "error" -> Level.SEVERE;
          case "warn" -> Level.WARNING;
          case "info" -> Level.INFO;
          default -> Level.FINE;
        };
    Logger root = Logger.getLogger("");
    root.setLevel(least);
    for (Handler handler : root.getHandlers()) {
      handler.setLevel(least);
    }
  }
}
