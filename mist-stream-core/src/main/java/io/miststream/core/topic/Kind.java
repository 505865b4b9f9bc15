package io.miststream.core.topic;

import io.miststream.core.ContainerStatus;
import io.miststream.core.Gap;
import io.miststream.core.LogLine;
import io.miststream.core.StreamMessage;

/** What a ring must know of a message without reading it. */
enum Kind {
  LINE,
  GAP,
  STATUS,
  /** A status too: the container is gone, and with it the source of its lines. */
  REMOVED;

  static Kind of(StreamMessage message) {
    if (message instanceof LogLine) {
      return LINE;
    }
    if (message instanceof Gap) {
      return GAP;
    }
    return message instanceof ContainerStatus status
            && status.state().equals(ContainerStatus.REMOVED)
        ? REMOVED
        : STATUS;
  }
}
