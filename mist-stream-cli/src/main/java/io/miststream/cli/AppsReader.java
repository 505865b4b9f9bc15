package io.miststream.cli;

import io.miststream.core.App;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.snakeyaml.engine.v2.nodes.Node;

/** Reads the apps of the configuration file. */
final class AppsReader {
  /** Hiding a shorter one would hide half of the log. */
  private static final int SHORTEST_SECRET = 4;

  private static final Pattern VARIABLE = Pattern.compile("\\$\\{([A-Za-z_][A-Za-z0-9_]*)}");
  private static final Pattern GIT_URL =
      Pattern.compile("(?:https?|ssh|file)://.+|" + sshWithoutScheme());
  private static final Pattern SSH_URL = Pattern.compile("ssh://.+|" + sshWithoutScheme());
  private static final Pattern NAME = Pattern.compile("[^=\\s]+");
  private static final Pattern PORT =
      Pattern.compile("(?:[0-9.]+:)?(?:\\d+)?:?\\d+(?:/(?:tcp|udp|sctp))?");
  private static final Pattern VOLUME =
      Pattern.compile("(?:/[^:]*|[A-Za-z0-9][A-Za-z0-9_.-]+):/[^:]*(?::[A-Za-z,]+)?");

  private final YamlFile file;
  private final Map<String, String> environment;

  AppsReader(YamlFile file, Map<String, String> environment) {
    this.file = file;
    this.environment = environment;
  }

  private static String sshWithoutScheme() {
    return "[^/:@\\s]+@[^/:\\s]+:(?!//).+"; // git@host:path
  }

  /** All apps, by their ids. */
  List<App> read(Node node) {
    Map<Long, App> apps = new TreeMap<>();
    for (Node app : file.list(node, "apps must be a list")) {
      read(app, apps);
    }
    return List.copyOf(apps.values());
  }

  private void read(Node node, Map<Long, App> apps) {
    Map<String, Node> fields =
        file.entries(
            node, "an app", List.of("id", "name", "containers", "git", "path", "build", "run"));
    Node idNode = fields.get("id");
    if (idNode == null) {
      throw file.problem(node, "an app needs an id");
    }
    long id = id(idNode);
    if (apps.containsKey(id)) {
      throw file.problem(idNode, "app " + id + " is listed twice");
    }
    Node path = fields.get("path");
    if (path != null && fields.containsKey("git")) {
      throw file.problem(path, "an app has either git or path");
    }
    Set<String> secrets = new HashSet<>();
    App.Git git = git(fields.get("git"), secrets);
    App.Run run = run(fields.get("run"));
    App.Build build = build(fields.get("build"), run.env(), secrets);
    apps.put(
        id,
        new App(
            id,
            text(fields, "name", ""),
            containers(fields.get("containers")),
            git,
            path == null ? null : file.path(path, "path"),
            build,
            run,
            secrets));
  }

  private long id(Node node) {
    String text = file.text(node, "id");
    try {
      long id = Long.parseLong(text);
      if (id > 0) {
        return id;
      }
    } catch (NumberFormatException e) {
      // told below
    }
    throw file.problem(node, "id must be a positive whole number and is \"" + text + "\"");
  }

  private List<String> containers(@Nullable Node node) {
    return node == null
        ? List.of()
        : file.list(node, "containers must be a list of names").stream()
            .map(name -> file.text(name, "a container's name"))
            .toList();
  }

  private App.@Nullable Git git(@Nullable Node node, Set<String> secrets) {
    if (node == null) {
      return null;
    }
    Map<String, Node> fields = file.entries(node, "git", List.of("url", "ref", "token", "ssh-key"));
    Node urlNode = fields.get("url");
    if (urlNode == null) {
      throw file.problem(node, "git needs a url");
    }
    String url = replaced(urlNode, "url");
    if (!GIT_URL.matcher(url).matches()) {
      throw file.problem( // without the url, which may hold a password
          urlNode, "url must begin with https://, ssh:// or file://, or be like git@host:path");
    }
    password(urlNode, url, secrets);
    Node tokenNode = fields.get("token");
    String token = null;
    if (tokenNode != null) {
      if (!url.startsWith("https://")) {
        throw file.problem(tokenNode, "a token is only sent to an https:// url");
      }
      token = replaced(tokenNode, "token");
      addSecret(tokenNode, "token", token, secrets);
    }
    Node keyNode = fields.get("ssh-key");
    if (keyNode != null && !SSH_URL.matcher(url).matches()) {
      throw file.problem(keyNode, "ssh-key needs an ssh:// url, or one like git@host:path");
    }
    Path key = keyNode == null ? null : file.path(keyNode, "ssh-key");
    return new App.Git(url, text(fields, "ref", ""), token, key);
  }

