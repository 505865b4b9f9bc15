package io.miststream.docker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.dockerjava.httpclient5.ApacheDockerHttpClient;
import com.github.dockerjava.transport.DockerHttpClient;
import com.github.dockerjava.transport.DockerHttpClient.Request.Method;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Requests to one engine, each with a deadline.
 *
 * <p>The transport has no deadline on unix sockets, so a request runs on a helper thread that is
 * interrupted when it is late, which closes its socket. Each request has a connection of its own,
 * which ends with the answer.
 */
final class EngineApi implements AutoCloseable {

  /** How long the engine may take to answer a call, or to begin answering with a stream. */
  static final Duration DEADLINE = Duration.ofSeconds(10);

  static final ObjectMapper JSON = new ObjectMapper();
  static final JsonNode NO_BODY = MissingNode.getInstance();

  private static final int LONGEST_COMPLAINT = 4096;
  private static final long CLOCK_VALID_NANOS = 30_000_000_000L;
  private static final Duration CLOCK_DEADLINE = Duration.ofSeconds(2);

  private final DockerHttpClient calls;
  private final DockerHttpClient streams;
  private final @Nullable URI host;
  private final boolean owned;
  private final Duration silence;
  private final Clock clock;
  private volatile long clockAhead;
  private volatile long clockMeasured; // 0 for never
  private final ExecutorService helpers;
  private final ScheduledThreadPoolExecutor timer =
      new ScheduledThreadPoolExecutor(1, Threads.named("mist-docker-timer"));

  /**
   * @param calls for short requests
   * @param streams for answers that go on; must not have a response timeout
   * @param owned whether to close both with this
   * @param silence how long the engine may send nothing within an answer that does not follow
   */
  EngineApi(DockerHttpClient calls, DockerHttpClient streams, boolean owned, Duration silence) {
    this(calls, streams, owned, silence, Clock.systemUTC());
  }

  EngineApi(
      DockerHttpClient calls,
      DockerHttpClient streams,
      boolean owned,
      Duration silence,
      Clock clock) {
    this(null, calls, streams, owned, silence, clock);
  }

