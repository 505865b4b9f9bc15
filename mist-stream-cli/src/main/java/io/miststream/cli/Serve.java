package io.miststream.cli;

import io.miststream.core.App;
import io.miststream.core.AppCatalogue;
import io.miststream.core.deployment.Deployer;
import io.miststream.core.deployment.DeploymentJournal;
import io.miststream.core.deployment.Deployments;
import io.miststream.core.deployment.Retention;
import io.miststream.core.metrics.MetricsTopic;
import io.miststream.core.metrics.StatsTopics;
import io.miststream.core.topic.LogTopics;
import io.miststream.docker.DockerDeployer;
import io.miststream.docker.DockerLogSource;
import io.miststream.metrics.HostMetricsSource;
import io.miststream.server.MistStreamServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** {@code mist-stream serve}: the server beside a Docker engine, until it is told to stop. */
final class Serve implements Callable<Integer> {
  private static final String CONFIG = "--config";

  private final Map<String, String> environment;
  private final CommandSpec spec = CommandSpec.wrapWithoutInspection(this);

  private Serve(Map<String, String> environment) {
    this.environment = environment;
    spec.name("serve").mixinStandardHelpOptions(true).versionProvider(new Main.Version());
    spec.usageMessage()
        .description(
            "Serves the logs and stats of a Docker engine's containers, deployments, and the host's"
                + " metrics over WebSockets.")
        .footer(
            "",
            "Each option is also an environment variable (--ping-interval is MIST_PING_INTERVAL)"
                + " and a key of the configuration file (ping-interval: 30s).",
            "The flag wins over the variable, the variable over the file.");
    spec.addOption(option(CONFIG, "FILE", "configuration file (YAML)"));
    for (Setting setting : Setting.values()) {
      String standard = setting.standard().isEmpty() ? "" : "; default " + setting.standard();
      spec.addOption(
          option(setting.flag(), setting.placeholder(), setting.description() + standard));
    }
  }

  private static OptionSpec option(String name, String placeholder, String description) {
    return OptionSpec.builder(name)
        .paramLabel(placeholder)
        .type(String.class)
        .description(description)
        .build();
  }

  static CommandLine commandLine(Map<String, String> environment) {
    return new CommandLine(new Serve(environment).spec);
  }

  @Override
  public Integer call() {
    ParseResult parsed = spec.commandLine().getParseResult();
    Map<Setting, String> flags = new EnumMap<>(Setting.class);
    for (Setting setting : Setting.values()) {
      if (parsed.hasMatchedOption(setting.flag())) {
        flags.put(setting, parsed.matchedOptionValue(setting.flag(), ""));
      }
    }
    String config = parsed.hasMatchedOption(CONFIG) ? parsed.matchedOptionValue(CONFIG, "") : null;
    return serve(
        Settings.of(flags, config, environment),
        spec.commandLine().getOut(),
        spec.commandLine().getErr());
  }

