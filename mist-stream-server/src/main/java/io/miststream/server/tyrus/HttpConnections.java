package io.miststream.server.tyrus;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The connections that are no WebSockets, so many at most. Where there is one too many, one goes
 * that owes a request: of the address that has the most of those, the one that has owed it for
 * longest. Honest clients say at once what they want, and have few at a time, so that even in a
 * flood they are answered before it is their turn.
 *
 * <p>Handshakes of TLS that are not finished are limited for each address besides, for they cost
 * the server more than whoever begins them; the ones too many are dropped before that. Thread-safe.
 */
final class HttpConnections {
  private final int most;
  private final int mostHandshakes;
  // Guarded by this.
  private final ByAddress waiting = new ByAddress(); // for a request, or the rest of it
  private final Set<HttpConnection> answering = new HashSet<>();
  private final ByAddress handshaking = new ByAddress(); // a part of those waiting

  /**
   * None yet.
   *
   * @param most how many at a time
   * @param mostHandshakes how many handshakes of TLS may be unfinished, of one address
   */
  HttpConnections(int most, int mostHandshakes) {
    this.most = most;
    this.mostHandshakes = mostHandshakes;
  }

  /** One more. */
  void opened(HttpConnection connection) {
    HttpConnection tooMany;
    synchronized (this) {
      waiting.add(connection);
      tooMany = waiting.size() + answering.size() > most ? forgetOne() : null;
    }
    drop(tooMany);
  }

  /** One that was opened begins a handshake of TLS; it is dropped if its address has too many. */
  void handshakeBegun(HttpConnection connection) {
    boolean tooMany;
    synchronized (this) {
      // It may have been dropped already.
      tooMany = waiting.contains(connection) && handshaking.add(connection) > mostHandshakes;
    }
    if (tooMany) {
      left(connection);
      drop(connection);
    }
  }

  /** Its handshake is over. */
  synchronized void handshakeDone(HttpConnection connection) {
    handshaking.remove(connection);
  }

  /** A whole request has arrived, and is being answered. */
  synchronized void requested(HttpConnection connection) {
    if (waiting.remove(connection)) {
      answering.add(connection);
    }
  }

  /** Its request has been answered; another may follow. */
  synchronized void answered(HttpConnection connection) {
    if (answering.remove(connection)) {
      waiting.add(connection);
    }
  }

  /** It is closed, or has become a WebSocket. */
  synchronized void left(HttpConnection connection) {
    handshaking.remove(connection);
    waiting.remove(connection);
    answering.remove(connection);
  }

  /** Drops one of those that owe a request; false if none does. */
  boolean dropOne() {
    HttpConnection one;
    synchronized (this) {
      one = forgetOne();
    }
    drop(one);
    return one != null;
  }

  private @Nullable HttpConnection forgetOne() {
    HttpConnection one = waiting.removeFirstOfMost();
    if (one != null) {
      handshaking.remove(one);
    }
    return one;
  }

  private static void drop(@Nullable HttpConnection connection) {
    if (connection != null) {
      connection.drop(); // not under the lock, for closing comes back here
    }
  }

  /** All there are now. */
  synchronized List<HttpConnection> all() {
    List<HttpConnection> all = new ArrayList<>(answering);
    waiting.forEach(all::add);
    return all;
  }
}
