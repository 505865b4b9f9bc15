package io.miststream.cli;

import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What the server has been told: flag before environment before file before what holds anyway. */
final class Settings {
  static final String CONFIG = "MIST_CONFIG";

  /** Variables with our prefix that are not settings of the server. */
  private static final Set<String> OTHERS =
      Set.of(CONFIG, "MIST_JAVA_OPTS", "MIST_SERVER", "MIST_TOKEN");

  private final Map<Setting, String> values = new EnumMap<>(Setting.class);
  private final Map<String, String> environment;
  private final @Nullable ConfigFile file;

  private Settings(Map<String, String> environment, @Nullable ConfigFile file) {
    this.environment = environment;
    this.file = file;
  }

  /**
   * Puts the settings together.
   *
   * @param flags what stood on the command line
   * @param configFlag the configuration file named there, or null
   * @throws ConfigException if one cannot be used
   */
  static Settings of(
      Map<Setting, String> flags, @Nullable String configFlag, Map<String, String> environment) {
    String config = configFlag == null ? environment.get(CONFIG) : configFlag;
    ConfigFile file = config == null ? null : ConfigFile.read(Path.of(config), environment);
    refuseUnknown(environment);
    Settings settings = new Settings(environment, file);
    for (Setting setting : Setting.values()) {
      String flag = flags.get(setting);
      String variable = environment.get(setting.variable());
      ConfigFile.Value inFile = file == null ? null : file.values().get(setting);
      // The file is checked whole: what is wrong in it will not be right some other day.
      if (inFile != null) {
        check(setting, inFile.text(), inFile.where());
        settings.values.put(setting, inFile.text());
      }
      if (variable != null) {
        check(setting, variable, setting.variable());
        settings.values.put(setting, variable);
      }
      if (flag != null) {
        check(setting, flag, setting.flag());
        settings.values.put(setting, flag);
      }
    }
    String dockerHost = environment.get("DOCKER_HOST");
    if (dockerHost != null && !dockerHost.isBlank()) {
      if (!settings.values.containsKey(Setting.DOCKER_HOST)) {
        check(Setting.DOCKER_HOST, dockerHost, "DOCKER_HOST");
      }
      settings.values.putIfAbsent(Setting.DOCKER_HOST, dockerHost);
    }
    return settings;
  }

  private static void refuseUnknown(Map<String, String> environment) {
    for (String name : environment.keySet()) {
      if (!name.startsWith("MIST_") || OTHERS.contains(name)) {
        continue;
      }
      boolean known = false;
      for (Setting setting : Setting.values()) {
        known |= setting.variable().equals(name);
      }
      if (!known) {
        throw new ConfigException(name + ": there is no such setting");
      }
    }
  }

  private static void check(Setting setting, String value, String where) {
    try {
      setting.check(value);
    } catch (IllegalArgumentException e) {
      throw new ConfigException(where + " " + e.getMessage() + ", and is \"" + value + "\"");
    }
  }

  String text(Setting setting) {
    return values.getOrDefault(setting, setting.standard());
  }

  int number(Setting setting) {
    return Integer.parseInt(text(setting));
  }

  long bytes(Setting setting) {
    return Long.parseLong(text(setting));
  }

  Duration time(Setting setting) {
    return Values.time(text(setting), 0);
  }

  /** The engine's address, or null for the default socket. */
  @Nullable URI dockerHost() {
    String host = text(Setting.DOCKER_HOST);
    return host.isEmpty() ? null : URI.create(host);
  }

  List<String> namePatterns() {
    return Values.names(text(Setting.NAME_PATTERNS));
  }

  /** The path that is given, or null. */
  @Nullable Path path(Setting setting) {
    String path = text(setting);
    return path.isEmpty() ? null : Path.of(path);
  }

  /** The parts of a list, none if it is not given. */
  List<String> list(Setting setting) {
    String list = text(setting);
    return list.isEmpty() ? List.of() : Values.list(list);
  }

  /** Where the server keeps what it has to remember. */
  Path dataDirectory() {
    String named = text(Setting.DATA_DIR);
    if (!named.isEmpty()) {
      return Path.of(named);
    }
    String data = environment.getOrDefault("XDG_DATA_HOME", "");
    Path base =
        data.startsWith("/") // the others do not count, says the standard that this is of
            ? Path.of(data)
            : Path.of(System.getProperty("user.home"), ".local", "share");
    return base.resolve("mist-stream");
  }

  /** The apps that the file describes; the caller closes it. */
  FileCatalogue catalogue() {
    return new FileCatalogue(file, environment);
  }
}
