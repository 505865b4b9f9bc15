package io.miststream.server.tyrus;

import static org.mockito.ArgumentMatchers.anyLong;
import static org.mockito.Mockito.doThrow;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.timeout;
import static org.mockito.Mockito.verify;

import org.junit.jupiter.api.Test;

/** What goes wrong with one connection, and what becomes of the others. */
class HeartbeatErrorsTest {

  @Test
  void noFailureKeepsTheOthersFromTheirTurnNowOrLater() {
    Heartbeat heartbeat = new Heartbeat(TransportSettings.DEFAULT);
    ConnectionWriter broken = mock(ConnectionWriter.class);
    ConnectionWriter fine = mock(ConnectionWriter.class);
    HttpConnection handshake = mock(HttpConnection.class);
    doThrow(new OutOfMemoryError("not really"))
        .doThrow(new IllegalStateException("broken"))
        .when(broken)
        .check(anyLong());
    heartbeat.writers().add(broken);
    heartbeat.writers().add(fine);
    heartbeat.http().opened(handshake);
    heartbeat.start();
    try {
      verify(fine, timeout(10_000).atLeast(3)).check(anyLong());
      verify(broken, timeout(10_000).atLeast(3)).check(anyLong());
      verify(handshake, timeout(10_000).atLeast(3)).check(anyLong());
    } finally {
      heartbeat.stop();
    }
  }
}
