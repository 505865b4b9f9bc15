package io.miststream.core.topic;

import io.miststream.core.Gap;
import io.miststream.core.LogLine;
import io.miststream.core.StreamMessage;

/** What a ring must know of a message without reading it. */
enum Kind {
  LINE,
  GAP,
  STATUS;

  static Kind of(StreamMessage message) {
    return message instanceof LogLine ? LINE : message instanceof Gap ? GAP : STATUS;
  }
}
