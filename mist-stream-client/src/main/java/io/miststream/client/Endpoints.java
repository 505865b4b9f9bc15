package io.miststream.client;

import io.miststream.core.Cursor;
import io.miststream.core.Follow;
import io.miststream.core.LogFilter;
import io.miststream.core.LogRequest;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A server's addresses. Immutable. */
final class Endpoints {

  private final String base;

  private Endpoints(String base) {
    this.base = base;
  }

  static Endpoints of(URI server) {
    String scheme = server.getScheme() == null ? "" : server.getScheme().toLowerCase(Locale.ROOT);
    String socketScheme =
        switch (scheme) {
          case "ws", "http" -> "ws";
          case "wss", "https" -> "wss";
          default ->
              throw unusable(server, "it must begin with ws://, wss://, http:// or https://");
        };
    if (server.getHost() == null) {
      throw unusable(server, "it has no host");
    }
    if (server.getRawUserInfo() != null
        || server.getRawQuery() != null
        || server.getRawFragment() != null) {
      throw unusable(server, "it must not have a user, a query or a fragment");
    }
    String path = server.getRawPath() == null ? "" : server.getRawPath();
    while (path.endsWith("/")) {
      path = path.substring(0, path.length() - 1);
    }
    return new Endpoints(socketScheme + "://" + server.getRawAuthority() + path);
  }

  private static IllegalArgumentException unusable(URI server, String why) {
    return new IllegalArgumentException("not a server's address: " + server + ": " + why);
  }

  /** Where the logs of an app are streamed, continued behind {@code after} if there is one. */
  URI logs(LogRequest request, @Nullable Cursor after) {
    StringBuilder query = new StringBuilder(base).append("/ws/container/logs?appId=");
    query.append(request.appId());
    if (after != null) {
      add(query, "after", after);
    } else {
      add(query, "tail", request.tail() == LogRequest.ALL ? "all" : request.tail());
    }
    add(query, "since", request.since());
    add(query, "until", request.until());
    if (request.follow() != Follow.CONTAINER) {
      add(query, "follow", request.follow().wire());
    }
    LogFilter filter = request.filter();
    add(query, "stream", filter.stream() == null ? null : filter.stream().wire());
    add(query, "container", filter.container());
    add(query, "grep", filter.grep());
    add(query, "exclude", filter.exclude());
    return URI.create(query.toString());
  }

  /** Where a deployment is streamed, continued behind {@code after} if there is one. */
  URI deployment(long id, @Nullable Cursor after) {
    StringBuilder query = new StringBuilder(base).append("/ws/deployment/logs?deploymentId=");
    add(query.append(id), "after", after);
    return URI.create(query.toString());
  }

  /** Where an app's stats are streamed. */
  URI stats(long appId) {
    return URI.create(base + "/ws/container/stats?appId=" + appId);
  }

  /** Where the host's metrics are streamed. */
  URI metrics(int history) {
    return URI.create(base + "/ws/metrics?history=" + history);
  }

  /** Where the deployments are, or what is below that, for plain HTTP. */
  URI deployments(String below) {
    return URI.create("http" + base.substring("ws".length()) + "/api/deployments" + below);
  }

  private static void add(StringBuilder query, String name, @Nullable Object value) {
    if (value != null) {
      query.append('&').append(name).append('=').append(encode(value.toString()));
    }
  }

  private static String encode(String text) {
    // The JDK encodes forms, where a space is a plus sign; %20 means a space to every server.
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20").replace("*", "%2A");
  }

  /** The server, for messages. */
  @Override
  public String toString() {
    return base;
  }
}
