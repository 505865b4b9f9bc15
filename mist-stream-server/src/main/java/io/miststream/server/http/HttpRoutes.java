package io.miststream.server.http;

import io.miststream.core.AppCatalogue;
import io.miststream.core.ErrorCode;
import io.miststream.core.LogRequest;
import io.miststream.core.StreamException;
import io.miststream.core.deployment.Deployments;
import io.miststream.core.deployment.JournalException;
import io.miststream.core.topic.LogTopics;
import io.miststream.server.http.Route.BodyRule;
import io.miststream.server.http.Route.Call;
import io.miststream.server.query.QueryString;
import io.miststream.server.security.AccessPolicy;
import io.miststream.server.security.Action;
import io.miststream.server.security.Audit;
import io.miststream.server.security.Audit.Kind;
import io.miststream.server.security.Entrance.Outcome;
import io.miststream.server.security.Entrance.Visit;
import io.miststream.server.security.Login;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.glassfish.grizzly.http.server.HttpHandler;
import org.glassfish.grizzly.http.server.Request;
import org.glassfish.grizzly.http.server.Response;
import org.glassfish.grizzly.http.util.DataChunk;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers what is no WebSocket: finds the route, and does what all routes have in common. */
public final class HttpRoutes extends HttpHandler implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(HttpRoutes.class);
  private static final int BODIES_AT_ONCE = 2; // of the longest that are allowed

  private final List<Route> routes = new ArrayList<>();
  private final HttpLimits limits;
  private final AccessPolicy policy;
  private final Audit audit;
  private final Workers workers = new Workers();
  private final AtomicLong room;

  /**
   * Routes of the server itself; {@code /}, {@code /health} and {@code /ready}.
   *
   * @param readiness what {@code /ready} asks
   * @param webSockets for the page at {@code /} to name
   * @param policy says who may do what
   * @param audit is told what they do
   */
  public HttpRoutes(
      Readiness readiness,
      List<String> webSockets,
      HttpLimits limits,
      AccessPolicy policy,
      Audit audit) {
    setDecodeUrl(false); // paths are compared as they are, and escapes may be broken
    this.limits = limits;
    this.policy = policy;
    this.audit = audit;
    this.room =
        new AtomicLong(
            BODIES_AT_ONCE * (long) Math.max(limits.maxEventBytes(), BodyRule.JSON.maxBytes()));
    routes.addAll(new StatusRoutes(readiness, webSockets, routes).routes());
  }

  /** Adds the routes of deployments; before the server is started. */
  public void add(Deployments deployments) {
    routes.addAll(new DeploymentRoutes(deployments, limits.maxEventBytes()).routes());
  }

  /**
   * Adds the routes of logs; before the server is started.
   *
   * @param requests reads the parameters, which are those of the WebSocket
   */
  public void add(LogTopics topics, BiFunction<QueryString, Long, LogRequest> requests) {
    routes.addAll(new LogRoutes(topics, requests, limits, workers::goOn).routes());
  }

  /** Adds the routes of apps; before the server is started. */
  public void add(AppCatalogue catalogue) {
    routes.addAll(new AppRoutes(catalogue).routes());
  }

  /** Adds the routes of users who authenticate themselves; before the server is started. */
  public void addAuthentication(@Nullable Login login) {
    routes.addAll(new AuthRoutes(login).routes());
  }

  /** Every route as its method and its path, in which an id is {@code {id}}. */
  public List<String> list() {
    return routes.stream().map(route -> route.method() + " " + route.path()).toList();
  }

  /**
   * Adds the server's own figures; before the server is started.
   *
   * @param type media type of the page
   * @param page makes it
   */
  public void addMetrics(String type, Supplier<byte[]> page) {
    routes.add(
        Route.get(
            "/metrics",
            call -> {
              call.caller().require(Action.FIGURES, AccessPolicy.NO_APP);
              return Answer.of(200, type, page.get());
            }));
  }

  @Override
  public void service(Request request, Response response) {
    Exchange exchange = new Exchange(request, response, workers, limits.stall());
    String path = request.getRequestURI();
    List<String> segments = Route.segments(path);
    String method = request.getMethod().getMethodString();
    TreeSet<String> methods = new TreeSet<>();
    for (Route route : routes) {
      if (route.isAt(segments)) {
        if (route.methods().contains(method)) {
          serve(route, exchange, segments);
          return;
        }
        methods.addAll(route.methods());
      }
    }
    if (methods.isEmpty()) {
      exchange.answer(Answer.error(404, "not_found", "There is nothing at " + path));
    } else {
      exchange.answer(
          Answer.error(
                  405,
                  "method_not_allowed",
                  "Only " + String.join(" and ", methods) + " are allowed")
              .with("Allow", String.join(", ", methods)));
    }
  }

  private void serve(Route route, Exchange exchange, List<String> segments) {
    Visit visit = exchange.visit();
    if (!route.open() && visit.outcome() != Outcome.WELCOME) {
      audit.record(
          caller(exchange).event(Kind.REFUSED, AccessPolicy.NO_APP).because(visit.message()));
      exchange.answer(Answer.unauthorized(visit.message()));
      return;
    }
    BodyRule rule = route.body();
    if (rule == null) {
      start(route, exchange, segments, InputStream.nullInputStream(), () -> {});
      return;
    }
    Request request = exchange.request();
    if (!rule.types().contains(mediaType(request.getContentType()))) {
      exchange.answer(
          Answer.error(
              415,
              "unsupported_media_type",
              "Content-Type must be " + String.join(" or ", rule.types())));
    } else if (request.getContentLengthLong() > rule.maxBytes()) {
      exchange.answer(RequestBody.tooLong(rule.maxBytes()));
    } else {
      RequestBody[] body = new RequestBody[1];
      body[0] =
          new RequestBody(
              exchange,
              rule.maxBytes(),
              limits,
              room,
              bytes -> start(route, exchange, segments, bytes, body[0]::release));
      body[0].read();
    }
  }

  private static String mediaType(@Nullable String contentType) {
    return contentType == null ? "" : contentType.split(";", 2)[0].strip().toLowerCase(Locale.ROOT);
  }

  private void start(
      Route route, Exchange exchange, List<String> segments, InputStream body, Runnable done) {
    Runnable task =
        () -> {
          try {
            run(route, exchange, segments, body);
          } finally {
            done.run();
          }
        };
    if (!route.blocks()) {
      task.run();
    } else if (!workers.begin(task)) {
      done.run();
      exchange.answer(Answer.unavailable("unavailable", "The server is busy"));
    }
  }

  private void run(Route route, Exchange exchange, List<String> segments, InputStream body) {
    try {
      DataChunk query = exchange.request().getRequest().getQueryStringDC();
      String raw = query.isNull() ? null : query.toString(StandardCharsets.ISO_8859_1);
      route
          .handler()
          .handle(
              new Call(route.id(segments), QueryString.parse(raw), body, caller(exchange)),
              exchange::answer);
    } catch (RefusedException e) {
      exchange.answer(e.answer());
    } catch (StreamException e) {
      exchange.answer(Answer.of(e));
    } catch (JournalException e) {
      exchange.answer(Answer.unavailable("journal_not_writable", String.valueOf(e.getMessage())));
    } catch (IOException | RuntimeException e) {
      LOG.warn("{} {} failed", route.method(), route.path(), e);
      exchange.answer(
          Answer.error(500, ErrorCode.INTERNAL.wire(), "Something went wrong on the server"));
    }
  }

  private Caller caller(Exchange exchange) {
    Request request = exchange.request();
    return new Caller(
        exchange.visit().identity(),
        exchange.visit().client(),
        request.getRequestURI(),
        policy,
        audit);
  }

  /** Ends the threads, once nobody is connected any more. */
  @Override
  public void close() {
    workers.close();
  }
}