  private static int serve(Settings settings, PrintWriter out, PrintWriter err) {
    Logging.install(settings.text(Setting.LOG_LEVEL));
    CountDownLatch stop = new CountDownLatch(1);
    CountDownLatch stopped = new CountDownLatch(1);
    AtomicInteger exit = new AtomicInteger(Main.FAILED);
    try {
      MistStreamServer.Builder builder = server(settings); // before anything is opened
      try (TlsFiles tls = TlsFiles.open(settings);
          Authentication authentication = Authentication.of(settings, builder);
          FileCatalogue catalogue = settings.catalogue();
          DockerLogSource source = source(settings, catalogue);
          LogTopics topics = topics(settings, source);
          MetricsTopic metrics = metrics(settings, source);
          StatsTopics stats = StatsTopics.create(source.stats(), settings.time(Setting.LINGER));
          DeploymentJournal journal = journal(settings);
          DockerDeployer deployer = deployer(settings, catalogue);
          Deployments deployments = deployments(settings, journal, deployer);
          MistStreamServer server =
              (tls == null ? builder : builder.tls(tls.context()))
                  .logs(topics)
                  .deployments(deployments)
                  .metrics(metrics)
                  .stats(stats)
                  .catalogue(catalogue)
                  .ready(() -> unreachable(source))
                  .start()) {
        Runtime.getRuntime()
            .addShutdownHook(new Thread(() -> stopAndWait(stop, stopped, exit), "mist-stop"));
        out.println("listening on " + server.uri());
        if (server.redirectPort() != 0) {
          out.println("redirecting from port " + server.redirectPort());
        }
        out.flush();
        unreachable(source)
            .ifPresent(
                reason -> err.println("mist-stream: " + reason + "; it will be tried again"));
        stop.await();
        exit.set(Main.OK);
      }
    } catch (IllegalArgumentException e) {
      exit.set(Main.USAGE);
      throw new ConfigException(e.getMessage() == null ? e.toString() : e.getMessage());
    } catch (UncheckedIOException e) {
      exit.set(Main.FAILED);
      err.println("mist-stream: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) { // closing has failed
      exit.set(Main.FAILED);
      throw e;
    } finally {
      stopped.countDown(); // also where closing failed: the hook waits for it
    }
    return exit.get();
  }

  /** Runs when the process has been asked to end, which it does when this returns. */
  private static void stopAndWait(CountDownLatch stop, CountDownLatch stopped, AtomicInteger exit) {
    stop.countDown();
    try {
      stopped.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    // Being asked to stop, and having stopped, is success: not the 143 of a killed process.
    Runtime.getRuntime().halt(exit.get());
  }

  private static DockerLogSource source(Settings settings, AppCatalogue catalogue) {
    DockerLogSource.Builder builder =
        DockerLogSource.builder()
            .appLabel(settings.text(Setting.APP_LABEL))
            .namePatterns(settings.namePatterns())
            .catalogue(id -> catalogue.app(id).map(App::containers).orElse(List.of()))
            .recovery(settings.time(Setting.RECOVERY));
    URI host = settings.dockerHost();
    return (host == null ? builder : builder.dockerHost(host)).build();
  }

  private static LogTopics topics(Settings settings, DockerLogSource source) {
    return LogTopics.builder(source)
        .ringBytes(settings.number(Setting.RING_BYTES))
        .historyReads(settings.number(Setting.HISTORY_READS))
        .maxFilters(settings.number(Setting.MAX_FILTERS))
        .linger(settings.time(Setting.LINGER))
        .build();
  }

  private static MetricsTopic metrics(Settings settings, DockerLogSource source) {
    HostMetricsSource host =
        HostMetricsSource.builder()
            .docker(source.counts())
            .dockerData(Path.of(settings.text(Setting.DOCKER_DATA)))
            .build();
    return MetricsTopic.builder(host)
        .linger(settings.time(Setting.LINGER))
        .keepHistory(Boolean.parseBoolean(settings.text(Setting.METRICS_HISTORY)))
        .build();
  }

  private static DeploymentJournal journal(Settings settings) {
    Path data = DataDirectory.make(settings);
    Retention retention =
        new Retention(
            settings.number(Setting.KEEP_DEPLOYMENTS),
            settings.time(Setting.KEEP_AGE),
            settings.bytes(Setting.KEEP_BYTES));
    try {
      return DeploymentJournal.open(data.resolve("deployments"), retention);
    } catch (IOException e) {
      throw DataDirectory.unusable(data, e);
    }
  }

  private static DockerDeployer deployer(Settings settings, AppCatalogue catalogue) {
    DockerDeployer.Builder builder =
        DockerDeployer.builder(catalogue, settings.dataDirectory().resolve("sources"))
            .appLabel(settings.text(Setting.APP_LABEL));
    URI host = settings.dockerHost();
    return (host == null ? builder : builder.dockerHost(host)).build();
  }

  private static Deployments deployments(
      Settings settings, DeploymentJournal journal, Deployer deployer) {
    return Deployments.builder(journal, deployer)
        .maxRunning(settings.number(Setting.MAX_RUNNING))
        .maxWaiting(settings.number(Setting.MAX_WAITING))
        .silence(settings.time(Setting.REPORT_SILENCE))
        .build();
  }

  private static MistStreamServer.Builder server(Settings settings) {
    MistStreamServer.Builder builder = MistStreamServer.builder();
    if (!settings.text(Setting.REDIRECT_PORT).isEmpty()) {
      builder.redirectPort(settings.number(Setting.REDIRECT_PORT));
    }
    return builder
        .host(settings.text(Setting.HOST))
        .port(settings.number(Setting.PORT))
        .maxTail(settings.number(Setting.MAX_TAIL))
        .pingInterval(settings.time(Setting.PING_INTERVAL))
        .handshakeTimeout(settings.time(Setting.HANDSHAKE_TIMEOUT))
        .stallTimeout(settings.time(Setting.STALL_TIMEOUT))
        .maxConnections(settings.number(Setting.MAX_CONNECTIONS))
        .maxHttpConnections(settings.number(Setting.MAX_HTTP_CONNECTIONS))
        .maxConnectionsPerUser(settings.number(Setting.MAX_PER_USER))
        .maxConnectionsPerAddress(settings.number(Setting.MAX_PER_ADDRESS))
        .maxHandshakesPerMinute(settings.number(Setting.MAX_HANDSHAKES))
        .maxTlsHandshakes(settings.number(Setting.MAX_TLS_HANDSHAKES))
        .maxFiltersPerUser(settings.number(Setting.MAX_FILTERS_PER_USER))
        .maxHeaderBytes(settings.number(Setting.MAX_HEADER_BYTES))
        .maxInboundBytes(settings.number(Setting.MAX_INBOUND_BYTES))
        .maxInboundRate(settings.number(Setting.MAX_INBOUND_RATE))
        .maxDownloads(settings.number(Setting.MAX_DOWNLOADS))
        .maxDownloadsPerUser(settings.number(Setting.MAX_DOWNLOADS_PER_USER))
        .maxDownloadBytes(settings.bytes(Setting.MAX_DOWNLOAD_BYTES))
        .maxEventBytes(settings.number(Setting.MAX_EVENTS_BYTES));
  }

  private static Optional<String> unreachable(DockerLogSource source) {
    try {
      source.ping();
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of("Docker is unreachable: " + e.getMessage());
    }
  }
}
