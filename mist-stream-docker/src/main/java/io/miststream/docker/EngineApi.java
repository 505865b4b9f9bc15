package io.miststream.docker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.dockerjava.transport.DockerHttpClient;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Requests to one engine, each with a deadline.
 *
 * <p>The transport has no deadline on unix sockets, so a request runs on a helper thread that is
 * interrupted when it is late, which closes its socket.
 */
final class EngineApi implements AutoCloseable {

  /** How long the engine may take to answer a call, or to begin answering with a stream. */
  static final Duration DEADLINE = Duration.ofSeconds(10);

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int LONGEST_COMPLAINT = 4096;
  private static final long CLOCK_VALID_NANOS = 30_000_000_000L;
  private static final Duration CLOCK_DEADLINE = Duration.ofSeconds(2);

  private final DockerHttpClient calls;
  private final DockerHttpClient streams;
  private final boolean owned;
  private final Duration silence;
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
    this.calls = calls;
    this.streams = streams;
    this.owned = owned;
    this.silence = silence;
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
        deadline);
  }

  /**
   * The engine's time in nanoseconds since the epoch; ours, as long as its clock has not been
   * measured.
   */
  long now() {
    return System.currentTimeMillis() * 1_000_000L + clockAhead;
  }

  /** Sees how far the engine's clock is ahead of ours, unless that was done a moment ago. */
  void measureClock() {
    long begin = System.nanoTime();
    if (clockMeasured != 0 && begin - clockMeasured < CLOCK_VALID_NANOS) {
      return;
    }
    long ours = System.currentTimeMillis() * 1_000_000L;
    try {
      String theirs = get("/info", CLOCK_DEADLINE).path("SystemTime").asText();
      long middle = ours + (System.nanoTime() - begin) / 2;
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
        deadline);
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
          call(() -> opening.opened(new EngineStream(execute(streams, path))), DEADLINE);
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
    DockerHttpClient.Response response =
        client.execute(
            DockerHttpClient.Request.builder()
                .method(DockerHttpClient.Request.Method.GET)
                .path(path)
                .build());
    int status = response.getStatusCode();
    if (status >= 200 && status < 300) {
      return response;
    }
    try (response) {
      throw new EngineRefusedException(status, complaint(response.getBody(), status));
    }
  }

  private static String complaint(InputStream body, int status) throws IOException {
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
  private interface Request<T> {
    T run() throws Exception;
  }

  private <T> T call(Request<T> request, Duration deadline) throws IOException {
    Future<T> answer = helpers.submit(request::run);
    try {
      return answer.get(deadline.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new EngineUnreachableException("no answer in " + deadline.toMillis() + " ms", e);
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
    } finally {
      answer.cancel(true);
    }
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
