package io.miststream.cli;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.MappingNode;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.NodeTuple;
import org.snakeyaml.engine.v2.nodes.ScalarNode;
import org.snakeyaml.engine.v2.nodes.SequenceNode;
import org.snakeyaml.engine.v2.nodes.Tag;
import org.snakeyaml.engine.v2.schema.CoreSchema;

/**
 * The configuration file. It is read as nodes, not as objects, for only those know their lines.
 * Immutable.
 */
final class ConfigFile {

  private static final String APPS = "apps";

  /** A value with the place that a message about it begins with. */
  record Value(String text, String place) {}

  private final String name;
  private final Map<String, Value> values = new LinkedHashMap<>();
  private final Map<Long, App> apps = new LinkedHashMap<>();

  private ConfigFile(String name) {
    this.name = name;
  }

  /** A file without anything in it. */
  static ConfigFile none() {
    return new ConfigFile("");
  }

  /**
   * Reads a file.
   *
   * @throws UsageException with the line of the first thing that is wrong with it
   */
  static ConfigFile read(Path path) {
    ConfigFile file = new ConfigFile(path.toString());
    try {
      file.readText(Files.readString(path));
    } catch (NoSuchFileException e) {
      throw new UsageException("the configuration file " + path + " does not exist");
    } catch (CharacterCodingException e) {
      throw new UsageException("the configuration file " + path + " is not UTF-8");
    } catch (IOException e) {
      throw new UsageException("the configuration file " + path + " cannot be read: " + reason(e));
    }
    return file;
  }

  private static String reason(IOException problem) {
    return problem instanceof java.nio.file.AccessDeniedException
        ? "access denied"
        : String.valueOf(problem.getMessage());
  }

  /** What it says about a setting, or null. */
  @Nullable Value value(Setting<?> setting) {
    return values.get(setting.name());
  }

  /** The apps it names, by their ids. */
  Map<Long, App> apps() {
    return apps;
  }

  private void readText(String text) {
    LoadSettings settings = LoadSettings.builder().setSchema(new CoreSchema()).build();
    Optional<Node> root;
    try {
      root = new Compose(settings).composeString(text);
    } catch (MarkedYamlEngineException e) {
      String line = e.getProblemMark().map(m -> ", line " + (m.getLine() + 1)).orElse("");
      throw new UsageException(name + line + ": not YAML: " + e.getProblem());
    } catch (YamlEngineException e) {
      throw new UsageException(name + ": not YAML: " + e.getMessage());
    }
    if (root.isEmpty() || isNull(root.get())) {
      return; // nothing but comments
    }
    Map<String, Setting<?>> known =
        Settings.ALL.stream().collect(Collectors.toMap(Setting::name, s -> s));
    mapping(root.get(), "the file")
        .forEach(
            (key, tuple) -> {
              Setting<?> setting = known.get(key);
              if (key.equals(APPS)) {
                readApps(tuple.getValueNode());
              } else if (setting != null) {
                String place = place(tuple.getKeyNode()) + key;
                String given = valueText(setting, tuple.getValueNode(), place);
                values.put(key, new Value(given, place));
              } else {
                throw new UsageException(
                    place(tuple.getKeyNode()) + "unknown key \"" + key + "\"" + meant(key, known));
              }
            });
  }

  private static String meant(String key, Map<String, Setting<?>> known) {
    String hyphened = key.replace('_', '-').toLowerCase(java.util.Locale.ROOT);
    return known.containsKey(hyphened) ? ", it is written " + hyphened : "";
  }

  private static String valueText(Setting<?> setting, Node node, String place) {
    if (node instanceof SequenceNode sequence && setting.type().isList()) {
      List<String> items = new ArrayList<>();
      sequence.getValue().forEach(item -> items.add(scalar(item, place)));
      return String.join(",", items);
    }
    return scalar(node, place);
  }

  private static String scalar(Node node, String place) {
    if (isNull(node)) {
      throw new UsageException(place + " has no value");
    }
    if (node instanceof ScalarNode scalar) {
      return scalar.getValue();
    }
    throw new UsageException(place + " must be one value");
  }

  private void readApps(Node node) {
    if (!(node instanceof SequenceNode sequence)) {
      throw new UsageException(place(node) + "apps must be a list");
    }
    for (Node entry : sequence.getValue()) {
      App app = app(entry);
      if (apps.put(app.id(), app) != null) {
        throw new UsageException(place(entry) + "there are two apps with the id " + app.id());
      }
    }
  }

  private App app(Node entry) {
    long id = 0;
    String title = null;
    List<String> containers = List.of();
    for (Map.Entry<String, NodeTuple> field : mapping(entry, "an app").entrySet()) {
      String place = place(field.getValue().getKeyNode()) + field.getKey();
      Node value = field.getValue().getValueNode();
      switch (field.getKey()) {
        case "id":
          id = id(scalar(value, place), place);
          break;
        case "name":
          title = scalar(value, place);
          break;
        case "containers":
          containers = containers(value, place);
          break;
        default:
          throw new UsageException(
              place(field.getValue().getKeyNode())
                  + "unknown key \""
                  + field.getKey()
                  + "\" of an app; there are id, name and containers");
      }
    }
    if (id == 0) {
      throw new UsageException(place(entry) + "an app has no id");
    }
    if (containers.isEmpty()) {
      throw new UsageException(place(entry) + "the app " + id + " has no containers");
    }
    return new App(id, title == null ? String.valueOf(id) : title, containers);
  }

  private static long id(String text, String place) {
    if (text.matches("[0-9]{1,18}") && Long.parseLong(text) > 0) {
      return Long.parseLong(text);
    }
    throw new UsageException(place + " must be a positive integer, and is \"" + text + "\"");
  }

  private List<String> containers(Node node, String place) {
    if (!(node instanceof SequenceNode sequence)) {
      throw new UsageException(place + " must be a list of names");
    }
    List<String> names = new ArrayList<>();
    for (Node item : sequence.getValue()) {
      String container = scalar(item, place(item) + "a name in containers");
      if (!SettingType.isName(container)) {
        throw new UsageException(place(item) + "\"" + container + "\" is no name of a container");
      }
      names.add(container);
    }
    return List.copyOf(names);
  }

  private Map<String, NodeTuple> mapping(Node node, String what) {
    if (!(node instanceof MappingNode mapping)) {
      throw new UsageException(place(node) + what + " must consist of keys and values");
    }
    Map<String, NodeTuple> tuples = new LinkedHashMap<>();
    Map<String, Node> keys = new HashMap<>();
    for (NodeTuple tuple : mapping.getValue()) {
      Node key = tuple.getKeyNode();
      String text = scalar(key, place(key) + "a key");
      Node before = keys.put(text, key);
      if (before != null) {
        throw new UsageException(
            place(key) + "\"" + text + "\" is there twice, first in line " + line(before));
      }
      tuples.put(text, tuple);
    }
    return tuples;
  }

  private static boolean isNull(Node node) {
    return node.getTag().equals(Tag.NULL);
  }

  private String place(Node node) {
    return name + ", line " + line(node) + ": ";
  }

  private static int line(Node node) {
    return node.getStartMark().map(Mark::getLine).orElse(0) + 1;
  }
}
