package io.miststream.docker;

import com.github.dockerjava.transport.DockerHttpClient;
import java.io.IOException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A client that is made when it is first used: making the first one of a process takes a good part
 * of the time a server needs to start, for it sets up TLS, whatever the address. Thread-safe.
 */
final class LazyHttpClient implements DockerHttpClient {
  private final Supplier<DockerHttpClient> make;
  private @Nullable DockerHttpClient client; // guarded by this
  private boolean closed; // guarded by this

  LazyHttpClient(Supplier<DockerHttpClient> make) {
    this.make = make;
  }

  @Override
  public Response execute(Request request) {
    return client().execute(request);
  }

  private synchronized DockerHttpClient client() {
    if (closed) {
      throw new IllegalStateException("closed");
    }
    if (client == null) {
      client = make.get();
    }
    return client;
  }

  @Override
  public synchronized void close() throws IOException {
    closed = true;
    if (client != null) {
      client.close();
    }
  }
}
