package io.miststream.server.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.miststream.core.App;
import io.miststream.core.AppCatalogue;
import io.miststream.server.security.Action;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** The apps that somebody has described, and that the caller may see something of. */
final class AppRoutes {
  private static final Set<Action> SEEING =
      EnumSet.of(Action.LOGS, Action.STATS, Action.DEPLOYMENTS, Action.DEPLOY);

  private final AppCatalogue catalogue;

  AppRoutes(AppCatalogue catalogue) {
    this.catalogue = catalogue;
  }

  List<Route> routes() {
    return List.of(Route.get("/api/apps", call -> list(call.caller())));
  }

  private Answer list(Caller caller) {
    ObjectNode body = Json.object();
    ArrayNode apps = body.putArray("apps");
    for (App app : catalogue.apps()) {
      if (SEEING.stream().anyMatch(action -> caller.may(action, app.id()))) {
        apps.addObject()
            .put("id", app.id())
            .put("name", app.name())
            .put("deployable", app.isDeployable());
      }
    }
    return Answer.json(200, body);
  }
}
