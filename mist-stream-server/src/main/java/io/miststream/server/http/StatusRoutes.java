package io.miststream.server.http;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;

/** What there is, and how the server is. */
final class StatusRoutes {
  private final Readiness readiness;
  private final List<String> webSockets;
  private final List<Route> all;

  /**
   * Routes of a server.
   *
   * @param webSockets that it has
   * @param all routes that it will have when somebody asks
   */
  StatusRoutes(Readiness readiness, List<String> webSockets, List<Route> all) {
    this.readiness = readiness;
    this.webSockets = webSockets;
    this.all = all;
  }

  List<Route> routes() {
    return List.of(
        Route.quick("/", (call, answer) -> answer.accept(index())),
        Route.quick(
            "/health",
            (call, answer) -> answer.accept(Answer.json(200, Json.object().put("status", "ok")))),
        Route.quick("/ready", (call, answer) -> ready(answer)));
  }

  private Answer index() {
    return Answer.of(
        200,
        "text/html; charset=utf-8",
        IndexPage.html(webSockets, all).getBytes(StandardCharsets.UTF_8));
  }

  private void ready(Consumer<Answer> answer) {
    readiness.check(
        reason ->
            answer.accept(
                reason.isEmpty()
                    ? Answer.json(200, Json.object().put("status", "ready"))
                    : Answer.error(503, "not_ready", reason.get())));
  }
}
