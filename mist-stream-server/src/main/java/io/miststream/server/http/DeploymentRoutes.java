package io.miststream.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.miststream.core.ErrorCode;
import io.miststream.core.StreamException;
import io.miststream.core.deployment.Deployment;
import io.miststream.core.deployment.DeploymentEvents;
import io.miststream.core.deployment.DeploymentEvents.RejectedException;
import io.miststream.core.deployment.DeploymentJournal;
import io.miststream.core.deployment.Deployments;
import io.miststream.server.http.Route.BodyRule;
import io.miststream.server.http.Route.Call;
import io.miststream.server.query.QueryString;
import io.miststream.server.security.AccessPolicy;
import io.miststream.server.security.Action;
import io.miststream.server.security.Audit.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Starting, watching, stopping and reporting deployments. */
final class DeploymentRoutes {
  private static final String ALL = "/api/deployments";
  private static final String ONE = ALL + "/" + Route.ID;
  private static final int DEFAULT_LIMIT = 50;
  private static final int MAX_LIMIT = 1000;

  private final Deployments deployments;
  private final DeploymentJournal journal;
  private final BodyRule events;

  DeploymentRoutes(Deployments deployments, int maxEventBytes) {
    this.deployments = deployments;
    this.journal = deployments.journal();
    this.events = new BodyRule(List.of(Json.LINES, "application/json"), maxEventBytes);
  }

  List<Route> routes() {
    return List.of(
        Route.get(ALL, this::list),
        Route.post(ALL, BodyRule.JSON, this::start),
        Route.get(ONE, call -> Answer.json(200, json(find(call, Action.DEPLOYMENTS)))),
        Route.get(ONE + "/logs", this::logs),
        Route.post(ONE + "/stop", BodyRule.JSON, this::stop),
        Route.post(ONE + "/events", events, this::events));
  }

  private Answer start(Call call) throws IOException {
    JsonNode wanted = Json.read(call.body(), Set.of("appId", "reported"));
    JsonNode appId = wanted.path("appId");
    JsonNode reported = wanted.path("reported");
    if (!appId.isIntegralNumber() || !appId.canConvertToLong() || appId.longValue() < 1) {
      throw invalid(
          appId.isMissingNode() ? "appId is missing" : "appId must be a positive integer");
    }
    if (!reported.isMissingNode() && !reported.isBoolean()) {
      throw invalid("reported must be true or false");
    }
    call.caller().require(Action.DEPLOY, appId.longValue());
    long id =
        reported.booleanValue()
            ? deployments.report(appId.longValue()).deploymentId()
            : deployments.start(appId.longValue());
    call.caller()
        .audit()
        .record(call.caller().event(Kind.DEPLOYMENT_STARTED, appId.longValue()).ofDeployment(id));
    return Answer.json(202, Json.object().put("deployment_id", id))
        .with("Location", ALL + "/" + id);
  }

  private Answer list(Call call) {
    QueryString query = call.query();
    Long appId = query.one("appId") == null ? null : Long.valueOf(query.id("appId"));
    String limit = query.one("limit");
    Long most = limit == null ? Long.valueOf(DEFAULT_LIMIT) : QueryString.whole(limit);
    if (most == null || most < 1 || most > MAX_LIMIT) {
      throw invalid("limit must be 1 to " + MAX_LIMIT);
    }
    if (appId != null) {
      call.caller().require(Action.DEPLOYMENTS, appId);
    }
    ObjectNode body = Json.object();
    ArrayNode list = body.putArray("deployments");
    journal
        .deployments(
            one ->
                (appId == null || one.appId() == appId)
                    && call.caller().may(Action.DEPLOYMENTS, one.appId()),
            most.intValue())
        .forEach(one -> list.add(json(one)));
    return Answer.json(200, body);
  }

  /** The deployment that a call is about, if the caller may do that; else all are alike. */
  private Deployment find(Call call, Action action) {
    Optional<Deployment> found = journal.deployment(call.id());
    call.caller().require(action, found.map(Deployment::appId).orElse(AccessPolicy.NO_APP));
    return found.orElseThrow(DeploymentRoutes::notFound);
  }

  private Answer logs(Call call) throws IOException {
    find(call, Action.DEPLOYMENTS);
    InputStream told = journal.read(call.id());
    if (told == null) {
      throw notFound();
    }
    return Answer.stream(Json.LINES, Body.of(told));
  }

  private Answer stop(Call call) throws IOException, RefusedException {
    if (call.body().available() > 0) { // all of it is in memory
      Json.read(call.body(), Set.of());
    }
    find(call, Action.DEPLOY);
    boolean done = deployments.stop(call.id());
    Deployment now = find(call, Action.DEPLOY);
    if (done) {
      call.caller()
          .audit()
          .record(call.caller().event(Kind.DEPLOYMENT_STOPPED, now.appId()).ofDeployment(now.id()));
      return Answer.json(now.state().isFinal() ? 200 : 202, json(now));
    }
    throw now.state().isFinal()
        ? new RefusedException(
            409, "deployment_over", "The deployment is over already: " + now.state().wire())
        : new RefusedException(
            409, "not_stoppable", "The deployment is carried out by somebody else");
  }

  private Answer events(Call call) throws IOException, RefusedException {
    find(call, Action.DEPLOY);
    DeploymentEvents taker;
    try {
      taker = deployments.events(call.id());
    } catch (StreamException e) {
      throw new RefusedException(409, "not_reported", String.valueOf(e.getMessage()));
    }
    if (taker == null) {
      throw notFound();
    }
    try {
      return Answer.json(200, Json.object().put("last_seq", taker.take(call.body())));
    } catch (RejectedException e) {
      String message = String.valueOf(e.getMessage());
      ObjectNode body =
          e.isConflict()
              ? ErrorBody.object("conflict", message)
              : ErrorBody.object(ErrorCode.INVALID_REQUEST.wire(), message);
      return Answer.json(e.isConflict() ? 409 : 400, body.put("last_seq", e.lastSeq()));
    }
  }

  private static StreamException invalid(String message) {
    return new StreamException(ErrorCode.INVALID_REQUEST, message);
  }

  private static StreamException notFound() {
    return new StreamException(ErrorCode.DEPLOYMENT_NOT_FOUND, "Deployment not found");
  }

  private static ObjectNode json(Deployment one) {
    Instant finished = one.finishedAt();
    return Json.object()
        .put("deployment_id", one.id())
        .put("app_id", one.appId())
        .put("status", one.state().wire())
        .put("stage", one.stage().wire())
        .put("progress", one.progress())
        .put("message", one.message())
        .put("error_message", one.errorMessage())
        .put("created_at", one.createdAt().toString())
        .put("finished_at", finished == null ? null : finished.toString())
        .put("duration_ms", one.durationMillis());
  }
}
