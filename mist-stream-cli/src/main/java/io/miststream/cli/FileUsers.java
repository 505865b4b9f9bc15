package io.miststream.cli;

import io.miststream.server.security.Account;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The users of a file, as it is now. */
final class FileUsers implements Supplier<Map<String, Account>>, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FileUsers.class);

  private final Path path;
  private volatile Map<String, Account> users;
  private final FileWatch watch;

  /**
   * Begins to look.
   *
   * @throws ConfigException if something is wrong with the file
   */
  FileUsers(Path path) {
    this.path = path;
    this.users = UsersFile.read(path);
    this.watch = new FileWatch(path, "mist-users", this::take);
  }

  @Override
  public Map<String, Account> get() {
    return users;
  }

  private void take() {
    try {
      SecretFile.check(path);
      Map<String, Account> now = UsersFile.read(path);
      if (!now.equals(users)) {
        users = now;
        LOG.info("{}: the users are now {}", path, now.values());
      }
    } catch (ConfigException e) {
      LOG.warn("{}; the users stay as they were", e.getMessage());
    }
  }

  @Override
  public void close() {
    watch.close();
  }
}
