package io.miststream.benchmarks;

import io.miststream.core.BlockingPublisher;
import io.miststream.core.Follow;
import io.miststream.core.LogLine;
import io.miststream.core.LogRequest;
import io.miststream.core.LogSource;
import io.miststream.core.StreamEnd;
import io.miststream.core.StreamMessage;
import io.miststream.core.topic.LogTopics;
import io.miststream.server.MistStreamServer;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Flow;

/** Ours: a source that publishes at the pace, through topics and the stand-alone server. */
final class ProductFanOut implements FanOut {
  private static final long PACED_APP = 1;

  private final LogTopics topics;
  private final MistStreamServer server;

  ProductFanOut(Pace pace) throws IOException {
    LogSource source = request -> logs(request, pace);
    // The topic outlives the pauses between measurements: its source waits for the pace.
    topics = LogTopics.builder(source).linger(Duration.ofDays(1)).build();
    server =
        MistStreamServer.builder()
            .logs(topics)
            .port(0)
            .maxConnections(20_000)
            .maxConnectionsPerAddress(20_000)
            .maxHandshakesPerMinute(100_000)
            .start();
  }

  private static Flow.Publisher<StreamMessage> logs(LogRequest request, Pace pace) {
    return new BlockingPublisher(
        task -> {
          Thread thread = new Thread(task, "load-source-" + request.appId());
          thread.setDaemon(true);
          return thread;
        },
        out -> {
          out.emit(LoadMessages.running(request.appId()));
          if (request.follow() == Follow.NONE) {
            out.emit(new StreamEnd(Instant.now(), null, "end"));
            return;
          }
          while (request.appId() == PACED_APP && !out.isCancelled()) {
            out.emit(pace.next());
          }
          Thread.sleep(Long.MAX_VALUE);
        });
  }

  @Override
  public int port() {
    return server.port();
  }

  @Override
  public boolean publishesByItself() {
    return true;
  }

  @Override
  public void publish(LogLine message) {
    throw new IllegalStateException("the source publishes");
  }

  @Override
  public void close() {
    server.close();
    topics.close();
  }
}
