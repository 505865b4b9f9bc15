package io.miststream.benchmarks;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.github.dockerjava.transport.DockerHttpClient;
import io.miststream.core.Follow;
import io.miststream.core.LogLine;
import io.miststream.core.LogRequest;
import io.miststream.core.StreamMessage;
import io.miststream.docker.DockerLogSource;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What it costs to read a line of an engine that answers at once. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class LinesBenchmark {
  private static final int SHORT_LINES = 10_000;
  private static final int LONG_LINES = 50;
  private static final int CHUNK = 16 << 10;

  private final DockerLogSource shortLines = source(log(SHORT_LINES, 120));
  private final DockerLogSource longLines = source(log(LONG_LINES, 10 * CHUNK + 120));

  /** A line of 120 bytes in one chunk. */
  @Benchmark
  @OperationsPerInvocation(SHORT_LINES)
  public int shortLine() {
    return read(shortLines);
  }

  /** A line of 160 KiB in ten chunks. */
  @Benchmark
  @OperationsPerInvocation(LONG_LINES)
  public int longLine() {
    return read(longLines);
  }

  /** Ends the threads of the sources. */
  @TearDown
  public void close() {
    shortLines.close();
    longLines.close();
  }

  /** Lines of so many bytes, as an engine sends them. */
  private static byte[] log(int lines, int length) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    byte[] text = "x".repeat(length - 1).concat("\n").getBytes(US_ASCII);
    for (int i = 1; i <= lines; i++) {
      byte[] time = (Instant.ofEpochSecond(1_700_000_000, i) + " ").getBytes(US_ASCII);
      for (int from = 0; from < length; from += CHUNK) {
        int size = Math.min(CHUNK, length - from);
        all.writeBytes(new byte[] {1, 0, 0, 0});
        all.writeBytes(ByteBuffer.allocate(4).putInt(time.length + size).array());
        all.writeBytes(time);
        all.write(text, from, size);
      }
    }
    return all.toByteArray();
  }

  private static int read(DockerLogSource source) {
    LogRequest all = LogRequest.of(1).withTail(LogRequest.ALL).withFollow(Follow.NONE);
    Counter counter = new Counter();
    source.logs(all).subscribe(counter);
    return counter.lines.join();
  }

  private static DockerLogSource source(byte[] log) {
    Engine engine = new Engine(log);
    return DockerLogSource.builder().httpClients(engine, engine).build();
  }

  private static final class Counter implements Flow.Subscriber<StreamMessage> {
    final CompletableFuture<Integer> lines = new CompletableFuture<>();
    private int count;

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(StreamMessage message) {
      count += message instanceof LogLine ? 1 : 0;
    }

    @Override
    public void onError(Throwable problem) {
      lines.completeExceptionally(problem);
    }

    @Override
    public void onComplete() {
      lines.complete(count);
    }
  }

  /** Has one container, with this log. */
  private static final class Engine implements DockerHttpClient {
    private static final String ID = "abcdef012345";
    private static final String LIST =
        "[{'Id':'" + ID + "','State':'exited','Status':'exited'}]".replace('\'', '"');
    private static final String CONTAINER =
        "{'Id':'%1$s','Name':'/%1$s','Created':'2025-01-15T10:00:00Z','State':{'Status':'exited',"
            + "'Running':false,'ExitCode':0,'StartedAt':'2025-01-15T10:00:00Z',"
            + "'FinishedAt':'2025-01-15T11:00:00Z'},'Config':{'Image':'i','Tty':false},"
            + "'HostConfig':{'LogConfig':{'Type':'json-file','Config':{}}}}";

    private final byte[] log;

    Engine(byte[] log) {
      this.log = log;
    }

    @Override
    public Response execute(Request request) {
      String path = request.path();
      if (path.contains("/logs")) {
        return new Answer(200, log);
      }
      String json =
          path.contains("/containers/json")
              ? LIST
              : path.contains("/" + ID + "/json") ? CONTAINER.formatted(ID) : null;
      return json == null
          ? new Answer(404, new byte[0])
          : new Answer(200, json.replace('\'', '"').getBytes(US_ASCII));
    }

    @Override
    public void close() {}
  }

  private record Answer(int status, ByteArrayInputStream body)
      implements DockerHttpClient.Response {
    Answer(int status, byte[] body) {
      this(status, new ByteArrayInputStream(body));
    }

    @Override
    public int getStatusCode() {
      return status;
    }

    @Override
    public Map<String, List<String>> getHeaders() {
      return Map.of();
    }

    @Override
    public ByteArrayInputStream getBody() {
      return body;
    }

    @Override
    public void close() {}
  }
}
