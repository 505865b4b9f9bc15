package io.miststream.cli;

import io.miststream.server.security.Account;
import io.miststream.server.security.Grant;
import io.miststream.server.security.Passwords;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.ScalarNode;

/** Reads the file of users: YAML, whose every error is told with its line. */
final class UsersFile {
  static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}");
  static final String NAME_RULE =
      "must be of 1 to 128 letters, digits and ._@+-, the first a letter or digit";

  private static final String ALL_APPS = "all";

  private UsersFile() {}

  /**
   * The users by their names, in the order of the file.
   *
   * @throws ConfigException if something is wrong with it
   */
  static Map<String, Account> read(Path path) {
    return read(YamlFile.read(path));
  }

  static Map<String, Account> read(YamlFile file) {
    Map<String, Account> users = new LinkedHashMap<>();
    Node root = file.root();
    if (root != null) {
      Node list = file.entries(root, "the file of users", List.of("users")).get("users");
      if (list != null && !isNothing(list)) {
        for (Node user : file.list(list, "users must be a list")) {
          Account account = account(file, user);
          if (users.put(account.name(), account) != null) {
            throw file.problem(user, "user " + account.name() + " is listed twice");
          }
        }
      }
    }
    return users;
  }

  /** As behind a key without a value. */
  static boolean isNothing(Node node) {
    return node instanceof ScalarNode scalar && scalar.getValue().isEmpty();
  }

  private static Account account(YamlFile file, Node node) {
    Map<String, Node> fields =
        file.entries(node, "a user", List.of("name", "password", "role", "apps", "metrics"));
    Node nameNode = needed(file, node, fields, "name");
    String name = file.text(nameNode, "name");
    if (!NAME.matcher(name).matches()) {
      throw file.problem(nameNode, "a user's name " + NAME_RULE);
    }
    Node hashNode = needed(file, node, fields, "password");
    String hash = file.text(hashNode, "password");
    String problem = Passwords.problem(hash);
    if (!problem.isEmpty()) { // without it: it may be a password
      throw file.problem(
          hashNode,
          "the password of " + name + " " + problem + "; mist-stream user passwd sets one");
    }
    return new Account(name, hash, grant(file, fields));
  }

  private static Node needed(YamlFile file, Node user, Map<String, Node> fields, String key) {
    Node node = fields.get(key);
    if (node == null) {
      throw file.problem(user, "a user needs a " + key);
    }
    return node;
  }

  private static Grant grant(YamlFile file, Map<String, Node> fields) {
    Grant.Role role = Grant.Role.VIEWER;
    Node roleNode = fields.get("role");
    if (roleNode != null) {
      try {
        role = role(file.text(roleNode, "role"));
      } catch (IllegalArgumentException e) {
        throw file.problem(roleNode, "role " + e.getMessage());
      }
    }
    boolean metrics = false;
    Node metricsNode = fields.get("metrics");
    if (metricsNode != null) {
      String text = file.text(metricsNode, "metrics");
      if (!text.equals("true") && !text.equals("false")) {
        throw file.problem(metricsNode, "metrics must be true or false");
      }
      metrics = text.equals("true");
    }
    return new Grant(role, apps(file, fields.get("apps")), metrics);
  }

  /**
   * The role that a word means.
   *
   * @throws IllegalArgumentException if it means none
   */
  static Grant.Role role(String word) {
    return Grant.Role.valueOf(
        Values.oneOf(word, "admin", "deployer", "viewer").toUpperCase(Locale.ROOT));
  }

  private static @Nullable Set<Long> apps(YamlFile file, @Nullable Node node) {
    if (node == null) {
      return Set.of();
    }
    String rule = "apps must be a list of ids, or " + ALL_APPS;
    if (node instanceof ScalarNode scalar && scalar.getValue().equals(ALL_APPS)) {
      return null;
    }
    Set<Long> apps = new HashSet<>();
    for (Node id : file.list(node, rule)) {
      try {
        apps.add(Values.number(file.text(id, "an app's id"), 1, Long.MAX_VALUE));
      } catch (IllegalArgumentException e) {
        throw file.problem(id, "an app's id " + e.getMessage());
      }
    }
    return apps;
  }
}
