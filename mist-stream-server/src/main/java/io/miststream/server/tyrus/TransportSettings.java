package io.miststream.server.tyrus;

import java.time.Duration;

/**
 * Limits and times of the transport.
 *
 * @param handshakeTimeout from accepting a connection, or from the first byte of a further request,
 *     to the end of its header
 * @param pingInterval between pings; a peer that has shown no sign of life since one is dropped
 *     when the next is due
 * @param stallTimeout how long a peer may leave everything unread before it is dropped
 * @param closeGrace how long a peer has to answer our close frame
 * @param maxConnections most WebSocket connections at once
 * @param maxHttpConnections most connections at once that are no WebSockets
 * @param maxPerUser most WebSocket connections of one user
 * @param maxPerAddress most from one address
 * @param maxHandshakes most handshakes from one address within a minute
 * @param maxTlsHandshakes most handshakes of TLS from one address that are not finished
 * @param maxMessageBytes longest inbound message, all its frames together
 * @param maxFrameRate most inbound frames within a second, pongs and pings included
 * @param maxHeaderBytes longest request header
 * @param sendBufferBytes cap of the kernel's send buffer of a WebSocket connection, which a stalled
 *     peer keeps full; Linux doubles it for its own bookkeeping
 */
public record TransportSettings(
    Duration handshakeTimeout,
    Duration pingInterval,
    Duration stallTimeout,
    Duration closeGrace,
    int maxConnections,
    int maxHttpConnections,
    int maxPerUser,
    int maxPerAddress,
    int maxHandshakes,
    int maxTlsHandshakes,
    int maxMessageBytes,
    int maxFrameRate,
    int maxHeaderBytes,
    int sendBufferBytes) {

  /** The defaults that {@code MistStreamServer} documents. */
  public static final TransportSettings DEFAULT =
      new TransportSettings(
          Duration.ofSeconds(10),
          Duration.ofSeconds(30),
          Duration.ofMinutes(5),
          Duration.ofSeconds(2),
          10_000,
          4_000, // with as much of a header each as there may be they take some 64 MiB
          500,
          2_000,
          6_000,
          100,
          16 << 10,
          100,
          16 << 10,
          256 << 10);

  /** Checks that everything is positive. */
  public TransportSettings {
    positive("handshakeTimeout", handshakeTimeout);
    positive("pingInterval", pingInterval);
    positive("stallTimeout", stallTimeout);
    positive("closeGrace", closeGrace);
    positive("maxConnections", maxConnections);
    positive("maxHttpConnections", maxHttpConnections);
    positive("maxPerUser", maxPerUser);
    positive("maxPerAddress", maxPerAddress);
    positive("maxHandshakes", maxHandshakes);
    positive("maxTlsHandshakes", maxTlsHandshakes);
    positive("maxMessageBytes", maxMessageBytes);
    positive("maxFrameRate", maxFrameRate);
    positive("maxHeaderBytes", maxHeaderBytes);
    positive("sendBufferBytes", sendBufferBytes);
  }

  private static void positive(String name, Duration value) {
    if (value.isZero() || value.isNegative()) {
      throw new IllegalArgumentException(name + " must be positive");
    }
  }

  private static void positive(String name, int value) {
    if (value <= 0) {
      throw new IllegalArgumentException(name + " must be positive");
    }
  }
}
