package io.miststream.cli;

import io.miststream.core.Gap;
import io.miststream.core.LogLine;
import io.miststream.core.StreamMessage;
import io.miststream.core.wire.WireCodec;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.awaitility.Awaitility;

/** A WebSocket client that knows nothing of ours but the messages: the JDK's, as it comes. */
final class TestViewer implements WebSocket.Listener, AutoCloseable {
  private static final HttpClient HTTP = HttpClient.newHttpClient();
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final StringBuilder text = new StringBuilder();
  private final List<String> raw = new ArrayList<>(); // guarded by this
  private final List<StreamMessage> messages = new ArrayList<>(); // guarded by this
  private int lineCount; // guarded by this
  private boolean aborted; // guarded by this
  private final AtomicInteger pings = new AtomicInteger();
  private WebSocket socket;
  private volatile boolean paused;
  private volatile boolean finished;
  private volatile int closeCode = -1;

  static TestViewer open(URI server, String query) {
    return openPath(server, "/ws/container/logs?" + query);
  }

  static TestViewer openPath(URI server, String path) {
    return open(HTTP, server, path, Map.of());
  }

  static TestViewer open(HttpClient http, URI server, String path, Map<String, String> headers) {
    TestViewer viewer = new TestViewer();
    URI uri = URI.create(server.toString().replaceFirst("^http", "ws") + path);
    WebSocket.Builder builder = http.newWebSocketBuilder();
    headers.forEach(builder::header);
    viewer.socket = builder.buildAsync(uri, viewer).join();
    return viewer;
  }

  @Override
  public CompletionStage<?> onPing(WebSocket webSocket, ByteBuffer message) {
    pings.incrementAndGet();
    webSocket.request(1);
    return null; // the client itself answers
  }

  int pings() {
    return pings.get();
  }

  @Override
  public CompletionStage<?> onText(WebSocket webSocket, CharSequence data, boolean last) {
    text.append(data);
    if (last) {
      String json = text.toString();
      text.setLength(0);
      StreamMessage message = WireCodec.decode(json);
      synchronized (this) {
        if (aborted) {
          return null; // it was on its way
        }
        raw.add(json);
        messages.add(message);
        lineCount += message instanceof LogLine ? 1 : 0;
      }
    }
    if (!paused) {
      webSocket.request(1);
    }
    return null;
  }

  @Override
  public CompletionStage<?> onClose(WebSocket webSocket, int statusCode, String reason) {
    closeCode = statusCode;
    finished = true;
    return null;
  }

  @Override
  public void onError(WebSocket webSocket, Throwable error) {
    finished = true;
  }

  /** Reads no more until {@link #resume}. */
  void pause() {
    paused = true;
  }

  void resume() {
    paused = false;
    socket.request(1);
  }

  /** Cuts the connection without a word. What has arrived by now is all there is. */
  void abort() {
    synchronized (this) {
      aborted = true;
    }
    socket.abort();
  }

  synchronized List<StreamMessage> messages() {
    return List.copyOf(messages);
  }

  synchronized List<String> raw() {
    return List.copyOf(raw);
  }

  synchronized int count() {
    return messages.size();
  }

  /** How many lines have come. */
  synchronized int lineCount() {
    return lineCount;
  }

  List<String> lines() {
    return all(LogLine.class).stream().map(LogLine::line).toList();
  }

  synchronized <T extends StreamMessage> List<T> all(Class<T> type) {
    return messages.stream().filter(type::isInstance).map(type::cast).toList();
  }

  long missed() {
    return all(Gap.class).stream().mapToLong(Gap::missed).sum();
  }

  /** The last id a client would remember. */
  synchronized String lastId() {
    for (int i = messages.size() - 1; i >= 0; i--) {
      if (messages.get(i).cursor() != null) {
        return messages.get(i).cursor().toString();
      }
    }
    return null;
  }

  TestViewer awaitLine(String line) {
    return await(m -> m instanceof LogLine log && log.line().equals(line), PATIENCE);
  }

  TestViewer await(Predicate<StreamMessage> condition, Duration patience) {
    int[] next = {0};
    Awaitility.await()
        .pollInterval(Duration.ofMillis(5))
        .atMost(patience)
        .until(
            () -> {
              synchronized (this) {
                while (next[0] < messages.size()) {
                  if (condition.test(messages.get(next[0]++))) {
                    return true;
                  }
                }
              }
              if (finished) {
                throw new AssertionError("closed with " + closeCode + " after " + tail());
              }
              return false;
            });
    return this;
  }

  /** Waits until the newest message is such a one. */
  void awaitLast(Predicate<StreamMessage> condition) {
    Awaitility.await().atMost(PATIENCE).until(() -> condition.test(last()));
  }

  private synchronized StreamMessage last() {
    return messages.get(messages.size() - 1);
  }

  private synchronized List<String> tail() {
    return raw.subList(Math.max(0, raw.size() - 5), raw.size());
  }

  /** Waits for the close; returns its code, −1 if there was none. */
  int awaitClose() {
    Awaitility.await().atMost(PATIENCE).until(() -> finished);
    return closeCode;
  }

  @Override
  public void close() {
    socket.abort();
  }
}
