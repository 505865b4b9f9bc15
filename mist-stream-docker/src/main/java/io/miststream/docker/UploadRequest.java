package io.miststream.docker;

import com.github.dockerjava.transport.DockerHttpClient;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A request with a long body, on a connection of its own. The transport closes a connection as a
 * whole. This one can also close only the half that sends: the engine then stops what it does, as
 * for a client that has gone, but what it writes until it has stopped can still be read.
 */
final class UploadRequest implements AutoCloseable {
  private static final int CHUNK = 1 << 16;
  private static final int LONGEST_LINE = 1 << 16;
  private static final int HTTP = 80;

  private final URI host;
  private final String path;
  private final Upload body;
  private final SocketChannel channel;
  private volatile boolean answered;

  UploadRequest(URI host, String path, Upload body) throws IOException {
    this.host = host;
    this.path = path;
    this.body = body;
    channel =
        SocketChannel.open(isUnix() ? StandardProtocolFamily.UNIX : StandardProtocolFamily.INET);
  }

  private boolean isUnix() {
    return host.getScheme().equals("unix");
  }

  /** Sends it all, and begins the answer. Once; closes the connection if it fails. */
  EngineStream send() throws IOException {
    try {
      connect();
      IOException failure = null;
      try {
        write();
      } catch (IOException e) {
        failure = e;
        if (body.failure() != null) {
          throw e; // the engine waits for the rest
        }
      }
      try {
        return answer();
      } catch (EngineRefusedException e) {
        throw e;
      } catch (IOException e) {
        throw failure == null ? e : failure;
      }
    } catch (EngineRefusedException e) {
      close();
      throw e;
    } catch (IOException | RuntimeException e) {
      close();
      throw new EngineUnreachableException(EngineUnreachableException.reason(e), e);
    }
  }

  private void connect() throws IOException {
    if (isUnix()) {
      channel.connect(UnixDomainSocketAddress.of(host.getPath()));
    } else {
      int port = host.getPort() < 0 ? HTTP : host.getPort();
      channel
          .socket()
          .connect(
              new InetSocketAddress(host.getHost(), port), (int) EngineApi.DEADLINE.toMillis());
    }
  }

  private void write() throws IOException {
    String prefix = isUnix() ? "" : host.getRawPath().replaceFirst("/$", "");
    String head =
        "POST "
            + prefix
            + path
            + " HTTP/1.1\r\nHost: "
            + (isUnix() ? "docker" : host.getRawAuthority())
            + "\r\nConnection: close\r\nContent-Type: application/x-tar"
            + "\r\nTransfer-Encoding: chunked\r\n\r\n";
    write(head.getBytes(StandardCharsets.US_ASCII));
    byte[] buffer = new byte[CHUNK];
    for (int n = body.read(buffer, 0, CHUNK); n >= 0; n = body.read(buffer, 0, CHUNK)) {
      if (n > 0) {
        ByteArrayOutputStream chunk = new ByteArrayOutputStream(n + 16);
        chunk.writeBytes((Integer.toHexString(n) + "\r\n").getBytes(StandardCharsets.US_ASCII));
        chunk.write(buffer, 0, n);
        chunk.writeBytes(new byte[] {'\r', '\n'});
        write(chunk.toByteArray());
      }
    }
    write("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
  }

  private void write(byte[] bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    while (buffer.hasRemaining()) {
      channel.write(buffer);
    }
  }

  private EngineStream answer() throws IOException {
    InputStream in = new BufferedInputStream(Channels.newInputStream(channel));
    String[] status = line(in).split(" ", 3);
    boolean chunked = false;
    for (String field = line(in); !field.isEmpty(); field = line(in)) {
      chunked |= field.toLowerCase(Locale.ROOT).matches("transfer-encoding:\\s*chunked");
    }
    answered = true;
    InputStream content = chunked ? new Chunks(in) : in;
    int code = status.length < 2 ? 0 : number(status[1], 10);
    if (code < 200 || code >= 300) {
      throw new EngineRefusedException(code, EngineApi.complaint(content, code));
    }
    return new EngineStream(new Answer(code, content));
  }

  private static String line(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0) {
        throw new EOFException("the engine closed the connection");
      }
      if (line.size() == LONGEST_LINE) {
        throw new IOException("not HTTP");
      }
      line.write(b);
    }
    return line.toString(StandardCharsets.ISO_8859_1).strip();
  }

  private static int number(String text, int radix) throws IOException {
    try {
      return Integer.parseInt(text, radix);
    } catch (NumberFormatException e) {
      throw new IOException("not HTTP: " + text, e);
    }
  }

  /** Whether the engine has begun to answer. */
  boolean isAnswered() {
    return answered;
  }

  /**
   * Tells the engine that nobody waits for it. If it has the whole body, its answer goes on until
   * it has stopped; otherwise it has done nothing, and the connection is closed. From any thread;
   * does not block.
   */
  void giveUp() {
    try {
      if (body.giveUp() && channel.isConnected()) {
        channel.shutdownOutput();
      } else {
        channel.close();
      }
    } catch (IOException e) {
      // It is closed.
    }
  }

  /** Closes the connection, which also ends what another thread is blocked in. */
  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // Nobody reads from it any more.
    }
  }

  private final class Answer implements DockerHttpClient.Response {
    private final int status;
    private final InputStream content;

    Answer(int status, InputStream content) {
      this.status = status;
      this.content = content;
    }

    @Override
    public int getStatusCode() {
      return status;
    }

    @Override
    public Map<String, List<String>> getHeaders() {
      return Map.of();
    }

    @Override
    public InputStream getBody() {
      return content;
    }

    @Override
    public void close() {
      UploadRequest.this.close();
    }
  }

  /** What chunks contain. */
  private static final class Chunks extends InputStream {
    private final InputStream in;
    private int left;
    private boolean begun;
    private boolean ended;

    Chunks(InputStream in) {
      this.in = in;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      if (left == 0 && !ended) {
        if (begun) {
          line(in); // the end of the chunk before
        }
        begun = true;
        left = number(line(in).split(";", 2)[0].strip(), 16);
        ended = left == 0;
      }
      if (ended) {
        return -1;
      }
      int n = in.read(buffer, offset, Math.min(length, left));
      if (n < 0) {
        throw new EOFException("the engine closed the connection");
      }
      left -= n;
      return n;
    }
  }
}
