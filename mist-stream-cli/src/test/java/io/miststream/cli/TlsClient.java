package io.miststream.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/** One request over TLS, from an address of its own, as it is written down. */
final class TlsClient implements AutoCloseable {
  private static final Pattern LENGTH = Pattern.compile("(?i)\r\ncontent-length: ([0-9]+)\r\n");

  private final SSLSocket socket;
  private final InputStream in;

  /**
   * Sends it.
   *
   * @param from which of this machine's addresses, the last part of 127.0.0.*
   * @param request its head, without Host and the empty line
   */
  TlsClient(URI server, SSLContext trust, int from, String request) throws IOException {
    Socket plain = new Socket();
    plain.setReceiveBufferSize(64 << 10);
    plain.bind(
        new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) from}), 0));
    plain.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.getPort()));
    plain.setSoTimeout(60_000);
    socket =
        (SSLSocket)
            trust
                .getSocketFactory()
                .createSocket(plain, "mist.example.com", server.getPort(), true);
    socket
        .getOutputStream()
        .write(
            (request.strip() + "\nHost: mist.example.com\n\n")
                .replace("\n", "\r\n")
                .getBytes(UTF_8));
    in = socket.getInputStream();
  }

  /** The answer's head, and its body if its length is told. */
  String answer() throws IOException {
    ByteArrayOutputStream answer = new ByteArrayOutputStream();
    while (!answer.toString(UTF_8).endsWith("\r\n\r\n")) {
      int b = in.read();
      if (b < 0) {
        throw new EOFException(answer.toString(UTF_8));
      }
      answer.write(b);
    }
    Matcher length = LENGTH.matcher(answer.toString(UTF_8));
    if (length.find()) {
      answer.write(in.readNBytes(Integer.parseInt(length.group(1))));
    }
    return answer.toString(UTF_8);
  }

  /** What follows, to the end of the connection. */
  String rest() throws IOException {
    return new String(in.readAllBytes(), UTF_8);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
