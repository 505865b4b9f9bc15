package io.miststream.server.prometheus;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.miststream.core.DeploymentState;
import io.miststream.core.Gap;
import io.miststream.core.LogSource;
import io.miststream.core.deployment.DeploymentJournal;
import io.miststream.core.metrics.MetricsTopic;
import io.miststream.core.metrics.StatsTopics;
import io.miststream.core.topic.LogFigures;
import io.miststream.core.topic.LogTopics;
import io.miststream.core.topic.Traffic;
import io.miststream.server.tyrus.TransportFigures;
import io.miststream.server.tyrus.WebSocketServer;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * What a server is asked for at {@code /metrics}, in Prometheus's text format. Whatever is counted
 * is counted where it happens; the registry that presents it is made when somebody asks for the
 * first time, for most servers are never asked. All names are in {@code docs/PROMETHEUS.md}.
 *
 * <p>Thread-safe.
 */
public final class Figures implements AutoCloseable {
  private static final String KIND = "kind";

  private static final double NANOS_PER_SECOND = 1e9;

  private final List<Consumer<MeterRegistry>> binders = new ArrayList<>();
  private final JvmGcMetrics collector = new JvmGcMetrics();
  private @Nullable PrometheusMeterRegistry registry; // guarded by this

  /** Adds the figures of the transport; before anybody asks, as all that follow. */
  public void add(WebSocketServer server) {
    binders.add(registry -> bind(registry, server));
  }

  /** Adds the figures of logs. */
  public void add(LogTopics topics) {
    binders.add(registry -> bind(registry, topics));
  }

  /** Adds the figures of deployments. */
  public void add(DeploymentJournal journal) {
    binders.add(registry -> bind(registry, journal));
  }

  /** Adds the figures of the host's metrics. */
  public void add(MetricsTopic topic) {
    binders.add(
        registry ->
            traffic(registry, "metrics", topic.traffic(), () -> topic.isSampling() ? 1 : 0));
  }

  /** Adds the figures of what containers use. */
  public void add(StatsTopics topics) {
    binders.add(registry -> traffic(registry, "stats", topics.traffic(), topics::topics));
  }

  /** The page, in UTF-8. */
  public byte[] text() {
    PrometheusMeterRegistry current;
    synchronized (this) {
      current = registry == null ? create() : registry;
      registry = current;
    }
    return current.scrape().getBytes(StandardCharsets.UTF_8);
  }

  /** The media type of {@link #text}. */
  public static String mediaType() {
    return "text/plain; version=0.0.4; charset=utf-8";
  }

  /** Ends what counts for it. Idempotent. */
  @Override
  public synchronized void close() {
    collector.close();
    if (registry != null) {
      registry.close();
    }
  }

  private PrometheusMeterRegistry create() {
    PrometheusMeterRegistry made = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    // promtool objects to these two names; the time goes by its usual one, below.
    made.config()
        .meterFilter(MeterFilter.denyNameStartsWith("process.cpu.time"))
        .meterFilter(MeterFilter.denyNameStartsWith("system.cpu.count"));
    binders.forEach(binder -> binder.accept(made));
    new JvmMemoryMetrics().bindTo(made);
    collector.bindTo(made);
    new JvmThreadMetrics().bindTo(made);
    new ClassLoaderMetrics().bindTo(made);
    bindProcessor(made);
    new FileDescriptorMetrics().bindTo(made);
    new UptimeMetrics().bindTo(made);
    return made;
  }

  private static void bindProcessor(MeterRegistry registry) {
    new ProcessorMetrics().bindTo(registry);
    if (ManagementFactory.getOperatingSystemMXBean()
        instanceof com.sun.management.OperatingSystemMXBean system) {
      FunctionCounter.builder(
              "process.cpu", system, bean -> bean.getProcessCpuTime() / NANOS_PER_SECOND)
          .baseUnit("seconds")
          .description("The CPU time that the server has used")
          .register(registry);
    }
  }

  private static void bind(MeterRegistry registry, WebSocketServer server) {
    gauge(registry, "miststream.connections", "WebSocket connections", server::connections);
    gauge(
        registry,
        "miststream.connections.stalled",
        "WebSocket connections whose peer has taken nothing for a second",
        server::stalled);
    TransportFigures figures = server.figures();
    counter(
        registry,
        "miststream.handshakes.accepted",
        "Requests that became WebSockets",
        figures,
        TransportFigures::accepted);
    for (String reason : figures.refused().keySet()) {
      FunctionCounter.builder(
              "miststream.handshakes.refused",
              figures,
              now -> now.refused().getOrDefault(reason, 0L))
          .description("Requests for a WebSocket that were refused")
          .tag("reason", reason)
          .register(registry);
    }
  }

  private static void bind(MeterRegistry registry, LogTopics topics) {
    traffic(registry, "logs", topics.traffic(), topics::topics);
    LogFigures figures = topics.figures();
    for (Gap.Reason reason : Gap.Reason.values()) {
      FunctionCounter.builder("miststream.gaps", figures, now -> now.gaps(reason))
          .description("Gaps told to viewers of logs, or met by reads that they share")
          .tag("reason", reason.wire())
          .register(registry);
    }
    counter(
        registry,
        "miststream.missed.lines",
        "Lines missed in the gaps of which the number is known",
        figures,
        LogFigures::missedLines);
    gauge(registry, "miststream.source.reads", "Reads of logs now open", figures::readsOpen);
    counter(
        registry,
        "miststream.source.reads.opened",
        "Reads of logs begun",
        figures,
        LogFigures::reads);
    counter(
        registry,
        "miststream.source.reopenings",
        "Reads of logs that had to be begun anew, such as after a rotation or a restart",
        topics.source(),
        LogSource::reopenings);
  }

  private static void bind(MeterRegistry registry, DeploymentJournal journal) {
    traffic(registry, "deployments", journal.traffic(), journal::unfinished);
    for (DeploymentState state : DeploymentState.values()) {
      Gauge.builder("miststream.deployments", journal, now -> now.states().getOrDefault(state, 0))
          .description("Deployments in the journal")
          .tag("status", state.wire())
          .register(registry);
    }
    Gauge.builder("miststream.journal", journal, DeploymentJournal::bytes)
        .description("What the journal of deployments takes")
        .baseUnit("bytes")
        .register(registry);
  }

  /** What all kinds of streams have. */
  private static void traffic(
      MeterRegistry registry, String kind, Traffic traffic, Supplier<Number> topics) {
    Gauge.builder("miststream.viewers", traffic, Traffic::viewers)
        .description("Viewers of streams")
        .tag(KIND, kind)
        .register(registry);
    Gauge.builder("miststream.topics", topics)
        .description("Streams that are read for their viewers")
        .tag(KIND, kind)
        .register(registry);
    FunctionCounter.builder("miststream.sent.messages", traffic, Traffic::messages)
        .description("Messages handed to connections")
        .tag(KIND, kind)
        .register(registry);
    FunctionCounter.builder("miststream.sent", traffic, Traffic::bytes)
        .description("Bytes of messages handed to connections, with their frames")
        .baseUnit("bytes")
        .tag(KIND, kind)
        .register(registry);
  }

  private static void gauge(
      MeterRegistry registry, String name, String description, Supplier<Number> value) {
    Gauge.builder(name, value).description(description).register(registry);
  }

  private static <T> void counter(
      MeterRegistry registry,
      String name,
      String description,
      T object,
      ToDoubleFunction<T> value) {
    FunctionCounter.builder(name, object, value).description(description).register(registry);
  }
}
