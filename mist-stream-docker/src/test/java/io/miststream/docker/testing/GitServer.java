package io.miststream.docker.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.zip.GZIPInputStream;
import org.eclipse.jgit.lib.Repository;
import org.eclipse.jgit.storage.file.FileRepositoryBuilder;
import org.eclipse.jgit.transport.PacketLineOut;
import org.eclipse.jgit.transport.RefAdvertiser.PacketLineOutRefAdvertiser;
import org.eclipse.jgit.transport.UploadPack;

/** One repository over HTTP, for whoever has the token; it can also hang. */
public final class GitServer implements AutoCloseable {
  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Path repository;
  private final String token;
  private final CountDownLatch asked = new CountDownLatch(1);
  private final CountDownLatch goOn = new CountDownLatch(1);
  private volatile boolean hanging;

  private GitServer(Path repository, String token) throws IOException {
    this.repository = repository;
    this.token = token;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  /** Serves a repository. */
  public static GitServer start(Path repository, String token) throws IOException {
    return new GitServer(repository, token);
  }

  /** Where the repository is. */
  public String url() {
    return "http://localhost:" + server.getAddress().getPort() + "/app.git";
  }

  /** From now on it takes requests and answers nothing. */
  public void hang() {
    hanging = true;
  }

  /** Returns when somebody waits for an answer that does not come. */
  public void awaitHanging() throws InterruptedException {
    asked.await();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      if (hanging) {
        asked.countDown();
        goOn.await();
        return;
      }
      String credentials =
          Base64.getEncoder()
              .encodeToString(("x-access-token:" + token).getBytes(StandardCharsets.UTF_8));
      if (!("Basic " + credentials)
          .equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
        exchange.getResponseHeaders().add("WWW-Authenticate", "Basic realm=\"git\"");
        exchange.sendResponseHeaders(401, -1);
        return;
      }
      try (Repository opened = new FileRepositoryBuilder().setGitDir(repository.toFile()).build()) {
        serve(exchange, new UploadPack(opened));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void serve(HttpExchange exchange, UploadPack pack) throws IOException {
    pack.setBiDirectionalPipe(false);
    boolean discovery = exchange.getRequestURI().getPath().endsWith("/info/refs");
    exchange
        .getResponseHeaders()
        .add(
            "Content-Type",
            "application/x-git-upload-pack-" + (discovery ? "advertisement" : "result"));
    exchange.sendResponseHeaders(200, 0);
    OutputStream out = exchange.getResponseBody();
    if (discovery) {
      PacketLineOut lines = new PacketLineOut(out);
      lines.writeString("# service=git-upload-pack\n");
      lines.end();
      pack.sendAdvertisedRefs(new PacketLineOutRefAdvertiser(lines));
    } else {
      InputStream in = exchange.getRequestBody();
      boolean zipped = "gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"));
      pack.upload(zipped ? new GZIPInputStream(in) : in, out, null);
    }
  }

  @Override
  public void close() {
    goOn.countDown();
    server.stop(0);
    threads.shutdownNow();
  }
}
