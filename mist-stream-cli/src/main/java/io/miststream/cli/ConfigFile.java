package io.miststream.cli;

import io.miststream.core.App;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * The configuration file: YAML, whose every error is told with its line.
 *
 * @param path where it is
 * @param values of the settings it names
 * @param apps by their ids
 */
record ConfigFile(Path path, Map<Setting, Value> values, List<App> apps) {

  /** A value and where it stands. */
  record Value(String text, String where) {}

  /**
   * Reads it.
   *
   * @param environment where the variables are that apps refer to
   * @throws ConfigException if something is wrong with it
   */
  static ConfigFile read(Path path, Map<String, String> environment) {
    YamlFile file = YamlFile.read(path);
    Node root = file.root();
    Map<Setting, Value> values = new EnumMap<>(Setting.class);
    List<App> apps = List.of();
    if (root != null) {
      for (Map.Entry<String, Node> entry : file.entries(root, "settings").entrySet()) {
        String key = entry.getKey();
        Node node = entry.getValue();
        if (key.equals("apps")) {
          apps = new AppsReader(file, environment).read(node);
          continue;
        }
        Setting setting = setting(key);
        if (setting == null) {
          throw file.unknownKey(root, key, "");
        }
        String text =
            node instanceof SequenceNode list
                ? list.getValue().stream()
                    .map(part -> file.text(part, key))
                    .collect(Collectors.joining(","))
                : file.text(node, key);
        values.put(setting, new Value(text, file.where(node) + ": " + key));
      }
    }
    return new ConfigFile(path, values, apps);
  }

  private static @Nullable Setting setting(String key) {
    for (Setting setting : Setting.values()) {
      if (setting.key().equals(key)) {
        return setting;
      }
    }
    return null;
  }
}
