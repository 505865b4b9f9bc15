package io.miststream.server;

import io.miststream.core.topic.StreamClose;
import io.miststream.core.topic.Viewer;
import jakarta.websocket.PongMessage;
import jakarta.websocket.RemoteEndpoint;
import jakarta.websocket.SendResult;
import jakarta.websocket.Session;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends a viewer's messages through the container: one in flight, the next on its completion, so
 * that a container's unbounded queue never holds more than one. Pings go out between two messages.
 */
final class TextSender {
  private static final Logger LOG = LoggerFactory.getLogger(TextSender.class);

  // RFC 6455, section 7.4.1: the connection is given up from this side.
  private static final StreamClose FAILED = new StreamClose(1011, "sending failed");
  private static final StreamClose SILENT = new StreamClose(1011, "no sign of life");

  private final Session session;
  private final Viewer viewer;
  private final EndpointThreads threads;
  private final RemoteEndpoint.Async remote;
  private final long pingInterval; // nanoseconds
  private final AtomicInteger wanted = new AtomicInteger();
  private volatile boolean sending;
  private volatile @Nullable Thread inSend; // in the container's method just now
  private volatile boolean pingDue;
  private volatile boolean pinged; // and it has not been looked at yet whether there was an answer
  private volatile long pingedAt; // System.nanoTime
  private volatile boolean heard; // since the ping
  private volatile @Nullable Future<?> beats;

  TextSender(
      Session session,
      Viewer viewer,
      EndpointThreads threads,
      Duration pingInterval,
      Duration sendTimeout) {
    this.session = session;
    this.viewer = viewer;
    this.threads = threads;
    this.pingInterval = pingInterval.toNanos();
    this.remote = session.getAsyncRemote();
    remote.setSendTimeout(sendTimeout.toMillis());
  }

  void start() {
    session.addMessageHandler(PongMessage.class, pong -> received());
    beats = threads.every(pingInterval, this::beat);
    // Not on the pump's thread: containers may block in a send, whatever it is called.
    viewer.onReady(() -> threads.send(this::sendAll));
  }

  /** Leaves the stream. */
  void stop() {
    Future<?> beating = beats;
    if (beating != null) {
      beating.cancel(false);
    }
    viewer.close();
  }

  /** The peer has sent something. */
  void received() {
    heard = true;
  }

  /** Drops the peer if it is dead, or asks for a ping. */
  void beat() {
    // While a message is stuck the peer has stopped reading, and cannot answer a ping that lies
    // behind what it has not read. It may come back; else sending fails in the end.
    if (pinged && !heard && !sending) {
      // A ping that had to wait for a message has not been out for long: it has until next time.
      if (System.nanoTime() - pingedAt > pingInterval / 2) {
        giveUp(SILENT);
      }
      return;
    }
    pinged = false;
    pingDue = true;
    sendAll();
  }

  /** Whoever comes first works for those who come meanwhile, so that nothing recurses. */
  private void sendAll() {
    if (wanted.getAndIncrement() != 0) {
      return;
    }
    int served = 1;
    do {
      try {
        sendNext();
      } catch (IOException e) {
        LOG.debug("Session {} is gone", session.getId(), e);
        giveUp(FAILED);
      } catch (RuntimeException | Error e) {
        // Nobody else would ever hear of it, and the viewer would wait for good.
        LOG.warn("Sending to session {} failed", session.getId(), e);
        giveUp(FAILED);
      }
      served = wanted.addAndGet(-served);
    } while (served != 0);
  }

  private void sendNext() throws IOException {
    if (!session.isOpen()) {
      stop();
      return;
    }
    if (sending) {
      return;
    }
    if (pingDue) {
      pingDue = false;
      heard = false; // before it is sent: the answer can be here before we are
      pingedAt = System.nanoTime();
      remote.sendPing(ByteBuffer.allocate(0));
      pinged = true;
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
    inSend = Thread.currentThread();
    remote.sendText(text, this::sent);
    inSend = null;
  }

  private void sent(SendResult result) {
    if (!result.isOK()) {
      giveUp(FAILED);
      return;
    }
    if (inSend != Thread.currentThread()) {
      heard = true; // it had to wait, and there is room again: the peer reads
    }
    sending = false;
    sendAll();
  }

  private void giveUp(StreamClose close) {
    stop();
    Sessions.close(session, close);
  }
}
