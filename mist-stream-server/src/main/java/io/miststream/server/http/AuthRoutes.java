package io.miststream.server.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.miststream.core.ErrorCode;
import io.miststream.core.StreamException;
import io.miststream.server.http.Route.BodyRule;
import io.miststream.server.http.Route.Call;
import io.miststream.server.security.AccessPolicy;
import io.miststream.server.security.Action;
import io.miststream.server.security.Audit;
import io.miststream.server.security.Audit.Kind;
import io.miststream.server.security.Entrance;
import io.miststream.server.security.Login;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Logging in and out, and who one is. */
final class AuthRoutes {
  private static final String SET_COOKIE = "Set-Cookie";

  private final @Nullable Login login;
  private final LoginThrottle throttle = new LoginThrottle();

  /**
   * Routes of users.
   *
   * @param login null where somebody else gives out the tokens
   */
  AuthRoutes(@Nullable Login login) {
    this.login = login;
  }

  List<Route> routes() {
    List<Route> routes = new ArrayList<>();
    if (login != null) {
      routes.add(Route.post("/api/auth/login", BodyRule.JSON, this::login).forEverybody());
    }
    routes.add(
        Route.post(
                "/api/auth/logout",
                BodyRule.JSON,
                call ->
                    Answer.json(200, Json.object().putNull("user"))
                        .with(SET_COOKIE, cookie(call, "", Duration.ZERO)))
            .forEverybody());
    routes.add(Route.get("/api/auth/me", AuthRoutes::me));
    return routes;
  }

  private Answer login(Call call) throws IOException, RefusedException {
    JsonNode wanted = Json.read(call.body(), Set.of("username", "password"));
    JsonNode name = wanted.path("username");
    JsonNode password = wanted.path("password");
    if (!name.isTextual() || !password.isTextual()) {
      throw new StreamException(
          ErrorCode.INVALID_REQUEST, "username and password must be given as text");
    }
    long wait = throttle.begin(name.textValue(), call.caller().client().address());
    if (wait > 0) {
      told(call, Kind.LOGIN_REFUSED, name.textValue(), "Too many attempts");
      throw new RefusedException(Answer.tooMany("Too many attempts; try again later", wait));
    }
    Login.Token token = Objects.requireNonNull(login).login(name.textValue(), password.textValue());
    if (token == null) {
      told(call, Kind.LOGIN_REFUSED, name.textValue(), "Wrong username or password");
      throw new RefusedException(Answer.unauthorized("Wrong username or password"));
    }
    throttle.succeeded(name.textValue(), call.caller().client().address());
    told(call, Kind.LOGIN, name.textValue(), null);
    Duration left = Duration.between(Instant.now(), token.expires());
    return Answer.json(
            200,
            Json.object()
                .put("user", name.textValue())
                .put("expires_at", token.expires().toString()))
        .with(SET_COOKIE, cookie(call, token.token(), left));
  }

  private static void told(Call call, Kind kind, String name, @Nullable String reason) {
    Caller caller = call.caller();
    caller
        .audit()
        .record(
            new Audit.Event(
                kind,
                name,
                caller.client().address(),
                caller.path(),
                AccessPolicy.NO_APP,
                0,
                reason,
                null));
  }

  private static Answer me(Call call) {
    return Answer.json(
        200,
        Json.object()
            .put("user", Objects.requireNonNull(call.caller().identity()).getName())
            .put("metrics", call.caller().may(Action.METRICS, AccessPolicy.NO_APP)));
  }

  /**
   * RFC 6265; a page that somebody links to still gets it, a request that another page sends not.
   */
  private static String cookie(Call call, String value, Duration left) {
    return Entrance.COOKIE
        + "="
        + value
        + "; Path=/; Max-Age="
        + Math.max(0, left.toSeconds())
        + "; HttpOnly; SameSite=Lax"
        + (call.caller().client().secure() ? "; Secure" : "");
  }
}
