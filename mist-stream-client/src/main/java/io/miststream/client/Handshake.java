package io.miststream.client;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** The opening handshake (RFC 6455, section 4.1). */
final class Handshake {

  private static final String KEY_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  private static final int LONGEST_HEAD = 64 << 10;
  private static final int LONGEST_BODY = 64 << 10;
  private static final int SWITCHING_PROTOCOLS = 101;
  private static final SecureRandom RANDOM = new SecureRandom();

  private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");
  private static final Pattern VALUE = Pattern.compile("[\\t\\x20-\\x7E\\x80-\\xFF]*");
  private static final Set<String> OWN_HEADERS =
      Set.of("host", "connection", "upgrade", "content-length", "transfer-encoding", "expect");

  private final InputStream in;
  private final Endpoints server;
  private int headBytes;

  private Handshake(InputStream in, Endpoints server) {
    this.in = in;
    this.server = server;
  }

  /** Refuses a header that cannot be sent, or that the handshake sends itself. */
  static void checkHeader(String name, String value) {
    String lower = name.toLowerCase(Locale.ROOT);
    if (!TOKEN.matcher(name).matches()
        || !VALUE.matcher(value).matches()
        || OWN_HEADERS.contains(lower)
        || lower.startsWith("sec-websocket-")) {
      throw new IllegalArgumentException("cannot be sent as a header: " + name);
    }
  }

  /** Shakes hands; afterwards frames follow on the two streams. */
  static void perform(
      URI uri, Map<String, String> headers, InputStream in, OutputStream out, Endpoints server)
      throws IOException, FailedException {
    byte[] nonce = new byte[16];
    RANDOM.nextBytes(nonce);
    String key = Base64.getEncoder().encodeToString(nonce);
    StringBuilder request = new StringBuilder(512);
    request.append("GET ").append(uri.getRawPath()).append('?').append(uri.getRawQuery());
    request.append(" HTTP/1.1\r\nHost: ").append(uri.getRawAuthority());
    request.append("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13");
    request.append("\r\nSec-WebSocket-Key: ").append(key).append("\r\n");
    headers.forEach(
        (name, value) -> request.append(name).append(": ").append(value).append("\r\n"));
    out.write(request.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
    out.flush();
    new Handshake(in, server).readAnswer(accept(key));
  }

  private static String accept(String key) {
    try {
      MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
      byte[] text = (key + KEY_SUFFIX).getBytes(StandardCharsets.ISO_8859_1);
      return Base64.getEncoder().encodeToString(sha1.digest(text));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // each Java has it
    }
  }

  private void readAnswer(String accept) throws IOException, FailedException {
    String[] first = line().split(" ", 3);
    if (first.length < 2 || !first[0].startsWith("HTTP/1.") || !first[1].matches("[0-9]{3}")) {
      throw new FailedException(
          Failure.passing("cannot reach " + server + ": it is no web server"));
    }
    int status = Integer.parseInt(first[1]);
    Map<String, String> answer = new HashMap<>();
    for (String line = line(); !line.isEmpty(); line = line()) {
      int colon = line.indexOf(':');
      if (colon > 0) {
        answer.merge(
            line.substring(0, colon).toLowerCase(Locale.ROOT),
            line.substring(colon + 1).trim(),
            (one, other) -> one + "," + other);
      }
    }
    if (status != SWITCHING_PROTOCOLS) {
      throw new FailedException(
          Refusal.of(status, answer.get("retry-after"), body(answer), server));
    }
    if (!accept.equals(answer.get("sec-websocket-accept"))
        || !"websocket".equalsIgnoreCase(answer.get("upgrade"))
        || answer.containsKey("sec-websocket-extensions")
        || answer.containsKey("sec-websocket-protocol")) {
      throw new FailedException(
          Failure.passing("cannot reach " + server + ": it does not speak WebSocket as it should"));
    }
  }

  private String line() throws IOException {
    StringBuilder line = new StringBuilder();
    for (int b = read(); b != '\n'; b = read()) {
      if (++headBytes > LONGEST_HEAD) {
        throw new IOException("its answer is too long");
      }
      line.append((char) b);
    }
    int length = line.length();
    if (length > 0 && line.charAt(length - 1) == '\r') {
      line.setLength(length - 1);
    }
    return line.toString();
  }

  private int read() throws IOException {
    int b = in.read();
    if (b < 0) {
      throw new EOFException();
    }
    return b;
  }

  /** What can be had of the body. */
  private String body(Map<String, String> answer) {
    StringBuilder body = new StringBuilder();
    try {
      String length = answer.getOrDefault("content-length", "");
      if ("chunked".equalsIgnoreCase(answer.get("transfer-encoding"))) {
        int chunk = chunkLength();
        while (chunk > 0 && body.length() < LONGEST_BODY) {
          read(chunk, body);
          line(); // the chunk's line end
          chunk = chunkLength();
        }
      } else {
        read(length.matches("[0-9]{1,8}") ? Integer.parseInt(length) : LONGEST_BODY, body);
      }
    } catch (IOException e) {
      // A refusal without its reason is still a refusal.
    }
    return body.toString();
  }

  private int chunkLength() throws IOException {
    String length = line().split(";", 2)[0].trim();
    return length.matches("[0-9a-fA-F]{1,6}") ? Integer.parseInt(length, 16) : 0;
  }

  private void read(int length, StringBuilder body) throws IOException {
    byte[] bytes = in.readNBytes(Math.min(length, LONGEST_BODY));
    body.append(new String(bytes, StandardCharsets.UTF_8));
  }
}
