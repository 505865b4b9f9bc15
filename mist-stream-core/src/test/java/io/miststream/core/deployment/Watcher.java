package io.miststream.core.deployment;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.StreamMessage;
import io.miststream.core.topic.StreamClose;
import io.miststream.core.topic.Viewer;
import io.miststream.core.wire.Frames;
import io.miststream.core.wire.WireCodec;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Reads a viewer as a connection would, on the test's own thread. */
final class Watcher implements AutoCloseable {
  static final long PATIENCE_SECONDS = 30;
  private static final int WRITE_BYTES = 64 << 10;

  final Viewer viewer;
  private final Semaphore ready = new Semaphore(0);
  private final List<String> texts = new ArrayList<>();

  Watcher(Viewer viewer) {
    this.viewer = viewer;
    viewer.onReady(ready::release);
  }

  /** Reads until there are so many messages; all so far. */
  List<String> await(int count) throws InterruptedException {
    while (texts.size() < count && viewer.ended() == null) {
      step();
    }
    assertThat(texts).hasSizeGreaterThanOrEqualTo(count);
    return texts;
  }

  /** Reads to the end; all messages. */
  List<String> awaitEnd() throws InterruptedException {
    while (viewer.ended() == null) {
      step();
    }
    return texts;
  }

  @Nullable StreamClose close(List<String> into) throws InterruptedException {
    into.addAll(awaitEnd());
    return viewer.ended();
  }

  private void step() throws InterruptedException {
    List<ByteBuffer> slices = new ArrayList<>();
    viewer.poll(slices, WRITE_BYTES);
    if (slices.isEmpty() && viewer.ended() == null) {
      assertThat(ready.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS)).as("woken").isTrue();
    }
    slices.forEach(slice -> texts.addAll(texts(slice)));
  }

  static List<String> texts(ByteBuffer slice) {
    List<String> texts = new ArrayList<>();
    byte[] frames = slice.array();
    int at = slice.arrayOffset() + slice.position();
    int end = at + slice.remaining();
    while (at < end) {
      int length = Frames.length(frames, at);
      texts.add(Frames.text(frames, at, length));
      at += length;
    }
    return texts;
  }

  static StreamMessage message(String text) {
    StreamMessage message = WireCodec.decode(text);
    assertThat(message).as(text).isNotNull();
    return message;
  }

  @Override
  public void close() {
    viewer.close();
  }
}
