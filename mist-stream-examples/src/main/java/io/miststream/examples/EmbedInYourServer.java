package io.miststream.examples;

import io.miststream.core.topic.LogTopics;
import io.miststream.docker.DockerLogSource;
import io.miststream.server.StreamEndpoints;
import jakarta.websocket.DeploymentException;
import jakarta.websocket.server.ServerContainer;

/**
 * Serves container logs from a server you have already: Tomcat, Jetty, Undertow or Tyrus. A web
 * application finds its {@link ServerContainer} in the servlet context, as the attribute {@code
 * jakarta.websocket.server.ServerContainer}, while it starts.
 */
public final class EmbedInYourServer implements AutoCloseable {
  private final DockerLogSource docker = DockerLogSource.create();
  private final LogTopics topics = LogTopics.create(docker);

  /** Adds the endpoints; who may connect to them is decided by your own filters. */
  public void addTo(ServerContainer container) throws DeploymentException {
    StreamEndpoints.create().addLogs(container, topics);
  }

  /** To be called when the application stops. */
  @Override
  public void close() {
    topics.close();
    docker.close();
  }
}
