package io.miststream.cli;

import io.miststream.core.topic.LogTopics;
import io.miststream.docker.DockerLogSource;
import io.miststream.server.MistStreamServer;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The one place where providers and the server are put together. */
final class Wiring implements AutoCloseable {

  private final DockerLogSource docker;
  private final LogTopics topics;
  private final MistStreamServer server;

  private Wiring(DockerLogSource docker, LogTopics topics, MistStreamServer server) {
    this.docker = docker;
    this.topics = topics;
    this.server = server;
  }

  /**
   * Starts everything.
   *
   * @throws UsageException if the host is not one to listen on
   * @throws java.io.UncheckedIOException if the address cannot be bound
   */
  static Wiring start(Configuration configuration) {
    DockerLogSource docker =
        DockerLogSource.builder()
            .dockerHost(configuration.get(Settings.DOCKER_HOST))
            .appLabel(configuration.get(Settings.APP_LABEL))
            .namePatterns(configuration.get(Settings.NAME_PATTERNS))
            .catalogue(configuration::containers)
            .recovery(configuration.get(Settings.RECOVERY))
            .build();
    LogTopics topics =
        LogTopics.builder(docker)
            .ringBytes(configuration.get(Settings.RING_BYTES))
            .historyReads(configuration.get(Settings.HISTORY_READS))
            .maxFilters(configuration.get(Settings.MAX_FILTERS))
            .linger(configuration.get(Settings.LINGER))
            .build();
    try {
      MistStreamServer server =
          MistStreamServer.builder()
              .logs(topics)
              .host(configuration.get(Settings.HOST))
              .port(configuration.get(Settings.PORT))
              .maxTail(configuration.get(Settings.MAX_TAIL))
              .pingInterval(configuration.get(Settings.PING_INTERVAL))
              .handshakeTimeout(configuration.get(Settings.HANDSHAKE_TIMEOUT))
              .stallTimeout(configuration.get(Settings.STALL_TIMEOUT))
              .maxConnections(configuration.get(Settings.MAX_CONNECTIONS))
              .ready(() -> Optional.ofNullable(problem(docker)))
              .start();
      return new Wiring(docker, topics, server);
    } catch (IllegalArgumentException e) {
      close(topics, docker);
      throw new UsageException(configuration.place(Settings.HOST) + ": " + e.getMessage());
    } catch (RuntimeException e) {
      close(topics, docker);
      throw e;
    }
  }

  /** The server, to be asked for its address. */
  MistStreamServer server() {
    return server;
  }

  /** Why Docker does not answer, or null if it does. Blocks for a moment. */
  @Nullable String dockerProblem() {
    return problem(docker);
  }

  private static @Nullable String problem(DockerLogSource docker) {
    try {
      docker.ping();
      return null;
    } catch (IOException e) {
      return "Docker is unreachable: " + e.getMessage();
    }
  }

  /** Closes what viewers see first. */
  @Override
  public void close() {
    server.close();
    close(topics, docker);
  }

  private static void close(LogTopics topics, DockerLogSource docker) {
    topics.close();
    docker.close();
  }
}
