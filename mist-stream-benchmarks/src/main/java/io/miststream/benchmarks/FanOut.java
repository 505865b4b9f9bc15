package io.miststream.benchmarks;

import io.miststream.core.LogLine;
import java.io.IOException;

/** A way to get each message to every viewer. */
interface FanOut extends AutoCloseable {

  /** The ways there are. */
  enum Way {
    PRODUCT("mist-stream", 512 << 10),
    // Their queues hold some 2 KB a message and viewer, whatever is in it.
    SEND_TEXT("Tyrus sendText", 128 << 10),
    BROADCAST("Tyrus broadcast", 128 << 10),
    NIO("NIO loop, a frame at a time", 512 << 10),
    NIO_COALESCED("NIO loop, 64 KiB at a time", 512 << 10),
    NATS("nats-server", 512 << 10),
    MOSQUITTO("mosquitto", 512 << 10);

    final String title;

    /** How far the publisher may be ahead of the slowest viewer, in bytes. */
    final int window;

    Way(String title, int window) {
      this.title = title;
      this.window = window;
    }

    FanOut open(Pace pace) throws Exception {
      return switch (this) {
        case PRODUCT -> new ProductFanOut(pace);
        case SEND_TEXT -> new TyrusFanOut(false);
        case BROADCAST -> new TyrusFanOut(true);
        case NIO -> new NioFanOut(1);
        case NIO_COALESCED -> new NioFanOut(64 << 10);
        case NATS -> BrokerFanOut.nats();
        case MOSQUITTO -> BrokerFanOut.mosquitto();
      };
    }
  }

  /** Where viewers connect. */
  int port();

  /** Sends a message to all of them; called by one thread at a time. */
  void publish(LogLine message) throws IOException;

  /**
   * Whether the publisher has a thread of its own that takes turns from the pace; others are driven
   * by the server.
   */
  default boolean publishesByItself() {
    return false;
  }

  /** What the load client has to say and to count, for messages of so many bytes. */
  default String viewers(int size) {
    return "path=/ws/container/logs?appId=1&tail=0";
  }

  /** CPU time of processes other than this one, in nanoseconds. */
  default long otherCpu() throws IOException {
    return 0;
  }

  /** Nothing more is published for the moment. */
  default void flush() throws IOException {}
}
