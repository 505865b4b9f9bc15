package io.miststream.server.http;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.glassfish.grizzly.http.Method;
import org.glassfish.grizzly.http.server.HttpHandler;
import org.glassfish.grizzly.http.server.Request;
import org.glassfish.grizzly.http.server.Response;

/** Answers what is no WebSocket: {@code /}, {@code /health} and {@code /ready}. */
public final class HttpRoutes extends HttpHandler {
  private static final String JSON = "application/json";
  private static final byte[] HEALTHY = utf8("{\"status\":\"ok\"}");

  private final Readiness readiness;
  private final byte[] index;

  /**
   * Routes that do nothing until they are asked.
   *
   * @param readiness what {@code /ready} asks
   * @param webSockets paths for the page at {@code /} to name
   */
  public HttpRoutes(Readiness readiness, List<String> webSockets) {
    this.readiness = readiness;
    this.index = utf8(IndexPage.html(webSockets));
  }

  @Override
  public void service(Request request, Response response) throws IOException {
    String path = request.getRequestURI();
    switch (path) {
      case "/", "/health", "/ready" -> {
        if (!isGet(request)) {
          response.setHeader("Allow", "GET, HEAD");
          error(request, response, 405, "method_not_allowed", "Only GET and HEAD are allowed");
        } else if (path.equals("/")) {
          send(request, response, 200, "text/html; charset=utf-8", index);
        } else if (path.equals("/health")) {
          send(request, response, 200, JSON, HEALTHY);
        } else {
          ready(request, response);
        }
      }
      default -> error(request, response, 404, "not_found", "There is nothing at " + path);
    }
  }

  private static boolean isGet(Request request) {
    return request.getMethod().equals(Method.GET) || request.getMethod().equals(Method.HEAD);
  }

  private void ready(Request request, Response response) {
    response.suspend();
    readiness.check(
        reason -> {
          try {
            if (reason.isEmpty()) {
              send(request, response, 200, JSON, utf8("{\"status\":\"ready\"}"));
            } else {
              error(request, response, 503, "not_ready", reason.get());
            }
          } catch (IOException e) {
            // The client is gone; resuming ends the request.
          }
          response.resume();
        });
  }

  private static void error(
      Request request, Response response, int status, String code, String message)
      throws IOException {
    send(request, response, status, JSON, ErrorBody.of(code, message));
  }

  private static void send(Request request, Response response, int status, String type, byte[] body)
      throws IOException {
    response.setStatus(status);
    response.setContentType(type);
    response.setContentLength(body.length);
    response.setHeader("Cache-Control", "no-store");
    response.setHeader("X-Content-Type-Options", "nosniff");
    response.setHeader("Referrer-Policy", "no-referrer");
    response.setHeader(
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'");
    if (!request.getMethod().equals(Method.HEAD)) {
      response.getOutputStream().write(body);
    }
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
