package io.miststream.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.miststream.docker.testing.DockerFixture;
import io.miststream.docker.testing.TestDirectory;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A proxy of the distribution, with the configuration that the documentation shows but for ports,
 * paths and what a test says.
 */
final class ProxyProcess implements AutoCloseable {
  private static final Path DOCUMENTED = Path.of("..", "docs", "proxy");

  private final Process process;
  private final Path own;
  private final URI uri;

  enum Kind {
    NGINX,
    CADDY
  }

  private ProxyProcess(Process process, Path own, URI uri) {
    this.process = process;
    this.own = own;
    this.uri = uri;
  }

  /**
   * Starts one before a server.
   *
   * @param changes what is to stand in the configuration in place of what
   */
  static ProxyProcess start(
      Kind kind, URI server, TestCertificate certificate, Map<String, String> changes)
      throws Exception {
    String command = command(kind == Kind.NGINX ? "nginx" : "caddy");
    Path own = Files.createTempDirectory("mist-proxy");
    Path pem = own.resolve("cert.pem");
    Path key = own.resolve("key.pem");
    certificate.write(pem, key);
    int port = freePort();
    String upstream = "127.0.0.1:" + server.getPort();
    ProcessBuilder builder =
        kind == Kind.NGINX
            ? nginx(command, own, port, upstream, changes)
            : caddy(command, own, port, upstream, changes);
    Process process =
        builder.redirectErrorStream(true).redirectOutput(own.resolve("log").toFile()).start();
    ProxyProcess proxy = new ProxyProcess(process, own, URI.create("https://localhost:" + port));
    try {
      await().atMost(Duration.ofMinutes(2)).until(() -> proxy.listens());
      return proxy;
    } catch (Throwable e) {
      proxy.close();
      throw e;
    }
  }

  private static String command(String name) {
    String path = System.getenv().getOrDefault("PATH", "") + ":/usr/sbin"; // not in everybody's
    return Stream.of(path.split(":", -1))
        .map(directory -> Path.of(directory, name))
        .filter(Files::isExecutable)
        .findFirst()
        .map(Path::toString)
        .orElseGet(
            () -> {
              DockerFixture.unavailable("no " + name + "; install it");
              return name;
            });
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static String documented(
      String file, Map<String, String> changes, Map<String, String> places) throws IOException {
    String text = Files.readString(DOCUMENTED.resolve(file));
    for (Map<String, String> some : List.of(changes, places)) {
      for (Map.Entry<String, String> change : some.entrySet()) {
        assertThat(text).contains(change.getKey());
        text = text.replace(change.getKey(), change.getValue());
      }
    }
    return text;
  }

  private static ProcessBuilder nginx(
      String command, Path own, int port, String upstream, Map<String, String> changes)
      throws IOException {
    Map<String, String> places =
        Map.of(
            "listen 443 ssl;", "listen 127.0.0.1:" + port + " ssl;",
            "listen [::]:443 ssl;", "",
            "/etc/mist/fullchain.pem", own + "/cert.pem",
            "/etc/mist/key.pem", own + "/key.pem",
            "127.0.0.1:8080", upstream);
    Files.writeString(own.resolve("site.conf"), documented("nginx.conf", changes, places));
    // What the distribution's own file is for otherwise. One process, so that none is left over.
    Path config =
        Files.writeString(
            own.resolve("nginx.conf"),
            """
            daemon off;
            master_process off;
            pid pid;
            error_log stderr info;
            events {}
            http {
              access_log off;
              client_body_temp_path body;
              proxy_temp_path proxy;
              fastcgi_temp_path fastcgi;
              uwsgi_temp_path uwsgi;
              scgi_temp_path scgi;
              include site.conf;
            }
            """);
    return new ProcessBuilder(command, "-e", "stderr", "-p", "" + own, "-c", "" + config);
  }

  private static ProcessBuilder caddy(
      String command, Path own, int port, String upstream, Map<String, String> changes)
      throws IOException {
    Map<String, String> places =
        Map.of(
            "mist.example.com {",
            "mist.example.com:%1$d, localhost:%1$d {\n\tbind 127.0.0.1\n\ttls %2$s/cert.pem %2$s/key.pem"
                .formatted(port, own),
            "127.0.0.1:8080",
            upstream);
    Path config =
        Files.writeString(
            own.resolve("Caddyfile"),
            // A client that asks for localhost does not say so in its TLS greeting.
            "{\n\tadmin off\n\tauto_https disable_redirects\n\tdefault_sni mist.example.com\n}\n"
                + documented("Caddyfile", changes, places));
    ProcessBuilder builder =
        new ProcessBuilder(command, "run", "--config", config.toString(), "--adapter", "caddyfile");
    for (String variable : List.of("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")) {
      builder.environment().put(variable, own.toString());
    }
    return builder;
  }

  private boolean listens() throws IOException {
    assertThat(process.isAlive()).as(log()).isTrue();
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), uri.getPort())) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  /** Its name there is good for the same certificate as {@code mist.example.com}. */
  URI uri() {
    return uri;
  }

  String log() throws IOException {
    return Files.readString(own.resolve("log"));
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly().onExit().join();
    TestDirectory.remove(own);
  }
}
