package io.miststream.cli;

import java.net.URI;
import java.time.Duration;
import java.util.List;

/**
 * Everything about the server that can be set: flags, environment variables, keys of the file and
 * the help are all made from this. {@code docs/CONFIGURATION.md} says the same in prose.
 */
final class Settings {

  static final Setting<String> HOST =
      new Setting<>(
          "host",
          SettingType.text("ADDRESS"),
          "127.0.0.1",
          "address to listen on; a loopback address, for there is no authentication yet");

  static final Setting<Integer> PORT =
      new Setting<>(
          "port", SettingType.number(0, 65_535), "8080", "port to listen on; 0 takes any free one");

  static final Setting<URI> DOCKER_HOST =
      new Setting<>(
          "docker-host",
          SettingType.engine(),
          "unix:///var/run/docker.sock",
          "the Docker engine; without this, the variable DOCKER_HOST counts too");

  static final Setting<String> APP_LABEL =
      new Setting<>(
          "app-label",
          SettingType.text("LABEL"),
          "mist.app.id",
          "label that says which app a container is of");

  static final Setting<List<String>> NAME_PATTERNS =
      new Setting<>(
          "name-patterns",
          SettingType.namePatterns(),
          "mist-app-{id},app-{id}",
          "names of an app's container where none has the label, in this order");

  static final Setting<Duration> RECOVERY =
      new Setting<>(
          "recovery",
          SettingType.time(Duration.ZERO),
          "30s",
          "how long to try to reach a lost engine before viewers are told");

  static final Setting<Integer> MAX_TAIL =
      new Setting<>(
          "max-tail",
          SettingType.number(0, Integer.MAX_VALUE),
          "100000",
          "most lines of history a viewer may ask for; all is always allowed");

  static final Setting<Integer> RING_BYTES =
      new Setting<>(
          "ring-bytes",
          SettingType.number(65_536, 1 << 30),
          "8388608",
          "bytes kept of each app's newest lines, and for each filter in use on it");

  static final Setting<Integer> HISTORY_READS =
      new Setting<>(
          "history-reads",
          SettingType.number(1, 10_000),
          "32",
          "most viewers that read old history of their own at a time");

  static final Setting<Integer> MAX_FILTERS =
      new Setting<>(
          "max-filters",
          SettingType.number(0, 100_000),
          "100",
          "most different filters in use on one app");

  static final Setting<Duration> LINGER =
      new Setting<>(
          "linger",
          SettingType.time(Duration.ZERO),
          "10s",
          "how long an app's log stays open after its last viewer left");

  static final Setting<Duration> PING_INTERVAL =
      new Setting<>(
          "ping-interval",
          SettingType.time(Duration.ofMillis(100)),
          "30s",
          "how often viewers are pinged");

  static final Setting<Duration> HANDSHAKE_TIMEOUT =
      new Setting<>(
          "handshake-timeout",
          SettingType.time(Duration.ofMillis(100)),
          "10s",
          "how long a client may take to send its request");

  static final Setting<Duration> STALL_TIMEOUT =
      new Setting<>(
          "stall-timeout",
          SettingType.time(Duration.ofSeconds(1)),
          "5m",
          "how long a viewer may leave everything unread");

  static final Setting<Integer> MAX_CONNECTIONS =
      new Setting<>(
          "max-connections",
          SettingType.number(1, 1_000_000),
          "10000",
          "most viewers at a time; further ones get 503");

  static final Setting<String> LOG_LEVEL =
      new Setting<>(
          "log-level",
          SettingType.word("error", "warn", "info", "debug"),
          "warn",
          "what is reported on standard error: error, warn, info or debug");

  /** In the order of the help. */
  static final List<Setting<?>> ALL =
      List.of(
          HOST,
          PORT,
          DOCKER_HOST,
          APP_LABEL,
          NAME_PATTERNS,
          RECOVERY,
          MAX_TAIL,
          RING_BYTES,
          HISTORY_READS,
          MAX_FILTERS,
          LINGER,
          PING_INTERVAL,
          HANDSHAKE_TIMEOUT,
          STALL_TIMEOUT,
          MAX_CONNECTIONS,
          LOG_LEVEL);

  private Settings() {}
}
