package io.miststream.cli;

import io.miststream.server.security.Account;
import io.miststream.server.security.Grant;
import io.miststream.server.security.Passwords;
import java.io.BufferedReader;
import java.io.Console;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code mist-stream user}: the users of {@code serve --auth users}. */
@Command(
    name = "user",
    mixinStandardHelpOptions = true,
    versionProvider = Main.Version.class,
    description = "Adds, changes and lists the users that serve --auth users lets in.")
final class User implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() {
    PrintWriter err = Objects.requireNonNull(spec).commandLine().getErr();
    spec.commandLine().usage(err);
    return Main.USAGE;
  }

  /** Which users. */
  static final class UsersOption {
    @Option(
        names = "--users",
        paramLabel = "FILE",
        required = true,
        description = "the file of users")
    private String file = "";

    Path path() {
      try {
        return Values.path(file);
      } catch (IllegalArgumentException e) {
        throw new ConfigException("--users " + e.getMessage());
      }
    }
  }

  /** Where a new password comes from. */
  static final class PasswordOption {
    @Option(
        names = "--password-stdin",
        description = "read the password from the first line of standard input")
    private boolean fromInput;

    String hash() {
      try {
        return Passwords.hash(fromInput ? line() : typed());
      } catch (IllegalArgumentException e) {
        throw new ConfigException(String.valueOf(e.getMessage()));
      }
    }

    private static String line() {
      try {
        // Nobody reads standard input after this.
        String line =
            new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)).readLine();
        return line == null ? "" : line;
      } catch (IOException e) {
        throw new ConfigException("the password cannot be read: " + e.getMessage());
      }
    }

    @SuppressWarnings("SystemConsoleNull") // newer Javas have one always, so we look first
    private static String typed() {
      Console console = Terminal.isInput() ? System.console() : null;
      if (console == null) {
        throw new ConfigException(
            "there is no terminal to ask for the password; give it with --password-stdin");
      }
      char[] first = console.readPassword("Password: ");
      char[] second = console.readPassword("Again: ");
      if (first == null || second == null || !new String(first).equals(new String(second))) {
        throw new ConfigException("the two passwords are not the same");
      }
      return new String(first);
    }
  }

  @Command(
      name = "add",
      description = "Adds a user. The file is made if there is none.",
      mixinStandardHelpOptions = true)
  int add(
      @Parameters(paramLabel = "NAME") String name,
      @Mixin UsersOption users,
      @Option(
              names = "--role",
              paramLabel = "ROLE",
              defaultValue = "viewer",
              description = "admin, deployer or viewer; default viewer")
          String role,
      @Option(
              names = "--apps",
              paramLabel = "LIST",
              defaultValue = "",
              description = "ids of the apps that the user may see, separated by commas, or all")
          String apps,
      @Option(
              names = "--metrics",
              description = "the user may also see the host's metrics and the server's figures")
          boolean metrics,
      @Mixin PasswordOption password) {
    if (!UsersFile.NAME.matcher(name).matches()) {
      throw new ConfigException("NAME " + UsersFile.NAME_RULE);
    }
    Grant grant = grant(role, apps, metrics);
    UsersEditor editor = UsersEditor.open(users.path(), true);
    editor.checkNew(name);
    editor.add(new Account(name, password.hash(), grant));
    return Main.OK;
  }

  private static Grant grant(String role, String apps, boolean metrics) {
    try {
      Set<Long> ids =
          apps.equals("all")
              ? null
              : apps.isEmpty()
                  ? Set.of()
                  : Values.list(apps).stream()
                      .map(id -> Values.number(id, 1, Long.MAX_VALUE))
                      .collect(Collectors.toSet());
      return new Grant(UsersFile.role(role), ids, metrics);
    } catch (IllegalArgumentException e) {
      throw new ConfigException("--role or --apps " + e.getMessage());
    }
  }

  @Command(
      name = "passwd",
      description = "Gives a user another password. Who is logged in with the old one is no more.",
      mixinStandardHelpOptions = true)
  int passwd(
      @Parameters(paramLabel = "NAME") String name,
      @Mixin UsersOption users,
      @Mixin PasswordOption password) {
    UsersEditor editor = UsersEditor.open(users.path(), false);
    editor.checkKnown(name);
    editor.changePassword(name, password.hash());
    return Main.OK;
  }

  @Command(name = "list", description = "Lists the users.", mixinStandardHelpOptions = true)
  int list(@Mixin UsersOption users) {
    PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
    for (Account account : UsersFile.read(users.path()).values()) {
      Grant grant = account.grant();
      Set<Long> apps = grant.apps();
      boolean everything = grant.role() == Grant.Role.ADMIN;
      out.println(
          account.name()
              + "\t"
              + grant.role().word()
              + "\t"
              + (everything || apps == null
                  ? "all apps"
                  : apps.isEmpty() ? "no apps" : "apps " + join(apps))
              + (everything || grant.metrics() ? "\tmetrics" : ""));
    }
    return Main.OK;
  }

  private static String join(Set<Long> apps) {
    return new TreeSet<>(apps).stream().map(String::valueOf).collect(Collectors.joining(","));
  }
}
