package io.miststream.examples;

import io.miststream.docker.DockerLogSource;
import io.miststream.server.MistStreamServer;
import java.io.IOException;

/** A server of its own for the logs of the local Docker engine's containers. */
public final class StandaloneServer {
  private StandaloneServer() {}

  /** Serves until Enter is pressed. */
  public static void main(String[] arguments) throws IOException {
    try (DockerLogSource docker = DockerLogSource.create();
        MistStreamServer server = MistStreamServer.builder().logs(docker).port(8080).start()) {
      System.out.println("listening on " + server.uri() + ", Enter stops");
      System.in.read();
    }
  }
}
