package io.miststream.docker;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.dockerjava.api.model.Bind;
import com.github.dockerjava.api.model.ExposedPort;
import com.github.dockerjava.api.model.PortBinding;
import com.github.dockerjava.api.model.Ports;
import io.miststream.core.App;
import io.miststream.core.deployment.DeploymentFailedException;
import java.util.Objects;
import java.util.regex.Pattern;

/** How an app's container is run, in the engine's words. */
final class RunOptions {
  private static final Pattern VOLUME = Pattern.compile("/.*|[a-zA-Z0-9][a-zA-Z0-9_.-]+");
  // docker-java passes over what it does not know.
  private static final Pattern MODES =
      Pattern.compile("(,?(ro|rw|z|Z|nocopy|r?(shared|slave|private)))*");
  private static final int HIGHEST_PORT = 65_535;

  private RunOptions() {}

  /**
   * The body of the request that creates the container, but for image and labels.
   *
   * @throws DeploymentFailedException if a port or a volume cannot be understood
   */
  static ObjectNode of(App.Run run) throws DeploymentFailedException {
    ObjectNode body = EngineApi.JSON.createObjectNode();
    run.env().forEach((name, value) -> body.withArray("/Env").add(name + "=" + value));
    ObjectNode host = body.putObject("HostConfig");
    for (String port : run.ports()) {
      publish(body, host, port);
    }
    for (String volume : run.volumes()) {
      host.withArray("/Binds").add(checked(volume));
    }
    // Not before it is known to work: else it would be started again and again until then.
    host.putObject("RestartPolicy").put("Name", "no");
    return body;
  }

  private static void publish(ObjectNode body, ObjectNode host, String text)
      throws DeploymentFailedException {
    try {
      PortBinding port = PortBinding.parse(text);
      ExposedPort inside = port.getExposedPort();
      Ports.Binding outside = port.getBinding();
      String hostPort = Objects.requireNonNullElse(outside.getHostPortSpec(), "");
      if (!isPort(inside.getPort())
          || (!hostPort.isEmpty() && !isPort(Integer.parseInt(hostPort)))) {
        throw new IllegalArgumentException("no port");
      }
      String key = inside.toString();
      body.withObject("/ExposedPorts").putObject(key);
      ObjectNode bindings = host.withObject("/PortBindings");
      (bindings.has(key) ? bindings.withArray(key) : bindings.putArray(key))
          .addObject()
          .put("HostIp", Objects.requireNonNullElse(outside.getHostIp(), ""))
          .put("HostPort", hostPort);
    } catch (IllegalArgumentException e) {
      throw new DeploymentFailedException(
          "\"" + text + "\" in run.ports is not like 8080:80 or 127.0.0.1:8080:80/udp", e);
    }
  }

  private static boolean isPort(int number) {
    return number > 0 && number <= HIGHEST_PORT;
  }

  private static String checked(String text) throws DeploymentFailedException {
    try {
      Bind bind = Bind.parse(text);
      String[] parts = text.split(":", 3);
      if (!VOLUME.matcher(bind.getPath()).matches()
          || (parts.length > 2 && !MODES.matcher(parts[2]).matches())
          || !bind.getVolume().getPath().startsWith("/")) {
        throw new IllegalArgumentException("no path");
      }
      return text;
    } catch (IllegalArgumentException e) {
      throw new DeploymentFailedException(
          "\"" + text + "\" in run.volumes is not like name:/data or /host/path:/data:ro", e);
    }
  }
}
