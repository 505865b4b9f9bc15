package io.miststream.server.tyrus;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * The connections that are no WebSockets, so many at most. Where there is one too many, the one
 * goes that has owed a request for longest: honest clients say at once what they want, so that even
 * in a flood they are answered before it is their turn. Thread-safe.
 */
final class HttpConnections {
  private final int most;
  // Whose request has not arrived, or not all of it; whoever has been here longest is first.
  private final Set<HttpConnection> waiting = new LinkedHashSet<>(); // guarded by this
  private final Set<HttpConnection> answering = new HashSet<>(); // guarded by this

  HttpConnections(int most) {
    this.most = most;
  }

  /** One more. */
  void opened(HttpConnection connection) {
    boolean tooMany;
    synchronized (this) {
      waiting.add(connection);
      tooMany = waiting.size() + answering.size() > most;
    }
    if (tooMany) {
      dropOne();
    }
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
    waiting.remove(connection);
    answering.remove(connection);
  }

  /** Drops the one that has waited longest; false if none waits. */
  boolean dropOne() {
    HttpConnection first;
    synchronized (this) {
      Iterator<HttpConnection> all = waiting.iterator();
      if (!all.hasNext()) {
        return false;
      }
      first = all.next();
      all.remove();
    }
    first.drop();
    return true;
  }

  /** All there are now. */
  synchronized List<HttpConnection> all() {
    List<HttpConnection> all = new ArrayList<>(waiting);
    all.addAll(answering);
    return all;
  }
}
