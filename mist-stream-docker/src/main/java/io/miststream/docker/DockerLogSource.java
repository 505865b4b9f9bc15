package io.miststream.docker;

import com.github.dockerjava.transport.DockerHttpClient;
import io.miststream.core.BlockingPublisher;
import io.miststream.core.DockerCountsSource;
import io.miststream.core.LogRequest;
import io.miststream.core.LogSource;
import io.miststream.core.StatsSource;
import io.miststream.core.StreamMessage;
import java.io.IOException;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The logs of an app's containers on a Docker engine.
 *
 * <p>An app's containers are those the catalogue names; if it names none, those with the app's id
 * in the label; else the one named by the first name pattern that has one.
 *
 * <p>A subscription survives restarts of containers and of the engine, rotation of log files, and
 * connections that break or fall silent. It sends each line once, in the order of its container's
 * log; what the engine has thrown away before it could be read is a {@link io.miststream.core.Gap}.
 * Lines of several containers come by time in the history and as they arrive afterwards.
 *
 * <p>Each subscription has a thread {@code mist-docker-source-n}, and one {@code mist-docker-log-n}
 * for each container it follows, with a {@code mist-docker-signal-n} beside it where the log is
 * read by polling; of stats, one {@code mist-docker-stats-n} for each container. All share one
 * {@code mist-docker-events-n}. Requests with a deadline run on {@code mist-docker-call-n}. All are
 * daemons, and end with what they work for. Signals arrive on the source and log threads, one at a
 * time. Thread-safe.
 */
public final class DockerLogSource implements LogSource, AutoCloseable {

  /** How long {@link #isReachable()} waits for an answer: 2 s. */
  public static final Duration PING_DEADLINE = Duration.ofSeconds(2);

  private final EngineApi api;
  private final LogReading.Context context;

  private DockerLogSource(Builder builder) {
    DockerHttpClient calls = builder.calls;
    DockerHttpClient streams = builder.streams;
    if (calls != null && streams != null) {
      api = new EngineApi(calls, streams, false, builder.watchdog, builder.clock);
    } else {
      api = EngineApi.connect(builder.dockerHost, builder.watchdog);
    }
    AppContainers containers =
        new AppContainers(api, builder.appLabel, builder.namePatterns, builder.catalogue);
    context =
        new LogReading.Context(
            api,
            new EngineEvents(api),
            containers,
            builder.recovery,
            builder.watchdog,
            new LongAdder());
  }

  /** A source for the engine that the environment names, with the defaults of {@link Builder}. */
  public static DockerLogSource create() {
    return builder().build();
  }

  /** Everything that can be set. */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  public Flow.Publisher<StreamMessage> logs(LogRequest request) {
    Objects.requireNonNull(request);
    return new BlockingPublisher(
        Threads.named("mist-docker-source"), out -> new LogReading(context, request, out).run());
  }

  /**
   * What the containers of the same engine's apps use. It shares connections and settings with this
   * and is of no use once this is closed.
   */
  public StatsSource stats() {
    return appId ->
        new BlockingPublisher(
            Threads.named("mist-docker-source"),
            out -> new StatsReading(context, appId, out).run());
  }

  /** How many containers and images the same engine has; until this is closed. */
  public DockerCountsSource counts() {
    return () -> new CountReading(api, context.events()).start();
  }

  @Override
  public long reopenings() {
    return context.reopenings().sum();
  }

  /** Whether the engine answers within {@link #PING_DEADLINE}. Blocks for as long. */
  public boolean isReachable() {
    try {
      ping();
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Asks the engine for a sign of life. Blocks for at most {@link #PING_DEADLINE}.
   *
   * @throws IOException with the reason, if there is none
   */
  public void ping() throws IOException {
    api.ping(PING_DEADLINE);
  }

  /**
   * Closes the connections to the engine, unless they were passed in. Cancel all subscriptions
   * before; any that are left fail.
   */
  @Override
  public void close() {
    try {
      api.close();
    } catch (IOException e) {
      // There is nothing left to be done about it.
    }
  }

  /** Builds a {@link DockerLogSource}. Not thread-safe. */
  public static final class Builder {
    private @Nullable URI dockerHost;
    private @Nullable DockerHttpClient calls;
    private @Nullable DockerHttpClient streams;
    private String appLabel = "mist.app.id";
    private List<String> namePatterns = List.of("mist-app-{id}", "app-{id}");
    private LongFunction<List<String>> catalogue = id -> List.of();
    private Duration recovery = Duration.ofSeconds(30);
    private Duration watchdog = Duration.ofSeconds(10);
    private Clock clock = Clock.systemUTC();

    private Builder() {}

    /**
     * Where the engine listens, {@code unix://} or {@code tcp://}; by default what the environment
     * variable {@code DOCKER_HOST} says, else {@code unix:///var/run/docker.sock}.
     */
    public Builder dockerHost(URI host) {
      dockerHost = EngineApi.checkHost(host);
      return this;
    }

    /**
     * Connections to use instead of own ones, which whoever made them closes.
     *
     * @param forCalls for short requests
     * @param forStreams for follows: without a response timeout and without a limit of connections
     */
    public Builder httpClients(DockerHttpClient forCalls, DockerHttpClient forStreams) {
      calls = Objects.requireNonNull(forCalls);
      streams = Objects.requireNonNull(forStreams);
      return this;
    }

    /** Key of the label that holds a container's app id; {@code mist.app.id} by default. */
    public Builder appLabel(String key) {
      appLabel = Objects.requireNonNull(key);
      return this;
    }

    /**
     * Names a container of an app can have where none has the label, <code>{id}</code> standing for
     * the app's id; <code>mist-app-{id}</code>, then <code>app-{id}</code> by default.
     */
    public Builder namePatterns(List<String> patterns) {
      for (String pattern : patterns) {
        if (!pattern.contains(AppContainers.ID)) {
          // It would be a container of every app.
          throw new IllegalArgumentException("no " + AppContainers.ID + " in it: " + pattern);
        }
      }
      namePatterns = List.copyOf(patterns);
      return this;
    }

    /**
     * Names of an app's containers by its id, an empty list for an app that is not in the
     * catalogue. Called from several threads, often; must be quick. What it throws ends the
     * subscriptions to the app that is asked for.
     */
    public Builder catalogue(LongFunction<List<String>> names) {
      catalogue = Objects.requireNonNull(names);
      return this;
    }

    /**
     * How long an engine that was lost is waited for before the stream fails with {@code
     * SOURCE_UNAVAILABLE}; 30 s by default. With none at all the first failure is one too many.
     */
    public Builder recovery(Duration time) {
      if (time.isNegative()) {
        throw new IllegalArgumentException("negative: " + time);
      }
      recovery = time;
      return this;
    }

    /**
     * Silence after which a follow is checked against the log, and any other answer is given up and
     * asked for again; more than nothing, 10 s by default.
     */
    public Builder watchdog(Duration time) {
      if (time.isZero() || time.isNegative()) {
        throw new IllegalArgumentException("no time: " + time);
      }
      watchdog = time;
      return this;
    }

    /** The clock that the engine's is compared with, for tests with connections of their own. */
    Builder clock(Clock ours) {
      clock = ours;
      return this;
    }

    /** The source. Nothing connects yet. */
    public DockerLogSource build() {
      return new DockerLogSource(this);
    }
  }
}
