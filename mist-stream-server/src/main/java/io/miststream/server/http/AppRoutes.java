package io.miststream.server.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.miststream.core.App;
import io.miststream.core.AppCatalogue;
import java.util.List;

/** The apps that somebody has described; of each what anybody may know. */
final class AppRoutes {
  private final AppCatalogue catalogue;

  AppRoutes(AppCatalogue catalogue) {
    this.catalogue = catalogue;
  }

  List<Route> routes() {
    return List.of(Route.get("/api/apps", call -> list()));
  }

  private Answer list() {
    ObjectNode body = Json.object();
    ArrayNode apps = body.putArray("apps");
    for (App app : catalogue.apps()) {
      apps.addObject()
          .put("id", app.id())
          .put("name", app.name())
          .put("deployable", app.isDeployable());
    }
    return Answer.json(200, body);
  }
}
