package io.miststream.server;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.Locale.ROOT;
import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.testkit.InMemoryLogSource;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Input: whatever somebody sends to the server, to which he then says no more. */
class ConnectionFuzz {
  /** How long an answer may take where it is not sure that there will be one. */
  private static final int ANSWER_MILLIS = 20;

  private static final int END_MILLIS = 30_000;

  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.[01] [1-5][0-9]{2} [ -~]*");
  private static final Pattern HEADER = Pattern.compile("([A-Za-z-]+): ?([ -~]*)");
  private static final Set<String> HEADERS =
      Set.of(
          "allow",
          "cache-control",
          "connection",
          "content-length",
          "content-security-policy",
          "content-type",
          "date",
          "referrer-policy",
          "retry-after",
          "sec-websocket-accept",
          "sec-websocket-version",
          "server",
          "transfer-encoding",
          "upgrade",
          "www-authenticate",
          "x-content-type-options");

  private static final MistStreamServer SERVER = server();

  private static MistStreamServer server() {
    InMemoryLogSource source = InMemoryLogSource.create();
    source.run(1, "app").print("a line");
    return MistStreamServer.builder()
        .logs(source)
        .port(0)
        .handshakeTimeout(Duration.ofMinutes(1)) // never what ends a connection here
        .maxHandshakesPerMinute(Integer.MAX_VALUE)
        .start();
  }

  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    try (Socket socket = connect()) {
      byte[] answer = exchange(socket, data);
      new Answer(answer, data).check();
    }
    checkHealth();
  }

  private static Socket connect() throws IOException {
    Socket socket = new Socket();
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), SERVER.port()), 5000);
    socket.setTcpNoDelay(true);
    return socket;
  }

  /** What comes back to the end, which has to be near. */
  private static byte[] exchange(Socket socket, byte[] data) throws IOException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    byte[] buffer = new byte[16 << 10];
    boolean over = false;
    try {
      socket.getOutputStream().write(data);
      InputStream in = socket.getInputStream();
      socket.setSoTimeout(ANSWER_MILLIS);
      for (boolean told = false; !over; ) {
        try {
          if (!told && !new String(data, ISO_8859_1).contains("\n\r\n")) {
            throw new SocketTimeoutException("no whole header, so no answer to wait for");
          }
          int n = in.read(buffer);
          over = n < 0;
          all.write(buffer, 0, Math.max(0, n));
        } catch (SocketTimeoutException e) {
          assertThat(told).as("ended after %s ms", END_MILLIS).isFalse();
          told = true;
          socket.shutdownOutput();
          socket.setSoTimeout(END_MILLIS);
        }
      }
    } catch (SocketTimeoutException e) {
      throw e;
    } catch (IOException e) {
      // Reset: more was sent than the server would read.
    }
    return all.toByteArray();
  }

  private static void checkHealth() throws IOException {
    try (Socket socket = connect()) {
      socket.setSoTimeout(END_MILLIS);
      socket
          .getOutputStream()
          .write(
              "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                  .getBytes(ISO_8859_1));
      String answer = new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
      assertThat(answer).startsWith("HTTP/1.1 200 ");
    }
  }

  /** Reads an answer again, strictly. */
  private static final class Answer {
    private final ByteBuffer answer;
    private final boolean head;

    Answer(byte[] answer, byte[] sent) {
      this.answer = ByteBuffer.wrap(answer);
      this.head = new String(sent, ISO_8859_1).contains("HEAD");
    }

    void check() {
      while (answer.hasRemaining()) {
        checkResponse();
      }
    }

    private void checkResponse() {
      String status = line();
      assertThat(status).matches(STATUS);
      int length = 0;
      boolean chunked = false;
      Set<String> seen = new java.util.HashSet<>();
      for (String line = line(); !line.isEmpty(); line = line()) {
        Matcher header = HEADER.matcher(line);
        assertThat(header.matches()).as(line).isTrue();
        String name = header.group(1).toLowerCase(ROOT);
        assertThat(HEADERS).contains(name);
        assertThat(seen.add(name)).as("%s once", name).isTrue();
        if (name.equals("content-length")) {
          length = Integer.parseInt(header.group(2));
        }
        chunked |= name.equals("transfer-encoding");
      }
      if (status.contains(" 101 ")) {
        while (answer.hasRemaining()) {
          checkFrame();
        }
      } else if (!head || !isNextResponse()) {
        skipBody(length, chunked);
      }
    }

    /** Where one has asked for the header alone, no body is there. */
    private boolean isNextResponse() {
      byte[] rest = new byte[Math.min(5, answer.remaining())];
      answer.duplicate().get(rest);
      return rest.length == 0 || new String(rest, ISO_8859_1).equals("HTTP/");
    }

    private void skipBody(int length, boolean chunked) {
      if (!chunked) {
        assertThat(answer.remaining()).isGreaterThanOrEqualTo(length);
        answer.position(answer.position() + length);
        return;
      }
      for (int size = Integer.parseInt(line(), 16); ; size = Integer.parseInt(line(), 16)) {
        answer.position(answer.position() + size);
        assertThat(line()).isEmpty();
        if (size == 0) {
          return;
        }
      }
    }

    private void checkFrame() {
      int first = answer.get() & 0xFF;
      int length = answer.get() & 0xFF; // a mask bit would make it too long
      if (length == 126) {
        length = answer.getShort() & 0xFFFF;
      }
      assertThat(first).as("FIN, and text, close, ping or pong").isIn(0x81, 0x88, 0x89, 0x8A);
      assertThat(length).isLessThan(0xFFFF);
      answer.position(answer.position() + length);
    }

    private String line() {
      StringBuilder line = new StringBuilder();
      for (char c = (char) answer.get(); c != '\r'; c = (char) answer.get()) {
        line.append(c);
      }
      assertThat(answer.get()).isEqualTo((byte) '\n');
      return line.toString();
    }
  }
}
