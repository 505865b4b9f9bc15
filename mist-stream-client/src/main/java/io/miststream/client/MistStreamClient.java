package io.miststream.client;

import io.miststream.core.BlockingPublisher;
import io.miststream.core.Cursor;
import io.miststream.core.LogRequest;
import io.miststream.core.LogSource;
import io.miststream.core.StatsSource;
import io.miststream.core.StreamMessage;
import io.miststream.core.metrics.MetricsTopic;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Flow;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/**
 * Streams from a mist-stream server. Immutable, thread-safe; holds no connection of its own, each
 * subscription has one.
 *
 * <p>A stream survives its connection: when that is lost, another is made, which goes on right
 * behind the last message received, so that a subscriber gets each message once and in order. A
 * status that says nothing new after that is left out. Where the log was still empty, the next
 * connection asks for all of it, whatever {@code tail} said.
 *
 * <p>Demand is backpressure: a subscriber that asks for no more lets the server's messages wait, at
 * first in the network, then in the server, which in the end skips some and says so with a {@link
 * io.miststream.core.Gap}.
 */
public final class MistStreamClient implements LogSource, StatsSource {

  private final Settings settings;
  private final ThreadFactory threads;

  /** What {@link Builder} has gathered; a record, so that the parts can share it. */
  record Settings(
      Endpoints endpoints,
      @Nullable SSLContext tls,
      Map<String, String> headers,
      Duration connectTimeout,
      Duration silenceLimit,
      Duration firstRetry,
      Duration longestRetry,
      Duration giveUpAfter,
      Consumer<Retry> onRetry) {}

  private MistStreamClient(Settings settings) {
    this.settings = settings;
    AtomicInteger number = new AtomicInteger();
    this.threads =
        task -> {
          Thread thread = new Thread(task, "mist-client-" + number.incrementAndGet());
          thread.setDaemon(true);
          return thread;
        };
  }

  /**
   * A client with the defaults.
   *
   * @param server see {@link Builder#server}
   */
  public static MistStreamClient create(URI server) {
    return builder(server).build();
  }

  /**
   * A builder with the defaults.
   *
   * @param server see {@link Builder#server}
   */
  public static Builder builder(URI server) {
    return new Builder().server(server);
  }

  /**
   * The logs of an app. Nothing connects until subscription. Signals arrive on a daemon thread of
   * the subscription; cancelling closes the connection.
   *
   * <p>The stream completes behind its {@link io.miststream.core.StreamEnd}. It fails with a {@link
   * io.miststream.core.StreamException}: with the server's own code and words if it sent an error
   * or refused the request; with {@code SOURCE_UNAVAILABLE} if the server cannot be reached, or
   * reaches no engine, for as long as {@link Builder#giveUpAfter} says; with {@code INTERNAL} if it
   * sends what is not this protocol.
   */
  @Override
  public Flow.Publisher<StreamMessage> logs(LogRequest request) {
    Objects.requireNonNull(request);
    return stream(
        (after, all) -> {
          boolean whole = all && request.since() == null;
          return settings
              .endpoints()
              .logs(whole ? request.withTail(LogRequest.ALL) : request, after);
        },
        request.after());
  }

  /**
   * A deployment, from its beginning to its end, however late this comes. Nothing connects until
   * subscription, and the stream ends and fails as {@link #logs} says. A {@link
   * io.miststream.core.DeploymentError} is a part of it, and no failure. If there is no such
   * deployment, it fails with {@code DEPLOYMENT_NOT_FOUND}.
   *
   * @throws io.miststream.core.StreamException {@code INVALID_REQUEST} if the id is not positive
   */
  public Flow.Publisher<StreamMessage> deployment(long id) {
    DeploymentApi.checkPositive("deploymentId", id);
    return stream((after, all) -> settings.endpoints().deployment(id, after), null);
  }

  /**
   * What an app's containers use, once a second. Nothing connects until subscription, and the
   * stream ends and fails as {@link #logs} says. What happened while a connection was lost is not
   * sent later: these are the newest, not all.
   */
  @Override
  public Flow.Publisher<StreamMessage> stats(long appId) {
    return stream((after, all) -> settings.endpoints().stats(appId), null);
  }

