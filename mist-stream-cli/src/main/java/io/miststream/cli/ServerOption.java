package io.miststream.cli;

import io.miststream.client.DeploymentApi;
import io.miststream.client.MistStreamClient;
import io.miststream.client.Retry;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
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

  @Option(
      names = "--token-file",
      paramLabel = "FILE",
      description =
          "a file with the token to show to the server; default $MIST_TOKEN, the token itself")
  private @Nullable Path tokenFile;

  /**
   * A client for streams.
   *
   * @throws ConfigException if the address is none of a server
   */
  MistStreamClient client(Consumer<Retry> onRetry) {
    try {
      MistStreamClient.Builder builder =
          MistStreamClient.builder(Objects.requireNonNull(uri)).onRetry(onRetry);
      String token = token();
      return (token.isEmpty() ? builder : builder.header("Authorization", "Bearer " + token))
          .build();
    } catch (IllegalArgumentException e) {
      throw new ConfigException(String.valueOf(e.getMessage()));
    }
  }

  private String token() {
    Path file = tokenFile;
    if (file == null) {
      return Objects.requireNonNullElse(System.getenv("MIST_TOKEN"), "").strip();
    }
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      throw new ConfigException(file + ": cannot be read: " + e.getMessage());
    }
  }

  /** For requests that are no streams; fails as {@link #client} does. */
  DeploymentApi deployments() {
    return client(retry -> {}).deployments();
  }
}
