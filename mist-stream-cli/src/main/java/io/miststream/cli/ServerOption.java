package io.miststream.cli;

import io.miststream.client.DeploymentApi;
import io.miststream.client.MistStreamClient;
import io.miststream.client.Retry;
import java.net.URI;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which server a command talks to. */
final class ServerOption {
  @Option(
      names = "--server",
      paramLabel = "URL",
      defaultValue = "${env:MIST_SERVER:-ws://127.0.0.1:8080}",
      description = "the server; default $MIST_SERVER or ws://127.0.0.1:8080")
  private @Nullable URI uri;

  /**
   * A client for streams.
   *
   * @throws ConfigException if the address is none of a server
   */
  MistStreamClient client(Consumer<Retry> onRetry) {
    try {
      return MistStreamClient.builder(Objects.requireNonNull(uri)).onRetry(onRetry).build();
    } catch (IllegalArgumentException e) {
      throw new ConfigException(String.valueOf(e.getMessage()));
    }
  }

  /** For requests that are no streams; fails as {@link #client} does. */
  DeploymentApi deployments() {
    return client(retry -> {}).deployments();
  }
}
