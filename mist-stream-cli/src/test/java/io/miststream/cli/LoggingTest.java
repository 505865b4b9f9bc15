package io.miststream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.logging.Logger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.ResourceLock;
import org.junit.jupiter.api.parallel.Resources;
import org.slf4j.LoggerFactory;

/** Whoever reports something: it goes to standard error, a line each. */
@ResourceLock(Resources.SYSTEM_ERR)
class LoggingTest {
  private final PrintStream standardError = System.err;
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @AfterEach
  void restore() {
    System.setErr(standardError);
  }

  @Test
  void allWaysOfReportingAreOne() {
    System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
    Logging.install("warn");

    LoggerFactory.getLogger("io.miststream.docker.A").warn("the first");
    System.getLogger("io.miststream.core.B").log(System.Logger.Level.WARNING, "the second");
    Logger.getLogger("org.glassfish.grizzly.C").warning("the third");
    Logger.getLogger("org.glassfish.grizzly.C").info("too little");
    Logger.getLogger("java.util.D").fine("even less");

    assertThat(err.toString(StandardCharsets.UTF_8).lines().map(line -> line.split(" ", 2)[1]))
        .containsExactly("[WARN] A - the first", "[WARN] B - the second", "[WARN] C - the third");
  }
}