  /**
   * How the server's host is doing: a {@link io.miststream.core.HostMetrics} once a second. Nothing
   * connects until subscription, the stream has no end, and fails as {@link #logs} says. What was
   * sampled while a connection was lost comes behind it, as far as the server keeps it.
   *
   * @param history how many past samples to begin with, 0 to 300; fewer if the server has no more
   * @throws IllegalArgumentException if it is not
   */
  public Flow.Publisher<StreamMessage> metrics(int history) {
    if (history < 0 || history > MetricsTopic.MAX_HISTORY) {
      throw new IllegalArgumentException("history must be 0 to " + MetricsTopic.MAX_HISTORY);
    }
    return stream(
        (after, all) -> settings.endpoints().metrics(all ? MetricsTopic.MAX_HISTORY : history),
        null);
  }

  private Flow.Publisher<StreamMessage> stream(ServerStream.Place place, @Nullable Cursor begin) {
    return new BlockingPublisher(
        threads, out -> new ServerStream(settings, place, begin).read(out));
  }

  /** Starts, stops and lists deployments, over plain HTTP. To be kept, for it keeps connections. */
  public DeploymentApi deployments() {
    return new DeploymentApi(settings);
  }

  /** Settings of {@link MistStreamClient}. Not thread-safe. */
  public static final class Builder {
    private @Nullable Endpoints endpoints;
    private @Nullable SSLContext tls;
    private final Map<String, String> headers = new LinkedHashMap<>();
    private Duration connectTimeout = Duration.ofSeconds(10);
    private Duration silenceLimit = Duration.ofSeconds(75);
    private Duration firstRetry = Duration.ofMillis(250);
    private Duration longestRetry = Duration.ofSeconds(10);
    private Duration giveUpAfter = Duration.ofMinutes(1);
    private Consumer<Retry> onRetry = retry -> {};

    private Builder() {}

    /**
     * Where the server is: {@code ws://host:port}, or with {@code wss}, {@code http} or {@code
     * https}; a path is put before those of the protocol.
     *
     * @throws IllegalArgumentException if it is no such address, or has a user, query or fragment
     */
    public Builder server(URI server) {
      endpoints = Endpoints.of(server);
      return this;
    }

    /**
     * What {@code wss} and {@code https} trust, and show to the server; the JVM's default unless
     * set.
     */
    public Builder sslContext(SSLContext context) {
      tls = Objects.requireNonNull(context);
      return this;
    }

    /**
     * A header to send with each request, such as {@code Authorization}. Setting it again replaces
     * it.
     *
     * @throws IllegalArgumentException if it cannot be sent, or is one that the handshake itself
     *     uses
     */
    public Builder header(String name, String value) {
      Handshake.checkHeader(name, value);
      headers.put(name, value);
      return this;
    }

    /**
     * How long a connection may take to be made, from the first packet over TLS to the end of the
     * answer to the handshake; default 10 s. Where the server's name has several addresses they
     * share that time. Looking the name up counts, but is not cut short.
     */
    public Builder connectTimeout(Duration timeout) {
      connectTimeout = positive("connectTimeout", timeout);
      return this;
    }

    /**
     * After how long without any sign of life from the server a connection counts as lost; default
     * 75 s, a little over two of the server's pings. One ping of our own goes out before that.
     */
    public Builder silenceLimit(Duration limit) {
      silenceLimit = positive("silenceLimit", limit);
      return this;
    }

    /**
     * How long to wait before connecting again: about {@code first}, by default 250 ms, then twice
     * as long each time up to {@code longest}, by default 10 s. A server that asks for a longer
     * wait gets it.
     */
    public Builder retryDelay(Duration first, Duration longest) {
      firstRetry = positive("first", first);
      longestRetry = positive("longest", longest);
      return this;
    }

    /**
     * How long a stream may be without a working connection, at its beginning or later, before it
     * fails; default 1 min. Zero means no second attempt.
     */
    public Builder giveUpAfter(Duration time) {
      if (time.isNegative()) {
        throw new IllegalArgumentException("giveUpAfter must not be negative");
      }
      giveUpAfter = time;
      return this;
    }

    /**
     * Is told before each wait for another attempt, on the stream's own thread; must not throw.
     * Nobody by default.
     */
    public Builder onRetry(Consumer<Retry> listener) {
      onRetry = Objects.requireNonNull(listener);
      return this;
    }

    /** The client; nothing connects until a stream is subscribed to. */
    public MistStreamClient build() {
      return new MistStreamClient(
          new Settings(
              Objects.requireNonNull(endpoints),
              tls,
              Map.copyOf(headers),
              connectTimeout,
              silenceLimit,
              firstRetry,
              longestRetry,
              giveUpAfter,
              onRetry));
    }

    private static Duration positive(String name, Duration time) {
      if (time.isNegative() || time.isZero()) {
        throw new IllegalArgumentException(name + " must be positive");
      }
      return time;
    }
  }
}
