package io.miststream.cli;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The text of a JSON Web Key Set: of a file, as it is now, or of an address, as it was five minutes
 * ago at most. Where it cannot be read again, the last one holds.
 */
final class KeySet implements Supplier<String>, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(KeySet.class);
  private static final Duration TIMEOUT = Duration.ofSeconds(10);
  private static final long PERIOD_MINUTES = 5;
  private static final int MAX_BYTES = 1 << 20;

  /** Reads it. */
  private interface Source {
    String read() throws IOException;
  }

  private final String where;
  private final Source source;
  private volatile String text;
  private Runnable close = () -> {};

  private KeySet(String where, Source source) {
    this.where = where;
    this.source = source;
    try {
      this.text = source.read();
    } catch (IOException e) {
      throw new ConfigException(where + ": cannot be read: " + e.getMessage());
    }
  }

  /**
   * Reads it for the first time.
   *
   * @param where a path, or an address that begins with {@code https://} or {@code http://}
   * @throws ConfigException if it cannot be read
   */
  static KeySet open(String where) {
    if (!where.startsWith("https://") && !where.startsWith("http://")) {
      Path path = Values.path(where);
      KeySet keys = new KeySet(where, () -> Files.readString(path));
      FileWatch watch = new FileWatch(path, "mist-jwks", keys::readAgain);
      keys.close = watch::close;
      return keys;
    }
    URI uri;
    try {
      uri = Values.uri(where, "https", "http");
    } catch (IllegalArgumentException e) {
      throw new ConfigException(Setting.JWKS.flag() + " " + e.getMessage());
    }
    HttpClient client = HttpClient.newBuilder().connectTimeout(TIMEOUT).build();
    KeySet keys = new KeySet(where, () -> fetch(client, uri));
    ScheduledExecutorService timer =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "mist-jwks");
              thread.setDaemon(true);
              return thread;
            });
    Future<?> unused =
        timer.scheduleWithFixedDelay(
            keys::readAgain, PERIOD_MINUTES, PERIOD_MINUTES, TimeUnit.MINUTES);
    keys.close = timer::shutdownNow;
    return keys;
  }

  private static String fetch(HttpClient client, URI uri) throws IOException {
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(TIMEOUT).build();
    try {
      HttpResponse<InputStream> response =
          client.send(request, HttpResponse.BodyHandlers.ofInputStream());
      try (InputStream body = response.body()) {
        byte[] bytes = body.readNBytes(MAX_BYTES + 1);
        if (response.statusCode() != 200 || bytes.length > MAX_BYTES) {
          throw new IOException(
              "the answer was " + response.statusCode() + " with " + bytes.length + " bytes");
        }
        return new String(bytes, StandardCharsets.UTF_8);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private void readAgain() {
    try {
      text = source.read();
    } catch (IOException | RuntimeException e) {
      LOG.warn("{} cannot be read; the keys stay as they were: {}", where, e.toString());
    }
  }

  @Override
  public String get() {
    return text;
  }

  @Override
  public void close() {
    close.run();
  }
}
