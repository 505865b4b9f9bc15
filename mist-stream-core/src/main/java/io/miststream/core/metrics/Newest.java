package io.miststream.core.metrics;

import io.miststream.core.topic.StreamClose;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Frames in an order, of which a viewer that lags wants what is still of use. Thread-safe. */
interface Newest {

  /**
   * A frame.
   *
   * @param number greater than that of any frame shown before
   * @param frame to be duplicated before it is read
   */
  record Numbered(long number, ByteBuffer frame) {}

  /**
   * What is to be sent next, oldest first; empty if there is nothing now.
   *
   * @param position what has a smaller number is not wanted
   * @param historyEnd what has a smaller number was shown before the viewer came
   */
  List<Numbered> from(long position, long historyEnd);

  /** How to close a viewer that has been sent everything; null as long as more may come. */
  @Nullable StreamClose close();

  /** A viewer has left, perhaps not for the first time. */
  void leave(NewestViewer viewer);
}
