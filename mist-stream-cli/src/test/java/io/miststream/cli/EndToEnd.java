package io.miststream.cli;

import io.miststream.docker.testing.DockerFixture;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * What the tests of a class share: the engine and, once one of them asks for it, a server on it.
 * Without an engine the class aborts.
 */
final class EndToEnd implements BeforeAllCallback, AfterAllCallback {
  /** The server's heap: more than it needs, and less than what passes through it. */
  static final String HEAP = "-Xmx96m";

  private DockerFixture docker;
  private ServerProcess server; // guarded by this

  @Override
  public void beforeAll(ExtensionContext context) {
    docker = DockerFixture.connect();
  }

  @Override
  public synchronized void afterAll(ExtensionContext context) throws IOException {
    if (server != null) {
      server.close();
    }
    if (docker != null) {
      docker.close();
    }
  }

  DockerFixture docker() {
    return docker;
  }

  /** The server that all tests of the class share. */
  synchronized ServerProcess server() throws IOException {
    if (server == null) {
      server = serve();
    }
    return server;
  }

  /** Starts a server of a test's own. */
  ServerProcess serve(String... options) throws IOException {
    return ServerProcess.start(docker.host(), Map.of("MIST_JAVA_OPTS", HEAP), options);
  }

  /** Starts a command that talks to the shared server. */
  CommandProcess start(String... arguments) throws IOException {
    return CommandProcess.start(withServer(arguments));
  }

  /** The arguments, and those that name the shared server. */
  String[] withServer(String... arguments) throws IOException {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--server", "" + server().uri()));
    return all.toArray(String[]::new);
  }
}
