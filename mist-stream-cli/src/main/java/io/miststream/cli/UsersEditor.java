package io.miststream.cli;

import io.miststream.server.security.Account;
import io.miststream.server.security.Grant;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.common.FlowStyle;
import org.snakeyaml.engine.v2.exceptions.Mark;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.nodes.SequenceNode;

/**
 * Changes single places of the file of users, so that all the rest stays as its author wrote it.
 */
final class UsersEditor {
  private final Path path;
  private final String text;
  private final YamlFile file;
  private final Map<String, Account> users;

  private UsersEditor(Path path, String text) {
    this.path = path;
    this.text = text;
    this.file = YamlFile.parse(path, text);
    this.users = UsersFile.read(file);
  }

  /**
   * Reads the file.
   *
   * @param mayBeNew whether it need not be there yet
   * @throws ConfigException if something is wrong with it
   */
  static UsersEditor open(Path path, boolean mayBeNew) {
    try {
      return new UsersEditor(path, mayBeNew && !Files.exists(path) ? "" : Files.readString(path));
    } catch (IOException e) {
      throw new ConfigException(path + ": cannot be read: " + e.getMessage());
    }
  }

  void checkNew(String name) {
    if (users.containsKey(name)) {
      throw new ConfigException(path + ": there is a user " + name + " already");
    }
  }

  void checkKnown(String name) {
    if (!users.containsKey(name)) {
      throw new ConfigException(path + ": there is no user " + name);
    }
  }

  /** Adds a user at the end. */
  void add(Account account) {
    SequenceNode list = list();
    boolean empty = list == null || list.getValue().isEmpty();
    String before = empty && list == null ? text : text.stripTrailing();
    if (empty && list != null) { // such as "users: []"
      before = text.substring(0, index(list.getStartMark().orElseThrow()));
    }
    if (empty && list == null && file.root() == null) {
      before = text + (text.isEmpty() || text.endsWith("\n") ? "" : "\n") + "users:";
    }
    int indent =
        empty || list == null
            ? 2
            : list.getValue().get(0).getStartMark().map(mark -> mark.getColumn() - 2).orElse(2);
    Map<String, Account> expected = new LinkedHashMap<>(users);
    expected.put(account.name(), account);
    save(before.stripTrailing() + "\n" + block(account, " ".repeat(Math.max(0, indent))), expected);
  }

  private static String block(Account account, String indent) {
    Grant grant = account.grant();
    Set<Long> apps = grant.apps();
    StringBuilder block = new StringBuilder();
    block.append(indent).append("- name: \"").append(account.name()).append("\"\n");
    String next = indent + "  ";
    block.append(next).append("password: \"").append(account.passwordHash()).append("\"\n");
    block.append(next).append("role: ").append(grant.role().word());
    block.append("\n");
    if (apps == null) {
      block.append(next).append("apps: all\n");
    } else if (!apps.isEmpty()) {
      String ids =
          new TreeSet<>(apps).stream().map(String::valueOf).collect(Collectors.joining(", "));
      block.append(next).append("apps: [").append(ids).append("]\n");
    }
    if (grant.metrics()) {
      block.append(next).append("metrics: true\n");
    }
    return block.toString();
  }

  /** Replaces the hash of a user that there is. */
  void changePassword(String name, String hash) {
    for (Node user : Objects.requireNonNull(list()).getValue()) {
      Map<String, Node> fields = file.entries(user, "a user");
      if (file.text(Objects.requireNonNull(fields.get("name")), "name").equals(name)) {
        Node password = Objects.requireNonNull(fields.get("password"));
        int from = index(password.getStartMark().orElseThrow());
        int to = index(password.getEndMark().orElseThrow());
        Map<String, Account> expected = new LinkedHashMap<>(users);
        Account old = Objects.requireNonNull(users.get(name));
        expected.put(name, new Account(name, hash, old.grant()));
        save(text.substring(0, from) + "\"" + hash + "\"" + text.substring(to), expected);
      }
    }
  }

  private @Nullable SequenceNode list() {
    Node root = file.root();
    Node list = root == null ? null : file.entries(root, "the file of users").get("users");
    if (list instanceof SequenceNode sequence
        && sequence.getFlowStyle() == FlowStyle.FLOW
        && !sequence.getValue().isEmpty()) {
      throw new ConfigException(path + ": write users one below the other, with dashes, first");
    }
    return list == null || UsersFile.isNothing(list) ? null : (SequenceNode) list;
  }

  private int index(Mark mark) {
    return text.offsetByCodePoints(0, mark.getIndex());
  }

  /** Not before it has been read as it would be. */
  private void save(String changed, Map<String, Account> expected) {
    if (!UsersFile.read(YamlFile.parse(path, changed)).equals(expected)) {
      throw new ConfigException(path + ": cannot be changed by this command; edit it by hand");
    }
    try {
      SecretFile.replace(path, changed.getBytes(StandardCharsets.UTF_8), true);
    } catch (IOException e) {
      throw new ConfigException(path + ": cannot be written: " + e.getMessage());
    }
  }
}
