package io.miststream.cli;

import java.util.Locale;
import java.util.function.Consumer;

/**
 * What the server can be told, in one table: each is a flag {@code --ping-interval}, a variable
 * {@code MIST_PING_INTERVAL} and a key {@code ping-interval} of the configuration file.
 */
enum Setting {
  HOST("127.0.0.1", "NAME", "loopback address to listen on", Values::text),
  PORT("8080", "N", "port to listen on, 0 for any free one", v -> Values.number(v, 0, 65_535)),
  AUTH(
      "none",
      "KIND",
      "who may come in: none (everybody on this machine), users (of a file), or jwt (who has a token"
          + " that somebody else has given out)",
      v -> Values.oneOf(v, "none", "users", "jwt")),
  USERS("", "FILE", "the users, for auth users", Values::path),
  SESSION_TIME(
      "12h", "TIME", "how long a login is good, for auth users", v -> Values.time(v, 1000)),
  JWT_SECRET_FILE(
      "", "FILE", "the secret that tokens are signed with (HS256), for auth jwt", Values::path),
  JWKS(
      "",
      "FILE|URL",
      "the keys that tokens are signed with (RS256, ES256; a JSON Web Key Set), for auth jwt",
      Values::text),
  ALLOWED_ORIGINS(
      "",
      "LIST",
      "origins of pages that may use the server beside its own, where there is authentication",
      Values::list),
  TLS_CERT("", "FILE", "certificates to show over TLS, the server's own first (PEM)", Values::path),
  TLS_KEY("", "FILE", "the private key of the first of them (PEM, PKCS #8)", Values::path),
  TLS_KEYSTORE(
      "", "FILE", "a key store with key and certificates (PKCS #12), instead", Values::path),
  TLS_KEYSTORE_PASSWORD_FILE("", "FILE", "a file with the password of that", Values::path),
  REDIRECT_PORT(
      "",
      "PORT",
      "a second port that leads to the same over TLS",
      v -> Values.number(v, 0, 65_535)),
  TRUSTED_PROXIES(
      "",
      "LIST",
      "addresses and networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed",
      Values::list),
  DOCKER_HOST(
      "",
      "URI",
      "the Docker engine; DOCKER_HOST, or the default socket, unless set",
      v -> Values.uri(v, "unix", "tcp")),
  APP_LABEL("mist.app.id", "KEY", "label that says which app a container is of", Values::text),
  NAME_PATTERNS(
      "mist-app-{id},app-{id}",
      "LIST",
      "names of an app's container where none has the label, in this order",
      Values::names),
  RECOVERY(
      "30s",
      "TIME",
      "how long to try to reach a lost engine before viewers are told",
      v -> Values.time(v, 0)),
  MAX_TAIL(
      "100000",
      "N",
      "most lines of history a viewer may ask for",
      v -> Values.number(v, 0, Integer.MAX_VALUE - 1)),
  RING_BYTES(
      "8388608",
      "N",
      "bytes kept of each app's newest lines, for viewers that are slow or come back",
      v -> Values.number(v, 65_536, 1 << 30)),
  HISTORY_READS(
      "32", "N", "most viewers that read old history at a time", v -> Values.number(v, 1, 10_000)),
  MAX_FILTERS(
      "100", "N", "most different filters in use on one app", v -> Values.number(v, 0, 100_000)),
  LINGER(
      "10s",
      "TIME",
      "how long an app stays open after its last viewer left",
      v -> Values.time(v, 0)),
  PING_INTERVAL(
      "30s",
      "TIME",
      "how often viewers are pinged; one that does not answer by the next is dropped",
      v -> Values.time(v, 100)),
  HANDSHAKE_TIMEOUT(
      "10s", "TIME", "how long a client may take to send its request", v -> Values.time(v, 100)),
  STALL_TIMEOUT(
      "5m", "TIME", "how long a viewer may leave everything unread", v -> Values.time(v, 1000)),
  MAX_CONNECTIONS("10000", "N", "most viewers at a time", v -> Values.number(v, 1, 1_000_000)),
  MAX_HTTP_CONNECTIONS(
      "4000",
      "N",
      "most connections at a time that are no viewers",
      v -> Values.number(v, 10, 1_000_000)),
  MAX_PER_USER("500", "N", "most viewers of one user", v -> Values.number(v, 1, 1_000_000)),
  MAX_PER_ADDRESS(
      "2000", "N", "most viewers from one address", v -> Values.number(v, 1, 1_000_000)),
  MAX_HANDSHAKES(
      "6000",
      "N",
      "most viewers that come from one address within a minute",
      v -> Values.number(v, 1, 1_000_000)),
  MAX_TLS_HANDSHAKES(
      "100",
      "N",
      "most unfinished handshakes of TLS from one address",
      v -> Values.number(v, 1, 1_000_000)),
  MAX_FILTERS_PER_USER(
      "50", "N", "most log streams with a filter of one user", v -> Values.number(v, 0, 1_000_000)),
  MAX_HEADER_BYTES(
      "16384", "N", "most bytes of the header of a request", v -> Values.number(v, 1024, 1 << 20)),
  MAX_INBOUND_BYTES(
      "16384", "N", "most bytes of a viewer's message", v -> Values.number(v, 125, 1 << 24)),
  MAX_INBOUND_RATE(
      "100", "N", "most frames that a viewer sends a second", v -> Values.number(v, 1, 1_000_000)),
  MAX_DOWNLOADS("16", "N", "most downloads of logs at a time", v -> Values.number(v, 1, 10_000)),
  MAX_DOWNLOADS_PER_USER(
      "4",
      "N",
      "most of them of one user, or from one address where nobody has a name",
      v -> Values.number(v, 1, 10_000)),
  MAX_DOWNLOAD_BYTES(
      "1073741824", "N", "bytes after which one ends", v -> Values.number(v, 1, Long.MAX_VALUE)),
  METRICS_HISTORY(
      "true",
      "BOOLEAN",
      "whether to sample the host also while nobody watches, so that there are five minutes to show",
      v -> Values.oneOf(v, "true", "false")),
  DOCKER_DATA(
      "/var/lib/docker",
      "DIR",
      "a directory on the file system that metrics call the disk; the root's if there is none",
      Values::path),
  DATA_DIR(
      "",
      "DIR",
      "where journals and sources of deployments are kept; $XDG_DATA_HOME/mist-stream or"
          + " ~/.local/share/mist-stream unless set",
      Values::path),
  KEEP_DEPLOYMENTS(
      "1000", "N", "most deployments to remember", v -> Values.number(v, 1, 1_000_000)),
  KEEP_AGE("90d", "TIME", "how long to remember a deployment", v -> Values.time(v, 1)),
  KEEP_BYTES(
      "10737418240",
      "N",
      "most bytes of remembered deployments together",
      v -> Values.number(v, 1, Long.MAX_VALUE)),
  MAX_RUNNING("4", "N", "most deployments that go on at a time", v -> Values.number(v, 1, 1000)),
  MAX_WAITING(
      "100", "N", "most deployments that wait for their turn", v -> Values.number(v, 1, 100_000)),
  REPORT_SILENCE(
      "10m",
      "TIME",
      "how long an outside builder may report nothing before its deployment counts as failed",
      v -> Values.time(v, 1000)),
  MAX_EVENTS_BYTES(
      "16777216",
      "N",
      "most bytes of one report of an outside builder",
      v -> Values.number(v, 1024, 1 << 30)),
  LOG_LEVEL(
      "warn",
      "LEVEL",
      "what the server itself reports on standard error: error, warn, info or debug",
      v -> Values.oneOf(v, "error", "warn", "info", "debug"));

  private final String standard;
  private final String placeholder;
  private final String description;

  @SuppressWarnings("ImmutableEnumChecker") // functions without state, all of them
  private final Consumer<String> check;

  Setting(String standard, String placeholder, String description, Consumer<String> check) {
    this.standard = standard;
    this.placeholder = placeholder;
    this.description = description;
    this.check = check;
  }

  /** Its key in the configuration file, and with two dashes its flag. */
  String key() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  String flag() {
    return "--" + key();
  }

  String variable() {
    return "MIST_" + name();
  }

  /** What holds where nothing is said. */
  String standard() {
    return standard;
  }

  String placeholder() {
    return placeholder;
  }

  String description() {
    return description;
  }

  /**
   * Checks a value.
   *
   * @throws IllegalArgumentException with what it should be
   */
  void check(String value) {
    check.accept(value);
  }
}
