package io.miststream.cli;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The value of each setting: what the flag says, else the environment variable, else the file, else
 * the default. Everything given is checked, also what another place overrides. Immutable.
 */
final class Configuration {

  static final String CONFIG_FLAG = "--config";
  static final String CONFIG_VARIABLE = "MIST_CONFIG";

  /** Variables of ours that are not for the server. */
  private static final Set<String> OTHER_VARIABLES =
      Set.of(CONFIG_VARIABLE, Logs.SERVER_VARIABLE, "MIST_JAVA_OPTS");

  private static final String DOCKER_VARIABLE = "DOCKER_HOST";

  private record Chosen(Object value, String place) {}

  private final Map<Setting<?>, Chosen> chosen = new HashMap<>();
  private final ConfigFile file;

  private Configuration(ConfigFile file) {
    this.file = file;
  }

  /**
   * Gathers it.
   *
   * @param flags text of each flag that was given, by its setting
   * @param environment all variables; empty ones count as not set
   * @param path of the file, null to see whether the environment names one
   * @throws UsageException with the place of the first thing that is wrong
   */
  static Configuration gather(
      Map<Setting<?>, String> flags, Map<String, String> environment, @Nullable String path) {
    checkVariables(environment);
    String named = path == null ? variable(environment, CONFIG_VARIABLE) : path;
    Configuration result =
        new Configuration(named == null ? ConfigFile.none() : ConfigFile.read(path(named)));
    for (Setting<?> setting : Settings.ALL) {
      result.choose(setting, flags, environment);
    }
    return result;
  }

  private static void checkVariables(Map<String, String> environment) {
    Set<String> known =
        Settings.ALL.stream().map(Setting::variable).collect(Collectors.toSet());
    for (String name : new TreeSet<>(environment.keySet())) {
      if (name.startsWith("MIST_") && !known.contains(name) && !OTHER_VARIABLES.contains(name)) {
        throw new UsageException("there is no setting for the environment variable " + name);
      }
    }
  }

  private static Path path(String name) {
    try {
      return Path.of(name);
    } catch (InvalidPathException e) {
      throw new UsageException("\"" + name + "\" cannot be the name of a file");
    }
  }

  private static @Nullable String variable(Map<String, String> environment, String name) {
    String value = environment.get(name);
    return value == null || value.isEmpty() ? null : value;
  }

  private <T> void choose(
      Setting<T> setting, Map<Setting<?>, String> flags, Map<String, String> environment) {
    // From the weakest to the strongest, so that each is checked and the last one stands.
    Chosen choice = fallback(setting, environment);
    ConfigFile.Value filed = file.value(setting);
    if (filed != null) {
      choice = read(setting, filed.text(), filed.place());
    }
    String variable = variable(environment, setting.variable());
    if (variable != null) {
      choice = read(setting, variable, setting.variable());
    }
    String flag = flags.get(setting);
    if (flag != null) {
      choice = read(setting, flag, setting.flag());
    }
    if (choice.value() instanceof Unread unread) {
      choice = read(setting, unread.text(), choice.place());
    }
    chosen.put(setting, choice);
  }

  /** Docker's own variable is not ours to complain about, unless it is what counts. */
  private record Unread(String text) {}

  private static Chosen fallback(Setting<?> setting, Map<String, String> environment) {
    String docker = variable(environment, DOCKER_VARIABLE);
    return setting == Settings.DOCKER_HOST && docker != null
        ? new Chosen(new Unread(docker), DOCKER_VARIABLE)
        : new Chosen(new Unread(setting.fallback()), "the default of " + setting.name());
  }

  private static <T> Chosen read(Setting<T> setting, String text, String place) {
    return new Chosen(Objects.requireNonNull(setting.type().read(text, place)), place);
  }

  /** The value of a setting. */
  @SuppressWarnings("unchecked") // read by the setting's own type
  <T> T get(Setting<T> setting) {
    return (T) choice(setting).value();
  }

  /** Where its value was given, to begin a message with. */
  String place(Setting<?> setting) {
    return choice(setting).place();
  }

  private Chosen choice(Setting<?> setting) {
    return Objects.requireNonNull(chosen.get(setting));
  }

  /** Names of an app's containers as the file gives them; empty if it does not name the app. */
  List<String> containers(long appId) {
    App app = file.apps().get(appId);
    return app == null ? List.of() : app.containers();
  }
}
