package io.miststream.cli;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

/** A YAML file as nodes, and what is wrong with one, told with its line. */
final class YamlFile {
  private final Path path;
  private final @Nullable Node root;

  private YamlFile(Path path, @Nullable Node root) {
    this.path = path;
    this.root = root;
  }

  static YamlFile read(Path path) {
    try {
      return parse(path, Files.readString(path));
    } catch (NoSuchFileException e) {
      throw new ConfigException(path + ": there is no such file");
    } catch (MalformedInputException e) {
      throw new ConfigException(path + ": is not UTF-8");
    } catch (IOException e) {
      throw new ConfigException(path + ": cannot be read: " + e.getMessage());
    }
  }

  /** The same with a text that is, or will be, in the file. */
  static YamlFile parse(Path path, String text) {
    LoadSettings settings =
        LoadSettings.builder().setLabel(path.toString()).setUseMarks(true).build();
    try {
      return new YamlFile(path, new Compose(settings).composeString(text).orElse(null));
    } catch (MarkedYamlEngineException e) {
      String where = e.getProblemMark().map(m -> ":" + (m.getLine() + 1)).orElse("");
      throw new ConfigException(path + where + ": " + e.getProblem());
    } catch (YamlEngineException e) { // has no line: a character that YAML does not allow
      String message = String.valueOf(e.getMessage()).lines().findFirst().orElse("not YAML");
      throw new ConfigException(path + ": " + message);
    }
  }

  /** What all the rest is in; null in an empty file. */
  @Nullable Node root() {
    return root;
  }

  /** The keys and values of a node, in their order. */
  Map<String, Node> entries(Node node, String what) {
    if (!(node instanceof MappingNode mapping)) {
      throw problem(node, what + " must be written as \"key: value\"");
    }
    Map<String, Node> entries = new LinkedHashMap<>();
    for (NodeTuple tuple : mapping.getValue()) {
      String key = text(tuple.getKeyNode(), "a key");
      if (entries.put(key, tuple.getValueNode()) != null) {
        throw problem(tuple.getKeyNode(), key + " stands there twice");
      }
    }
    return entries;
  }

  /** The keys and values of a node that may have no others than these. */
  Map<String, Node> entries(Node node, String what, List<String> known) {
    Map<String, Node> entries = entries(node, what);
    for (String key : entries.keySet()) {
      if (!known.contains(key)) {
        throw unknownKey(node, key, " of " + what);
      }
    }
    return entries;
  }

  ConfigException unknownKey(Node mapping, String key, String of) {
    Node line = mapping;
    for (NodeTuple tuple : ((MappingNode) mapping).getValue()) {
      if (tuple.getKeyNode() instanceof ScalarNode scalar && scalar.getValue().equals(key)) {
        line = scalar;
      }
    }
    return problem(line, "unknown key " + key + of);
  }

  /** The parts of a list. */
  List<Node> list(Node node, String what) {
    if (node instanceof SequenceNode list) {
      return list.getValue();
    }
    throw problem(node, what);
  }

  String text(Node node, String what) {
    if (node instanceof ScalarNode scalar) {
      return scalar.getValue();
    }
    throw problem(node, what + " must be a single value");
  }

  /** A path, which may be relative to the directory of this file. */
  Path path(Node node, String what) {
    String text = text(node, what);
    if (text.isBlank()) {
      throw problem(node, what + " must not be empty");
    }
    return path.toAbsolutePath().resolveSibling(text).normalize();
  }

  String where(Node node) {
    return path + node.getStartMark().map(mark -> ":" + (mark.getLine() + 1)).orElse("");
  }

  ConfigException problem(Node node, String message) {
    return new ConfigException(where(node) + ": " + message);
  }
}
