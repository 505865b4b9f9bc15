package io.miststream.core.tests;

import io.miststream.core.Cursor;
import io.miststream.core.LogLine;
import io.miststream.core.StreamMessage;
import io.miststream.core.topic.StreamClose;
import io.miststream.core.topic.Viewer;
import io.miststream.core.wire.WireCodec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** Reads a viewer as a connection would: polls, and waits to be told when there is nothing. */
final class ViewerReader implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Viewer viewer;
  private final Semaphore ready = new Semaphore(0);
  private final List<StreamMessage> messages = new ArrayList<>();

  ViewerReader(Viewer viewer) {
    this.viewer = viewer;
    viewer.onReady(ready::release);
  }

  /** One message, waiting for it; null if the stream is over. */
  StreamMessage next() throws InterruptedException {
    while (true) {
      String text = viewer.pollText();
      if (text != null) {
        StreamMessage message = WireCodec.decode(text);
        messages.add(message);
        return message;
      }
      if (viewer.ended() != null) {
        return null;
      }
      if (!ready.tryAcquire(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new AssertionError("nothing more came after " + messages.size() + " messages");
      }
    }
  }

  /** Reads up to and with the first message that satisfies the condition. */
  ViewerReader until(Predicate<StreamMessage> condition) throws InterruptedException {
    StreamMessage message;
    do {
      message = next();
      if (message == null) {
        throw new AssertionError("ended with " + viewer.ended() + " after " + messages);
      }
    } while (!condition.test(message));
    return this;
  }

  ViewerReader untilLine(String text) throws InterruptedException {
    return until(m -> m instanceof LogLine line && line.line().equals(text));
  }

  /** Reads to the close. */
  StreamClose toTheEnd() throws InterruptedException {
    StreamMessage message;
    do {
      message = next();
    } while (message != null);
    return viewer.ended();
  }

  List<StreamMessage> messages() {
    return messages;
  }

  List<String> lines() {
    return messages.stream()
        .filter(LogLine.class::isInstance)
        .map(m -> ((LogLine) m).line())
        .toList();
  }

  <T extends StreamMessage> List<T> all(Class<T> type) {
    return messages.stream().filter(type::isInstance).map(type::cast).toList();
  }

  /** The last id a client would remember. */
  Cursor lastId() {
    Cursor last = null;
    for (StreamMessage message : messages) {
      last = message.cursor() == null ? last : message.cursor();
    }
    return last;
  }

  @Override
  public void close() {
    viewer.close();
  }
}
