package io.miststream.server.security;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Looks at each request before anybody else does: whether a page of another site has sent it, and
 * who has.
 */
public final class Entrance {
  /** The cookie that carries a token. */
  public static final String COOKIE = "mist_token";

  private static final String BEARER = "bearer ";
  private static final Proxies.Client NOWHERE = new Proxies.Client("", false);

  private final @Nullable Authenticator authenticator;
  private final Set<String> allowedOrigins;
  private final Proxies proxies;

  /**
   * What of a request matters here; of each header all values, in their order.
   *
   * @param peer address of who has opened the connection
   * @param secure whether over TLS
   * @param webSocket whether it opens a WebSocket
   * @param safe whether its method changes nothing
   */
  public record Request(
      String peer,
      boolean secure,
      List<String> forwardedFor,
      List<String> forwardedProto,
      List<String> hosts,
      List<String> origins,
      List<String> cookies,
      List<String> authorizations,
      boolean webSocket,
      boolean safe) {}

  /** What comes of it. */
  public enum Outcome {
    /** It may come in, as far as the one who has sent it is allowed to. */
    WELCOME,
    /** It may have only what everybody may. */
    UNKNOWN,
    /** A page of another site has sent it, or may have. */
    FORBIDDEN,
    /** It is malformed. */
    BAD_REQUEST
  }

  /**
   * Somebody at the door.
   *
   * @param message for people, where something is wrong
   * @param identity who it is, if that had to be shown
   * @param client where they are
   */
  public record Visit(
      Outcome outcome, String message, @Nullable Identity identity, Proxies.Client client) {
    /** Under which name a request has it. */
    public static final String ATTRIBUTE = "io.miststream.server.visit";
  }

  private Entrance(
      @Nullable Authenticator authenticator, Set<String> allowedOrigins, Proxies proxies) {
    this.authenticator = authenticator;
    this.allowedOrigins = allowedOrigins;
    this.proxies = proxies;
  }

  /** Asks nobody who they are, and lets in only those who use the server by a local name. */
  public static Entrance local() {
    return new Entrance(null, Set.of(), new Proxies(Set.of()));
  }

  /**
   * Asks everybody.
   *
   * @param allowedOrigins of pages that may use the server beside its own, such as {@code
   *     https://mist.example.com}
   * @param proxies that are believed
   * @throws IllegalArgumentException if one is no origin
   */
  public static Entrance authenticated(
      Authenticator authenticator, Set<String> allowedOrigins, Proxies proxies) {
    return new Entrance(
        authenticator,
        allowedOrigins.stream().map(Origins::check).collect(Collectors.toUnmodifiableSet()),
        proxies);
  }

  /** Who asks, and whether they may. Waits for nothing. */
  public Visit check(Request request) {
    Proxies.Client client =
        proxies.client(request.peer, request.secure, request.forwardedFor, request.forwardedProto);
    Visit found = check(request, client.secure());
    return new Visit(found.outcome, found.message, found.identity, client);
  }

  private Visit check(Request request, boolean secure) {
    if (request.hosts.size() != 1 || request.origins.size() > 1) {
      return no(Outcome.BAD_REQUEST, "Host must be given once, and Origin at most once");
    }
    String host = request.hosts.get(0).toLowerCase(Locale.ROOT);
    String origin = request.origins.isEmpty() ? null : request.origins.get(0);
    if (authenticator == null) {
      String problem = LocalOnly.problem(host, origin);
      return problem == null ? yes(null) : no(Outcome.FORBIDDEN, problem);
    }
    if (origin != null
        && !Origins.isOf(origin, secure, host)
        && !allowedOrigins.contains(lower(origin))) {
      return no(Outcome.FORBIDDEN, "Origin is not allowed");
    }
    if (request.authorizations.size() > 1) {
      return no(Outcome.BAD_REQUEST, "Authorization may be given once");
    }
    String token = bearer(request.authorizations);
    if (token == null) {
      token = cookie(request.cookies);
      // A browser sends the cookie whoever has made it send the request. It always says who that
      // was where that matters.
      if (token != null && origin == null && (request.webSocket || !request.safe)) {
        return no(Outcome.FORBIDDEN, "Origin is missing, which a cookie needs");
      }
    }
    if (token == null) {
      return no(Outcome.UNKNOWN, "Authentication is needed");
    }
    Identity identity = authenticator.authenticate(token);
    return identity == null
        ? no(Outcome.UNKNOWN, "The token is not valid, or has expired")
        : yes(identity);
  }

  private static Visit no(Outcome outcome, String message) {
    return new Visit(outcome, message, null, NOWHERE);
  }

  private static Visit yes(@Nullable Identity identity) {
    return new Visit(Outcome.WELCOME, "", identity, NOWHERE);
  }

  private static String lower(String text) {
    return text.toLowerCase(Locale.ROOT);
  }

  /** Other schemes are not for us: a proxy before us may ask for a password of its own. */
  private static @Nullable String bearer(List<String> authorizations) {
    if (authorizations.isEmpty()) {
      return null;
    }
    String value = authorizations.get(0).strip();
    return lower(value).startsWith(BEARER) ? value.substring(BEARER.length()).strip() : null;
  }

  private static @Nullable String cookie(List<String> headers) {
    for (String header : headers) {
      for (String pair : header.split(";", -1)) {
        String[] parts = pair.split("=", 2);
        if (parts.length == 2 && parts[0].strip().equals(COOKIE) && !parts[1].isBlank()) {
          return parts[1].strip();
        }
      }
    }
    return null;
  }
}
