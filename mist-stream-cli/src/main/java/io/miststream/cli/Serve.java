package io.miststream.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** {@code mist-stream serve}: runs the server until it is told to stop. */
final class Serve implements Callable<Integer> {

  // Five seconds are promised; the virtual machine needs some of them.
  private static final Duration SHUTDOWN = Duration.ofMillis(4500);

  private final Console console;
  private @Nullable CommandLine line;

  private Serve(Console console) {
    this.console = console;
  }

  /** The command, with an option for each setting. */
  static CommandLine command(Console console) {
    Serve serve = new Serve(console);
    CommandSpec spec = CommandSpec.wrapWithoutInspection(serve).name("serve");
    spec.usageMessage()
        .description("Serves the logs of Docker containers over WebSocket.")
        .sortOptions(false)
        .footer(
            "",
            "Each setting is also an environment variable (--port is MIST_PORT) and a key of the",
            "file (port). A flag wins over the variable, the variable over the file.")
        .exitCodeListHeading("%nExit codes:%n")
        .exitCodeList(exitCodes());
    spec.addOption(
        OptionSpec.builder(Configuration.CONFIG_FLAG)
            .paramLabel("FILE")
            .type(String.class)
            .description("file with settings, in YAML (MIST_CONFIG)")
            .build());
    for (Setting<?> setting : Settings.ALL) {
      spec.addOption(
          OptionSpec.builder(setting.flag())
              .paramLabel(setting.type().label())
              .type(String.class)
              .description(setting.what() + " (default: " + setting.fallback() + ")")
              .build());
    }
    spec.addOption(
        OptionSpec.builder("-h", "--help")
            .usageHelp(true)
            .description("Show this help message and exit.")
            .build());
    CommandLine command = new CommandLine(spec);
    serve.line = command;
    return command;
  }

  private static Map<String, String> exitCodes() {
    Map<String, String> codes = new LinkedHashMap<>();
    codes.put("0", "it was told to stop");
    codes.put("1", "it could not start");
    codes.put("2", "a flag, a variable or the file is wrong");
    return codes;
  }

  @Override
  public Integer call() throws IOException {
    ParseResult given = Objects.requireNonNull(line).getParseResult();
    Map<Setting<?>, String> flags = new HashMap<>();
    for (Setting<?> setting : Settings.ALL) {
      String flag = given.matchedOptionValue(setting.flag(), (String) null);
      if (flag != null) {
        flags.put(setting, flag);
      }
    }
    String file = given.matchedOptionValue(Configuration.CONFIG_FLAG, (String) null);
    Configuration configuration = Configuration.gather(flags, console.environment(), file);
    Logging.configure(configuration.get(Settings.LOG_LEVEL));
    try (Wiring running = Wiring.start(configuration)) {
      Thread hook = new Thread(() -> shutDown(running), "mist-stream-shutdown");
      Runtime.getRuntime().addShutdownHook(hook);
      try {
        announce(running);
        new CountDownLatch(1).await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt(); // the other way to be told to stop
      } finally {
        removeHook(hook);
      }
    }
    return Main.OK;
  }

  private void announce(Wiring running) throws IOException {
    String line = "listening on " + running.server().uri() + "\n";
    console.out().write(line.getBytes(StandardCharsets.UTF_8));
    console.out().flush();
    String problem = running.dockerProblem();
    if (problem != null) {
      console.say(problem + "; logs will be served once it answers");
    }
  }

  private static void shutDown(Wiring running) {
    Thread closing = new Thread(running::close, "mist-stream-close");
    closing.setDaemon(true);
    closing.start();
    try {
      closing.join(SHUTDOWN.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    // The signal's own exit code would say that something went wrong.
    Runtime.getRuntime().halt(Main.OK);
  }

  private static void removeHook(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The virtual machine is shutting down: the hook is at work.
    }
  }
}
