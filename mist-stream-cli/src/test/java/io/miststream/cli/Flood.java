package io.miststream.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Many clients who come one after the other, from many addresses, and each with something else in
 * mind. One thread, for it shares the processors with what it floods.
 */
final class Flood {
  private static final int ADDRESSES = 49; // 127.0.0.2 to 127.0.0.50
  private static final long PATIENCE = Duration.ofSeconds(30).toNanos();

  private static final String UPGRADE =
      String.join(
          "\r\n",
          "Upgrade: websocket",
          "Connection: Upgrade",
          "Sec-WebSocket-Version: 13",
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
          "\r\n");

  /** What a client does. */
  private enum Kind {
    /** Connects and goes, with a reset. */
    GOES,
    /** Connects and says nothing. */
    SILENT,
    /** Sends half of a header. */
    HALF,
    /** Opens a WebSocket, keeps it while some more clients come, and goes. */
    VIEWS,
    /** Would open a WebSocket where there is none. */
    STRAYS,
    /** Asks for a page and keeps the connection. */
    ASKS
  }

  private static final Kind[] KINDS = Kind.values();

  /** A client. */
  private static final class Client {
    private final Kind kind;
    private final SocketChannel channel;
    private final StringBuilder answer = new StringBuilder();
    private boolean answered;
    private int until; // that many clients have come

    Client(Kind kind, SocketChannel channel) {
      this.kind = kind;
      this.channel = channel;
    }

    /** Whether it sends a whole request, and so gets an answer. */
    boolean asks() {
      return kind.compareTo(Kind.VIEWS) >= 0;
    }
  }

  private final InetSocketAddress server;
  private final String view;
  private final int staying;
  private final SortedMap<Integer, Integer> answers = new TreeMap<>();
  private final Queue<Client> viewing = new ArrayDeque<>(); // whoever came first goes first
  private final ByteBuffer buffer = ByteBuffer.allocate(16 << 10);
  private int come;
  private int open; // on their way, or without their answer
  private int connected;
  private int failed;
  private int cut;
  private int unanswered;
  private int mostViewing;
  private int noRetryAfter;
  private long nanos;

  /**
   * A flood that has not begun.
   *
   * @param view path and query of a stream in which nothing much is said
   * @param staying how many more clients come before one with a WebSocket goes
   */
  Flood(URI server, String view, int staying) {
    this.server = new InetSocketAddress(server.getHost(), server.getPort());
    this.view = view;
    this.staying = staying;
  }

  /** Has so many clients come, so many a second, and goes when the last has its answer. */
  Flood run(int clients, int perSecond) throws IOException {
    try (Selector selector = Selector.open()) {
      long begun = System.nanoTime();
      for (int i = 0; i < clients; ) {
        long due = Math.min(clients, (System.nanoTime() - begun) * perSecond / 1_000_000_000 + 1);
        // A few at a time, or whoever is already there would not be looked after.
        for (int n = 0; n < 20 && i < due; n++) {
          connect(selector, i++);
        }
        selector.select(this::ready, 1);
        leave();
      }
      nanos = System.nanoTime() - begun;
      while (open > 0 && System.nanoTime() - begun < nanos + PATIENCE) {
        selector.select(this::ready, 1);
      }
      for (SelectionKey key : selector.keys()) {
        key.channel().close();
      }
    }
    return this;
  }

  private void connect(Selector selector, int number) throws IOException {
    SocketChannel channel = SocketChannel.open();
    channel.configureBlocking(false);
    channel.bind(new InetSocketAddress("127.0.0." + (2 + number % ADDRESSES), 0));
    Client client = new Client(KINDS[number % KINDS.length], channel);
    channel.connect(server);
    channel.register(selector, SelectionKey.OP_CONNECT, client);
    open++;
    come++;
  }

  private void ready(SelectionKey key) {
    Client client = (Client) key.attachment();
    try {
      if (key.isConnectable()) {
        client.channel.finishConnect();
        connected++;
        key.interestOps(SelectionKey.OP_READ);
        if (!client.asks()) {
          open--;
        }
        begin(client);
      } else if (!read(client)) {
        end(client);
      }
    } catch (ConnectException e) {
      failed++;
      open--;
      close(client);
    } catch (IOException e) {
      end(client);
    }
  }

  private void begin(Client client) throws IOException {
    String host = " HTTP/1.1\r\nHost: localhost:" + server.getPort() + "\r\n";
    switch (client.kind) {
      case GOES -> {
        client.channel.setOption(StandardSocketOptions.SO_LINGER, 0);
        client.channel.close();
      }
      case SILENT -> {}
      case HALF -> send(client, "GET " + view + host + "Upgrade: web");
      case VIEWS -> send(client, "GET " + view + host + UPGRADE);
      case STRAYS -> send(client, "GET /ws/nothing" + host + UPGRADE);
      case ASKS -> send(client, "GET /health" + host + "\r\n");
    }
  }

  private static void send(Client client, String words) throws IOException {
    // Little enough for a new connection to take at once.
    client.channel.write(ByteBuffer.wrap(words.getBytes(ISO_8859_1)));
  }

  /** Reads what there is; false at the end. */
  private boolean read(Client client) throws IOException {
    int n = client.channel.read(buffer.clear());
    if (n < 0) {
      return false;
    }
    if (!client.answered) {
      client.answer.append(ISO_8859_1.decode(buffer.flip()));
      if (client.answer.indexOf("\r\n\r\n") >= 0) {
        answered(client);
      }
    }
    return true;
  }

  private void answered(Client client) {
    client.answered = true;
    open--;
    String header = client.answer.toString();
    int status = Integer.parseInt(header.substring(9, 12));
    answers.merge(status, 1, Integer::sum);
    if ((status == 429 || status == 503) && !header.contains("\r\nRetry-After: ")) {
      noRetryAfter++;
    }
    if (status == 101) {
      client.until = come + staying;
      viewing.add(client);
      mostViewing = Math.max(mostViewing, viewing.size());
    }
  }

  private void leave() throws IOException {
    for (Client first = viewing.peek();
        first != null && come >= first.until;
        first = viewing.peek()) {
      viewing.remove();
      first.channel.close();
    }
  }

  private void end(Client client) {
    if (!client.asks()) {
      cut++;
    } else if (!client.answered) {
      unanswered++;
      open--;
    }
    viewing.remove(client);
    close(client);
  }

  private static void close(Client client) {
    try {
      client.channel.close();
    } catch (IOException e) {
      // It is gone.
    }
  }

  /** Connections that were made. */
  int connected() {
    return connected;
  }

  /** How often a status was answered. */
  int answers(int status) {
    return answers.getOrDefault(status, 0);
  }

  /** Most WebSockets at once. */
  int mostViewing() {
    return mostViewing;
  }

  /** Refusals, for now, that did not say until when. */
  int noRetryAfter() {
    return noRetryAfter;
  }

  @Override
  public String toString() {
    return String.format(
        "%d connections in %.1f s, %.0f a second; answers %s, at most %d WebSockets at once;"
            + " %d silent ones cut off, %d requests without an answer, %d could not connect",
        connected,
        nanos / 1e9,
        connected * 1e9 / nanos,
        answers,
        mostViewing,
        cut,
        unanswered,
        failed);
  }
}
