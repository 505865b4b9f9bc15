package io.miststream.benchmarks;

import io.miststream.core.LogLine;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;

/**
 * A message broker with a WebSocket listener: we publish to it over plain TCP, in its protocol, and
 * it fans out. It runs on our core.
 */
final class BrokerFanOut implements FanOut {
  private static final String TOPIC = "x";

  private final int port;
  private final Process process;
  private final OutputStream out;
  private final UnaryOperator<ByteBuffer> publication;
  private final IntFunction<String> viewers;

  private BrokerFanOut(
      int tcpPort,
      int port,
      Process process,
      String hello,
      UnaryOperator<ByteBuffer> publication,
      IntFunction<String> viewers)
      throws IOException, InterruptedException {
    this.port = port;
    this.process = process;
    this.publication = publication;
    this.viewers = viewers;
    Socket socket = connect(tcpPort);
    socket.setTcpNoDelay(true);
    out = new BufferedOutputStream(socket.getOutputStream(), 64 << 10);
    out.write(hello.getBytes(StandardCharsets.ISO_8859_1));
    out.flush();
    Thread answers = new Thread(() -> drain(socket), "broker-answers");
    answers.setDaemon(true);
    answers.start();
  }

  private static Socket connect(int tcpPort) throws InterruptedException {
    while (true) {
      try {
        return new Socket(InetAddress.getLoopbackAddress(), tcpPort);
      } catch (IOException e) {
        Thread.sleep(20); // on its way
      }
    }
  }

  private static void drain(Socket socket) {
    try {
      socket.getInputStream().transferTo(OutputStream.nullOutputStream());
    } catch (IOException e) {
      // the end
    }
  }

  /** NATS: its client protocol is text. */
  static BrokerFanOut nats() throws IOException, InterruptedException {
    int tcp = freePort();
    int web = freePort();
    Path config = Files.createTempFile("nats", ".conf");
    Files.writeString(
        config,
        "listen: 127.0.0.1:%d\nmax_payload: 8MB\nwrite_deadline: 60s\nwebsocket { listen: \"127.0.0.1:%d\", no_tls: true }\n"
            .formatted(tcp, web));
    String connect = "CONNECT {\"verbose\":false,\"pedantic\":false}\r\n";
    return new BrokerFanOut(
        tcp,
        web,
        start("nats-server", "-c", config.toString()),
        connect,
        payload -> join("PUB " + TOPIC + " " + payload.remaining() + "\r\n", payload, "\r\n"),
        size ->
            "path=/ unit=%d hello=%s"
                .formatted(
                    ("MSG " + TOPIC + " 1 " + size + "\r\n").length() + size + 2,
                    hex(connect + "SUB " + TOPIC + " 1\r\n")));
  }

  /** MQTT 3.1.1, quality of service 0. */
  static BrokerFanOut mosquitto() throws IOException, InterruptedException {
    int tcp = freePort();
    int web = freePort();
    Path config = Files.createTempFile("mosquitto", ".conf");
    Files.writeString(
        config,
        """
        allow_anonymous true
        max_queued_messages 0
        set_tcp_nodelay true
        log_type none
        listener %d 127.0.0.1
        listener %d 127.0.0.1
        protocol websockets
        """
            .formatted(tcp, web));
    // A clean session, no keep-alive, no name.
    String connect = "\u0010\u000c\0\u0004MQTT\u0004\u0002\0\0\0\0";
    return new BrokerFanOut(
        tcp,
        web,
        start("mosquitto", "-c", config.toString()),
        connect,
        payload ->
            join("0" + variableLength(payload.remaining() + 3) + "\0\u0001" + TOPIC, payload, ""),
        size ->
            "path=/mqtt protocol=mqtt unit=%d hello=%s"
                .formatted(
                    1 + variableLength(size + 3).length() + 3 + size,
                    hex(connect + "\u0082\u0006\0\u0001\0\u0001" + TOPIC + "\0")));
  }

  private static String variableLength(int length) {
    StringBuilder out = new StringBuilder();
    int rest = length;
    while (rest >= 128) {
      out.append((char) (rest % 128 + 128));
      rest /= 128;
    }
    return out.append((char) rest).toString();
  }

  private static ByteBuffer join(String before, ByteBuffer payload, String after) {
    return ByteBuffer.allocate(before.length() + payload.remaining() + after.length())
        .put(before.getBytes(StandardCharsets.ISO_8859_1))
        .put(payload)
        .put(after.getBytes(StandardCharsets.ISO_8859_1))
        .flip();
  }

  private static String hex(String text) {
    return HexFormat.of().formatHex(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  private static Process start(String... command) throws IOException {
    return new ProcessBuilder(command)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  @Override
  public int port() {
    return port;
  }

  @Override
  public String viewers(int size) {
    return viewers.apply(size);
  }

  @Override
  public long otherCpu() throws IOException {
    return Child.cpuNanos(process.pid());
  }

  @Override
  public void publish(LogLine message) throws IOException {
    byte[] payload = Json.of(message).getBytes(StandardCharsets.UTF_8);
    ByteBuffer publish = publication.apply(ByteBuffer.wrap(payload));
    byte[] flat = new byte[publish.remaining()];
    publish.get(flat);
    out.write(flat);
  }

  @Override
  public void flush() throws IOException {
    out.flush();
  }

  @Override
  public void close() {
    process.destroy();
  }
}
