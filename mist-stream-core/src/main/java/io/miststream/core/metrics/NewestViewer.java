package io.miststream.core.metrics;

import io.miststream.core.topic.StreamClose;
import io.miststream.core.topic.Traffic;
import io.miststream.core.topic.Viewer;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;

/** A position among frames of which only the newest are kept. */
final class NewestViewer extends Viewer {
  private final Newest topic;
  private final long historyEnd;
  private final List<Newest.Numbered> taken = new ArrayList<>(); // by the last poll
  private long position;

  NewestViewer(Executor pump, Traffic traffic, Newest topic, long position, long historyEnd) {
    super(pump, traffic);
    this.topic = topic;
    this.position = position;
    this.historyEnd = historyEnd;
  }

  @Override
  protected boolean fill(List<ByteBuffer> out, int maxBytes) {
    taken.clear();
    StreamClose close = topic.close(); // first: nothing is shown behind it
    int bytes = 0;
    for (Newest.Numbered next : topic.from(position, historyEnd)) {
      bytes += next.frame().remaining();
      if (!taken.isEmpty() && bytes > maxBytes) {
        break;
      }
      out.add(next.frame().duplicate());
      taken.add(next);
      took(1);
      position = next.number() + 1;
    }
    if (taken.isEmpty() && close != null) {
      end(close);
      return true;
    }
    return !taken.isEmpty();
  }

  @Override
  protected ByteBuffer putBack(List<ByteBuffer> polled, int sent) {
    ByteBuffer rest = null;
    int end = 0;
    for (Newest.Numbered each : List.copyOf(taken)) {
      int length = each.frame().remaining();
      end += length;
      if (end > sent && rest == null) {
        int left = Math.min(end - sent, length);
        rest = each.frame().slice(length - left, left);
        position = each.number() + 1;
      } else if (end > sent) {
        took(-1);
      }
    }
    taken.clear();
    return rest == null ? ByteBuffer.allocate(0) : rest;
  }

  @Override
  protected boolean hasNews() {
    return topic.close() != null || !topic.from(position, historyEnd).isEmpty();
  }

  @Override
  protected void leave() {
    topic.leave(this);
  }

  /** There is something new; runs on the pump. */
  void newsArrived() {
    wake();
  }
}