  private EngineApi(
      @Nullable URI host,
      DockerHttpClient calls,
      DockerHttpClient streams,
      boolean owned,
      Duration silence,
      Clock clock) {
    this.host = host;
    this.calls = calls;
    this.streams = streams;
    this.owned = owned;
    this.silence = silence;
    this.clock = clock;
    timer.setRemoveOnCancelPolicy(true);
    timer.setKeepAliveTime(1, TimeUnit.SECONDS);
    timer.allowCoreThreadTimeOut(true);
    this.helpers =
        new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE,
            1,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            Threads.named("mist-docker-call"));
  }

  /**
   * Requests to the engine at an address, over connections of its own.
   *
   * @param host null for the one that the environment names
   */
  static EngineApi connect(@Nullable URI host, Duration silence) {
    URI address = checkHost(host == null ? defaultHost() : host);
    return new EngineApi(
        address,
        new LazyHttpClient(() -> transport(address, DEADLINE)),
        new LazyHttpClient(() -> transport(address, null)),
        true,
        silence,
        Clock.systemUTC());
  }

  private static URI defaultHost() {
    String host = System.getenv("DOCKER_HOST");
    return URI.create(host == null || host.isBlank() ? "unix:///var/run/docker.sock" : host);
  }

  /** The address, if it is one that {@link #connect} can use. */
  static URI checkHost(URI host) {
    String scheme = String.valueOf(host.getScheme());
    if (!scheme.equals("unix") && !scheme.equals("tcp")) {
      throw new IllegalArgumentException("neither unix:// nor tcp://: " + host);
    }
    if (host.getPort() > 0xFFFF) {
      throw new IllegalArgumentException("there is no port " + host.getPort() + ": " + host);
    }
    return host;
  }

  private static DockerHttpClient transport(URI host, @Nullable Duration responseTimeout) {
    ApacheDockerHttpClient.Builder transport =
        new ApacheDockerHttpClient.Builder()
            .dockerHost(host)
            .connectionTimeout(DEADLINE)
            // With a limit, one follow too many waits in silence.
            .maxConnections(Integer.MAX_VALUE);
    if (responseTimeout != null) {
      transport.responseTimeout(responseTimeout);
    }
    return transport.build();
  }

  /** The answer of a short request as JSON. */
  JsonNode get(String path) throws IOException {
    return get(path, DEADLINE);
  }

  /** The answer of a short request as JSON. */
  JsonNode get(String path, Duration deadline) throws IOException {
    return call(
        () -> {
          try (DockerHttpClient.Response response = execute(calls, path)) {
            return JSON.readTree(response.getBody());
          }
        },
        deadline,
        EngineApi::never);
  }

  /** For requests that nobody gives up. */
  static void never(Runnable abort) {}

  /** Sends a short request that changes something. */
  JsonNode send(Method method, String path) throws IOException {
    return send(method, path, NO_BODY, DEADLINE, EngineApi::never);
  }

  /**
   * Sends a request that changes something.
   *
   * @param body its JSON, missing for none
   * @param abort is given what gives the request up; the engine may carry it out all the same
   * @return the answer's JSON, missing if it has none
   */
  JsonNode send(
      Method method, String path, JsonNode body, Duration deadline, Consumer<Runnable> abort)
      throws IOException {
    DockerHttpClient.Request.Builder request = request(method, path);
    if (!body.isMissingNode()) {
      request.putHeader("Content-Type", "application/json").bodyBytes(JSON.writeValueAsBytes(body));
    }
    return call(
        () -> {
          // Not the client for calls: the engine may take longer than its response timeout.
          try (DockerHttpClient.Response response = execute(streams, request.build())) {
            return JSON.readTree(response.getBody());
          }
        },
        deadline,
        abort);
  }

  /** A request with a body of any length, which is still to be sent. */
  UploadRequest upload(String path, Upload body) throws IOException {
    return new UploadRequest(Objects.requireNonNull(host, "no address"), path, body);
  }

  /** Runs something that takes long on a helper thread. */
  CompletableFuture<Void> run(Request<?> task) {
    CompletableFuture<Void> end = new CompletableFuture<>();
    later(
        () -> {
          try {
            task.run();
            end.complete(null);
          } catch (Throwable e) {
            end.completeExceptionally(e);
          }
        });
    return end;
  }

  /**
   * The engine's time in nanoseconds since the epoch; ours, as long as its clock has not been
   * measured.
   */
  long now() {
    return clock.millis() * 1_000_000L + clockAhead;
  }

  /** Sees how far the engine's clock is ahead of ours, unless that was done a moment ago. */
  void measureClock() {
    if (clockMeasured != 0 && System.nanoTime() - clockMeasured < CLOCK_VALID_NANOS) {
      return;
    }
    long begin = clock.millis();
    try {
      String theirs = get("/info", CLOCK_DEADLINE).path("SystemTime").asText();
      long middle = (begin + clock.millis()) * 500_000L;
      clockAhead = Progress.nanos(OffsetDateTime.parse(theirs).toInstant()) - middle;
    } catch (IOException | DateTimeParseException e) {
      // It may be forbidden, or slow. What was known is better than nothing.
    }
    clockMeasured = System.nanoTime();
  }

  /** Whether the engine answers. */
  void ping(Duration deadline) throws IOException {
    call(
        () -> {
          try (DockerHttpClient.Response response = execute(calls, "/_ping")) {
            return response.getBody().read();
          }
        },
        deadline,
        EngineApi::never);
  }

  /**
   * Begins an answer that goes on; whoever gets it closes it.
   *
   * @param patience after how many times the longest silence it is closed, 0 for never
   */
  EngineStream open(String path, int patience) throws IOException {
    Opening opening = new Opening();
    try {
      EngineStream stream =
          call(
              () -> opening.opened(new EngineStream(execute(streams, path))),
              DEADLINE,
              EngineApi::never);
      if (patience > 0) {
        long nanos = silence.toNanos() * patience;
        stream.watched(
            timer.scheduleWithFixedDelay(
                () -> {
                  if (stream.isSilentFor(nanos)) {
                    later(stream::close);
                  }
                },
                nanos,
                nanos / 2,
                TimeUnit.NANOSECONDS));
      }
      return stream;
    } catch (IOException | RuntimeException e) {
      opening.giveUp();
      throw e;
    }
  }

  /** Runs something that might block, such as closing a connection, on a helper thread. */
  void later(Runnable task) {
    try {
      helpers.execute(task);
    } catch (RejectedExecutionException e) {
      // This is closed, but whoever ends only now has connections to close all the same.
      Threads.named("mist-docker-call").newThread(task).start();
    }
  }

  static JsonNode parse(byte[] json, int offset, int length) throws IOException {
    return JSON.readTree(json, offset, length);
  }

  @Override
  public void close() throws IOException {
    timer.shutdownNow();
    helpers.shutdown();
    if (owned) {
      calls.close();
      streams.close();
    }
  }

  private static DockerHttpClient.Response execute(DockerHttpClient client, String path)
      throws IOException {
    return execute(client, request(Method.GET, path).build());
  }

  /** The transport would keep connections for later requests, and never close those left idle. */
  private static DockerHttpClient.Request.Builder request(Method method, String path) {
    return DockerHttpClient.Request.builder()
        .method(method)
        .path(path)
        .putHeader("Connection", "close");
  }

  private static DockerHttpClient.Response execute(
      DockerHttpClient client, DockerHttpClient.Request request) throws IOException {
    DockerHttpClient.Response response = client.execute(request);
    int status = response.getStatusCode();
    if (status >= 200 && status < 300) {
      return response;
    }
    try (response) {
      throw new EngineRefusedException(status, complaint(response.getBody(), status));
    }
  }

  /** A filter of lists, ready for the query. */
  static String filter(String key, List<String> values) {
    ObjectNode filters = JSON.createObjectNode();
    values.forEach(filters.putArray(key)::add);
    return encode(filters.toString());
  }

  /** A text, ready for the query. */
  static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  static String complaint(InputStream body, int status) throws IOException {
    byte[] text = body.readNBytes(LONGEST_COMPLAINT);
    try {
      JsonNode message = JSON.readTree(text).path("message");
      if (message.isTextual()) {
        return message.asText();
      }
    } catch (IOException e) {
      // Not JSON: something between us and the engine answered.
    }
    return "the engine answered with status " + status;
  }

  @FunctionalInterface
  interface Request<T> {
    T run() throws Exception;
  }

  private <T> T call(Request<T> request, Duration deadline, Consumer<Runnable> abort)
      throws IOException {
    Future<T> answer = submit(request);
    abort.accept(() -> answer.cancel(true));
    try {
      return await(answer, deadline);
    } catch (TimeoutException e) {
      throw late(deadline, e);
    } finally {
      answer.cancel(true);
    }
  }

  private <T> Future<T> submit(Request<T> request) throws IOException {
    try {
      return helpers.submit(request::run);
    } catch (RejectedExecutionException e) {
      throw new IOException("The connections to the engine are closed", e);
    }
  }

  private static <T> T await(Future<T> answer, Duration deadline)
      throws IOException, TimeoutException {
    try {
      return answer.get(deadline.toNanos(), TimeUnit.NANOSECONDS);
    } catch (CancellationException e) {
      throw new EngineUnreachableException("cancelled", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EngineUnreachableException("interrupted", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof EngineRefusedException refused) {
        throw refused;
      }
      throw new EngineUnreachableException(EngineUnreachableException.reason(e), e);
    }
  }

  static EngineUnreachableException late(Duration deadline, TimeoutException e) {
    return new EngineUnreachableException("no answer in " + deadline.toMillis() + " ms", e);
  }

  /** Closes a stream that was opened when nobody waited for it any more. */
  static final class Opening {
    private boolean abandoned; // guarded by this
    private @Nullable EngineStream opened; // guarded by this

    synchronized EngineStream opened(EngineStream stream) {
      opened = stream;
      if (abandoned) {
        stream.close();
      }
      return stream;
    }

    synchronized void giveUp() {
      abandoned = true;
      if (opened != null) {
        opened.close(); // in the moment between its arrival and being handed over
      }
    }
  }
}
