package io.miststream.cli;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/** The configuration file: YAML, whose every error is told with its line. */
final class ConfigFile {
  private static final String APPS = "apps";

  /** A value and where it stands. */
  record Value(String text, String where) {}

  private final Path path;
  private final Map<Setting, Value> values = new LinkedHashMap<>();
  private final Map<Long, List<String>> apps = new HashMap<>();

  private ConfigFile(Path path) {
    this.path = path;
  }

  static ConfigFile read(Path path) {
    ConfigFile file = new ConfigFile(path);
    try {
      LoadSettings settings =
          LoadSettings.builder().setLabel(path.toString()).setUseMarks(true).build();
      file.take(new Compose(settings).composeString(Files.readString(path)).orElse(null));
    } catch (NoSuchFileException e) {
      throw new ConfigException(path + ": there is no such file");
    } catch (MalformedInputException e) {
      throw new ConfigException(path + ": is not UTF-8");
    } catch (IOException e) {
      throw new ConfigException(path + ": cannot be read: " + e.getMessage());
    } catch (MarkedYamlEngineException e) {
      String where = e.getProblemMark().map(m -> ":" + (m.getLine() + 1)).orElse("");
      throw new ConfigException(path + where + ": " + e.getProblem());
    } catch (YamlEngineException e) { // has no line: a character that YAML does not allow
      String message = String.valueOf(e.getMessage()).lines().findFirst().orElse("not YAML");
      throw new ConfigException(path + ": " + message);
    }
    return file;
  }

  /** The value of a setting, or null where the file says nothing. */
  @Nullable Value value(Setting setting) {
    return values.get(setting);
  }

  /** Names of the containers of each app that the file lists. */
  Map<Long, List<String>> apps() {
    return apps;
  }

  private void take(@Nullable Node root) {
    if (root == null) {
      return;
    }
    for (Map.Entry<String, Node> entry : entries(root, "settings").entrySet()) {
      if (entry.getKey().equals(APPS)) {
        takeApps(entry.getValue());
        continue;
      }
      Setting setting = null;
      for (Setting one : Setting.values()) {
        if (one.key().equals(entry.getKey())) {
          setting = one;
        }
      }
      if (setting == null) {
        throw problem(keyLine(root, entry.getKey()), "unknown key " + entry.getKey());
      }
      values.put(
          setting, new Value(settingText(entry), where(entry.getValue()) + ": " + setting.key()));
    }
  }

  private String settingText(Map.Entry<String, Node> entry) {
    if (entry.getValue() instanceof SequenceNode list) {
      return String.join(
          ",", list.getValue().stream().map(node -> text(node, entry.getKey())).toList());
    }
    return text(entry.getValue(), entry.getKey());
  }

  private void takeApps(Node node) {
    if (!(node instanceof SequenceNode list)) {
      throw problem(node, "apps must be a list");
    }
    for (Node app : list.getValue()) {
      Map<String, Node> fields = entries(app, "an app");
      Node id = fields.get("id");
      if (id == null) {
        throw problem(app, "an app needs an id");
      }
      List<String> containers = new ArrayList<>();
      for (Map.Entry<String, Node> field : fields.entrySet()) {
        switch (field.getKey()) {
          case "id" -> {}
          case "name" -> text(field.getValue(), "name");
          case "containers" -> {
            if (!(field.getValue() instanceof SequenceNode names)) {
              throw problem(field.getValue(), "containers must be a list of names");
            }
            names.getValue().forEach(name -> containers.add(text(name, "a container's name")));
          }
          default ->
              throw problem(
                  keyLine(app, field.getKey()), "unknown key " + field.getKey() + " of an app");
        }
      }
      if (apps.put(appId(id), containers) != null) {
        throw problem(id, "app " + text(id, "id") + " is listed twice");
      }
    }
  }

  private long appId(Node node) {
    String text = text(node, "id");
    try {
      long id = Long.parseLong(text);
      if (id > 0) {
        return id;
      }
    } catch (NumberFormatException e) {
      // told below
    }
    throw problem(node, "id must be a positive whole number and is \"" + text + "\"");
  }

  private Map<String, Node> entries(Node node, String what) {
    if (!(node instanceof MappingNode mapping)) {
      throw problem(node, what + " must be written as \"key: value\"");
    }
    Map<String, Node> entries = new LinkedHashMap<>();
    Set<String> seen = new HashSet<>();
    for (NodeTuple tuple : mapping.getValue()) {
      String key = text(tuple.getKeyNode(), "a key");
      if (!seen.add(key)) {
        throw problem(tuple.getKeyNode(), key + " stands there twice");
      }
      entries.put(key, tuple.getValueNode());
    }
    return entries;
  }

  private static Node keyLine(Node mapping, String key) {
    for (NodeTuple tuple : ((MappingNode) mapping).getValue()) {
      if (tuple.getKeyNode() instanceof ScalarNode scalar && scalar.getValue().equals(key)) {
        return scalar;
      }
    }
    return mapping;
  }

  private String text(Node node, String what) {
    if (node instanceof ScalarNode scalar) {
      return scalar.getValue();
    }
    throw problem(node, what + " must be a single value");
  }

  private String where(Node node) {
    return path + node.getStartMark().map(mark -> ":" + (mark.getLine() + 1)).orElse("");
  }

  private ConfigException problem(Node node, String message) {
    return new ConfigException(where(node) + ": " + message);
  }
}
