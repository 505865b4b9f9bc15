package io.miststream.core.metrics;

import io.miststream.core.topic.StreamClose;
import io.miststream.core.topic.Viewer;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** A connection that takes whatever its viewer has. */
final class Polling implements AutoCloseable {
  private final Viewer viewer;
  private final List<String> texts = new CopyOnWriteArrayList<>();

  Polling(Viewer viewer) {
    this.viewer = viewer;
    viewer.onReady(this::take);
  }

  private synchronized void take() {
    for (String text = viewer.pollText(); text != null; text = viewer.pollText()) {
      texts.add(text);
    }
    notifyAll();
  }

  List<String> texts() {
    return texts;
  }

  StreamClose ended() {
    return viewer.ended();
  }

  /** Waits until a number of texts are there. */
  Polling await(int number) throws InterruptedException {
    return await(() -> texts.size() >= number);
  }

  /** Waits for one that holds a text. */
  Polling await(String part) throws InterruptedException {
    return await(() -> texts.stream().anyMatch(text -> text.contains(part)));
  }

  Polling awaitEnd() throws InterruptedException {
    return await(() -> viewer.ended() != null);
  }

  private synchronized Polling await(BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("only " + texts);
      }
      wait(100);
    }
    return this;
  }

  @Override
  public void close() {
    viewer.close();
  }
}
