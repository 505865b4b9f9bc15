package io.miststream.server.tyrus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.verifyNoInteractions;

import org.junit.jupiter.api.Test;

class HttpConnectionsTest {
  private final HttpConnections connections = new HttpConnections(3);
  private final HttpConnection first = open();
  private final HttpConnection second = open();
  private final HttpConnection third = open();

  private HttpConnection open() {
    HttpConnection connection = mock(HttpConnection.class);
    connections.opened(connection);
    return connection;
  }

  @Test
  void whoeverHasWaitedLongestMakesRoom() {
    HttpConnection fourth = open();
    verify(first).drop();
    HttpConnection fifth = open();
    verify(second).drop();
    verifyNoInteractions(third, fourth, fifth);
    assertThat(connections.all()).containsExactly(third, fourth, fifth);
  }

  @Test
  void whoIsBeingAnsweredStaysAndWaitsAnewAfterwards() {
    connections.requested(first);
    open();
    verify(second).drop();
    verifyNoInteractions(first);
    connections.answered(first);
    HttpConnection fifth = open();
    verify(third).drop();
    assertThat(connections.all()).hasSize(3).contains(first, fifth);
  }

  @Test
  void whereAllAreBeingAnsweredNobodyElseComesIn() {
    connections.requested(first);
    connections.requested(second);
    connections.requested(third);
    HttpConnection fourth = open();
    verify(fourth).drop();
    assertThat(connections.dropOne()).isFalse();
    verifyNoInteractions(first, second, third);
  }

  @Test
  void whoeverHasLeftCountsNoMore() {
    connections.requested(second);
    connections.left(first);
    connections.left(second);
    connections.answered(second);
    open();
    open();
    verifyNoInteractions(third);
    assertThat(connections.all()).hasSize(3);
  }
}