  /** What stands before the host, as it is written and as it is meant. */
  private void password(Node node, String url, Set<String> secrets) {
    if (!url.contains("://")) {
      return; // git@host:path
    }
    URI uri;
    try {
      uri = new URI(url);
    } catch (URISyntaxException e) {
      throw file.problem(node, "url is not a valid address: " + e.getReason());
    }
    // URI knows no user where the host is not to its taste, such as one with an underscore.
    String authority = Objects.requireNonNullElse(uri.getRawAuthority(), "");
    String user = authority.substring(0, Math.max(0, authority.lastIndexOf('@')));
    String password = user.substring(user.indexOf(':') + 1);
    boolean http = url.startsWith("http");
    if (user.contains(":")) {
      if (url.startsWith("http://")) {
        throw file.problem(node, "a password is only sent to an https:// url");
      }
      addSecret(node, "the password in url", password, secrets);
    } else if (http && user.length() >= SHORTEST_SECRET) {
      secrets.add(user); // some send a token this way
    }
    if (http && !password.isEmpty()) {
      String decoded = URI.create("x:" + password).getSchemeSpecificPart();
      if (decoded.length() >= SHORTEST_SECRET) {
        secrets.add(decoded);
      }
    }
  }

  private App.Build build(@Nullable Node node, Map<String, String> env, Set<String> secrets) {
    if (node == null) {
      return App.Build.DEFAULT;
    }
    Map<String, Node> fields =
        file.entries(node, "build", List.of("dockerfile", "args", "secrets"));
    Map<String, String> args = variables(fields.get("args"), "args");
    Node names = fields.get("secrets");
    if (names != null) {
      for (Node name : file.list(names, "secrets must be a list of names")) {
        secret(name, args, env, secrets);
      }
    }
    String dockerfile = text(fields, "dockerfile", App.Build.DEFAULT.dockerfile());
    return new App.Build(dockerfile, args);
  }

  private void secret(
      Node node, Map<String, String> args, Map<String, String> env, Set<String> secrets) {
    String name = file.text(node, "a secret's name");
    List<String> values =
        Stream.of(args, env, environment)
            .map(variables -> variables.get(name))
            .filter(Objects::nonNull)
            .toList();
    if (values.isEmpty()) {
      throw file.problem(
          node, "secret " + name + " is neither in args, nor in env, nor in the environment");
    }
    values.forEach(value -> addSecret(node, "secret " + name, value, secrets));
  }

  /** Line by line, for that is how it would be printed; what is short in it is no secret. */
  private void addSecret(Node node, String what, String value, Set<String> secrets) {
    List<String> lines =
        value.lines().map(String::strip).filter(line -> line.length() >= SHORTEST_SECRET).toList();
    if (lines.isEmpty()) {
      throw file.problem(
          node,
          what
              + " is shorter than "
              + SHORTEST_SECRET
              + " characters: hiding it would hide the log");
    }
    secrets.addAll(lines);
  }

  private App.Run run(@Nullable Node node) {
    if (node == null) {
      return App.Run.DEFAULT;
    }
    Map<String, Node> fields =
        file.entries(node, "run", List.of("env", "ports", "volumes", "health_timeout"));
    return new App.Run(
        variables(fields.get("env"), "env"),
        texts(fields.get("ports"), "ports", PORT, "3000:3000 or 127.0.0.1:3000:80"),
        texts(fields.get("volumes"), "volumes", VOLUME, "name:/data or /host:/data:ro"),
        time(fields.get("health_timeout")));
  }

  private Duration time(@Nullable Node node) {
    if (node == null) {
      return App.Run.DEFAULT.healthTimeout();
    }
    String text = file.text(node, "health_timeout");
    try {
      return Values.time(text, 1);
    } catch (IllegalArgumentException e) {
      throw file.problem(node, "health_timeout " + e.getMessage() + ", and is \"" + text + "\"");
    }
  }

  private List<String> texts(@Nullable Node node, String key, Pattern form, String example) {
    List<String> texts = new ArrayList<>();
    for (Node part : node == null ? List.<Node>of() : file.list(node, key + " must be a list")) {
      String text = file.text(part, "one of " + key);
      if (!form.matcher(text).matches()) {
        throw file.problem(
            part, key + " must be like " + example + ", and one is \"" + text + "\"");
      }
      texts.add(text);
    }
    return texts;
  }

  private Map<String, String> variables(@Nullable Node node, String key) {
    Map<String, String> variables = new LinkedHashMap<>();
    if (node != null) {
      file.entries(node, key)
          .forEach(
              (name, value) -> {
                if (!NAME.matcher(name).matches()) {
                  throw file.problem(value, "\"" + name + "\" of " + key + " is no name");
                }
                variables.put(name, replaced(value, name));
              });
    }
    return variables;
  }

  private String text(Map<String, Node> fields, String key, String standard) {
    Node node = fields.get(key);
    if (node == null) {
      return standard;
    }
    String text = file.text(node, key);
    if (text.isBlank()) {
      throw file.problem(node, key + " must not be empty");
    }
    return text;
  }

  /** A text, with <code>${NAME}</code> replaced by that variable of the environment. */
  private String replaced(Node node, String what) {
    return VARIABLE
        .matcher(file.text(node, what))
        .replaceAll(
            variable -> {
              String value = environment.get(variable.group(1));
              if (value == null) {
                throw file.problem(
                    node, "there is no variable " + variable.group(1) + " in the environment");
              }
              return Matcher.quoteReplacement(value);
            });
  }
}
