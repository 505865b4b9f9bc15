package io.miststream.server.tyrus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.mockito.Mockito.mock;
import static org.mockito.Mockito.never;
import static org.mockito.Mockito.verify;
import static org.mockito.Mockito.when;

import org.junit.jupiter.api.Test;

class HttpConnectionsTest {
  private final HttpConnections connections = new HttpConnections(3, 2);
  private final HttpConnection first = open();
  private final HttpConnection second = open();
  private final HttpConnection third = open();

  private HttpConnection open() {
    return openFrom("192.0.2.1");
  }

  private HttpConnection openFrom(String address) {
    HttpConnection connection = mock(HttpConnection.class);
    when(connection.address()).thenReturn(address);
    connections.opened(connection);
    return connection;
  }

  @Test
  void whoeverHasWaitedLongestMakesRoom() {
    HttpConnection fourth = open();
    verify(first).drop();
    HttpConnection fifth = open();
    verify(second).drop();
    expectKept(third, fourth, fifth);
    assertThat(connections.all()).containsExactly(third, fourth, fifth);
  }

  @Test
  void ofTheAddressThatHasTheMost() {
    connections.left(first);
    HttpConnection other = openFrom("192.0.2.2");
    HttpConnection fourth = open();
    verify(second).drop();
    HttpConnection another = openFrom("192.0.2.2");
    verify(third).drop();
    assertThat(connections.all()).containsExactlyInAnyOrder(other, another, fourth);
    openFrom("192.0.2.3");
    verify(other).drop();
    HttpConnection last = openFrom("192.0.2.4");
    verify(fourth).drop();
    assertThat(connections.all()).contains(another, last).hasSize(3);
  }

  private static void expectKept(HttpConnection... connections) {
    for (HttpConnection connection : connections) {
      verify(connection, never()).drop();
    }
  }

  @Test
  void handshakesOfEachAddressAreLimited() {
    connections.handshakeBegun(first);
    connections.handshakeBegun(second);
    connections.handshakeBegun(third);
    verify(third).drop();
    HttpConnection other = openFrom("192.0.2.2");
    connections.handshakeBegun(other);
    connections.left(first);
    HttpConnection fourth = open();
    connections.handshakeBegun(fourth);
    connections.handshakeDone(second);
    connections.left(other);
    HttpConnection fifth = open();
    connections.handshakeBegun(fifth);
    expectKept(first, second, other, fourth, fifth);
    assertThat(connections.all()).containsExactly(second, fourth, fifth);
    connections.left(fourth);
    connections.handshakeBegun(fourth); // too late, it is gone
    HttpConnection sixth = open();
    connections.handshakeBegun(sixth);
    expectKept(fourth, fifth, sixth);
  }

  @Test
  void whoIsBeingAnsweredStaysAndWaitsAnewAfterwards() {
    connections.requested(first);
    open();
    verify(second).drop();
    expectKept(first);
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
    expectKept(first, second, third);
  }

  @Test
  void whoeverHasLeftCountsNoMore() {
    connections.requested(second);
    connections.left(first);
    connections.left(second);
    connections.answered(second);
    open();
    open();
    expectKept(third);
    assertThat(connections.all()).hasSize(3);
  }
}
