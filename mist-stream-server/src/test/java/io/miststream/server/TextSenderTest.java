package io.miststream.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.ArgumentMatchers.any;
import static org.mockito.ArgumentMatchers.anyString;
import static org.mockito.Mockito.doAnswer;
import static org.mockito.Mockito.doThrow;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.timeout;
import static org.mockito.Mockito.times;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.when;

import io.miststream.core.topic.Viewer;
import jakarta.websocket.CloseReason;
import jakarta.websocket.RemoteEndpoint;
import jakarta.websocket.SendHandler;
import jakarta.websocket.SendResult;
import jakarta.websocket.Session;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Sessions that fail in ways that no container of the tests does, and pings at given moments. */
@Timeout(120)
class TextSenderTest {
  private static final Duration NEVER = Duration.ofDays(1);
  private static final long PATIENCE = 60_000;

  private final Session session = mock(Session.class);
  private final RemoteEndpoint.Async remote = mock(RemoteEndpoint.Async.class);
  private final Viewer viewer = mock(Viewer.class);
  private final AtomicBoolean open = new AtomicBoolean(true); // a mock in use cannot be told anew
  private final LinkedBlockingQueue<SendHandler> inFlight = new LinkedBlockingQueue<>();
  private TextSender sender;

  @BeforeEach
  void open() {
    when(session.isOpen()).thenAnswer(call -> open.get());
    when(session.getAsyncRemote()).thenReturn(remote);
    doAnswer(call -> inFlight.add(call.getArgument(1)))
        .when(remote)
        .sendText(anyString(), any(SendHandler.class));
    doAnswer(
            call -> {
              call.<Runnable>getArgument(0).run();
              return null;
            })
        .when(viewer)
        .onReady(any());
    sender = sender(NEVER);
  }

  private TextSender sender(Duration pingInterval) {
    return new TextSender(
        session, viewer, new EndpointThreads(), pingInterval, Duration.ofMinutes(5));
  }

  private void isGivenUp() throws IOException {
    verify(viewer, timeout(PATIENCE)).close();
    verify(session, timeout(PATIENCE)).close(any(CloseReason.class));
  }

  @Test
  void aViewerThatFailsIsGivenUp() throws Exception {
    when(viewer.pollText()).thenThrow(new IllegalStateException("broken"));
    sender.start();
    isGivenUp();
  }

  @Test
  void aSessionThatFailsIsGivenUp() throws Exception {
    when(session.isOpen()).thenThrow(new IllegalStateException("broken")).thenReturn(true);
    sender.start();
    isGivenUp();
  }

  @Test
  void anErrorOfTheContainerIsNoReasonToHangEither() throws Exception {
    when(viewer.pollText()).thenReturn("one");
    doThrow(new NoClassDefFoundError("gone"))
        .when(remote)
        .sendText(anyString(), any(SendHandler.class));
    sender.start();
    isGivenUp();
  }

  @Test
  void aPingWaitsUntilTheMessageInFlightIsSent() throws Exception {
    when(viewer.pollText()).thenReturn("one", "two");
    sender.start();
    SendHandler one = inFlight.poll(60, TimeUnit.SECONDS);
    for (int i = 0; i < 5; i++) {
      sender.beat(); // and while it is stuck nobody is taken for dead
    }
    verify(remote, never()).sendPing(any());
    verify(viewer, never()).close();

    one.onResult(new SendResult(session));

    verify(remote, timeout(PATIENCE)).sendPing(any());
    assertThat(inFlight.poll(60, TimeUnit.SECONDS)).as("two").isNotNull();
  }

  @Test
  void whoAnswersStaysAndWhoDoesNotIsClosedAtTheNextBeat() throws Exception {
    sender = sender(Duration.ofNanos(1)); // not started: nobody beats and sends but this thread
    for (int i = 0; i < 3; i++) {
      sender.beat();
      sender.received();
    }
    sender.beat();
    verify(remote, times(4)).sendPing(any());
    verify(viewer, never()).close();

    sender.beat();

    isGivenUp();
    verify(remote, times(4)).sendPing(any());
  }

  @Test
  void aPingThatIsOutForLessThanHalfTheIntervalIsNotMissed() throws Exception {
    for (int i = 0; i < 5; i++) {
      sender.beat();
    }
    verify(remote, times(1)).sendPing(any());
    verify(viewer, never()).close();
  }

  @Test
  void aPingThatCannotBeSentIsTheEnd() throws Exception {
    doThrow(new IOException("broken pipe")).when(remote).sendPing(any());
    sender.start();
    sender.beat();
    isGivenUp();
  }

  @Test
  void pingsAreSentInTimeAndEndWithTheSession() throws Exception {
    sender(Duration.ofMillis(10)).start();
    verify(remote, timeout(PATIENCE).atLeastOnce()).sendPing(any());
    open.set(false);
    verify(viewer, timeout(PATIENCE).atLeastOnce()).close();
  }
}
