package io.miststream.server;

import io.miststream.core.topic.StreamClose;
import io.miststream.core.topic.Viewer;
import jakarta.websocket.RemoteEndpoint;
import jakarta.websocket.SendResult;
import jakarta.websocket.Session;
import java.time.Duration;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Sends a viewer's messages through the container: one in flight, the next on its completion, so
 * that a container's unbounded queue never holds more than one.
 */
final class TextSender {
  // RFC 6455, section 7.4.1: the connection is given up from this side.
  private static final StreamClose FAILED = new StreamClose(1011, "sending failed");

  private final Session session;
  private final Viewer viewer;
  private final RemoteEndpoint.Async remote;
  private final AtomicInteger wanted = new AtomicInteger();
  private volatile boolean sending;

  TextSender(Session session, Viewer viewer, Duration sendTimeout) {
    this.session = session;
    this.viewer = viewer;
    this.remote = session.getAsyncRemote();
    remote.setSendTimeout(sendTimeout.toMillis());
  }

  void start() {
    // Not on the pump's thread: containers may block in a send, whatever it is called.
    viewer.onReady(() -> ForkJoinPool.commonPool().execute(this::sendAll));
  }

  /** Whoever comes first works for those who come meanwhile, so that nothing recurses. */
  private void sendAll() {
    if (wanted.getAndIncrement() != 0) {
      return;
    }
    int served = 1;
    do {
      sendNext();
      served = wanted.addAndGet(-served);
    } while (served != 0);
  }

  private void sendNext() {
    if (sending || !session.isOpen()) {
      return;
    }
    String text = viewer.pollText();
    if (text == null) {
      StreamClose end = viewer.ended();
      if (end != null) {
        Sessions.close(session, end);
      }
      return;
    }
    sending = true;
    try {
      remote.sendText(text, this::sent);
    } catch (RuntimeException e) {
      giveUp();
    }
  }

  private void sent(SendResult result) {
    if (!result.isOK()) {
      giveUp();
      return;
    }
    sending = false;
    sendAll();
  }

  private void giveUp() {
    viewer.close();
    Sessions.close(session, FAILED);
  }
}
