package io.miststream.cli;

import io.miststream.server.MistStreamServer;
import io.miststream.server.security.AuditLog;
import io.miststream.server.security.JwtAuthentication;
import io.miststream.server.security.UserAccounts;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** Who may come in, as the settings say. */
final class Authentication implements AutoCloseable {
  private static final String SESSION_KEY = "session.key";

  private final Runnable close;

  private Authentication(Runnable close) {
    this.close = close;
  }

  /**
   * Reads what the kind of authentication needs.
   *
   * @param server is set up for it
   * @throws ConfigException if that is missing, or wrong, or others can read it
   */
  static Authentication of(Settings settings, MistStreamServer.Builder server) {
    List<String> origins = settings.list(Setting.ALLOWED_ORIGINS);
    List<String> proxies = settings.list(Setting.TRUSTED_PROXIES);
    server.allowedOrigins(Set.copyOf(origins)).trustedProxies(Set.copyOf(proxies));
    String kind = settings.text(Setting.AUTH);
    refuse(settings, Setting.USERS, "users");
    refuse(settings, Setting.JWT_SECRET_FILE, "jwt");
    refuse(settings, Setting.JWKS, "jwt");
    return switch (kind) {
      case "users" -> users(settings, server);
      case "jwt" -> jwt(settings, server);
      default -> {
        if (!origins.isEmpty() || !proxies.isEmpty()) {
          Setting useless = origins.isEmpty() ? Setting.TRUSTED_PROXIES : Setting.ALLOWED_ORIGINS;
          throw new ConfigException(useless.flag() + " needs authentication, and auth is none");
        }
        if (!server.isLoopback()) {
          throw new ConfigException(
              Setting.HOST.flag()
                  + " "
                  + settings.text(Setting.HOST)
                  + " is not a loopback address: without authentication everybody who reaches it"
                  + " could read every log and start deployments. Either make users (mist-stream"
                  + " user add NAME --users FILE) and start with --auth users --users FILE, or"
                  + " listen to 127.0.0.1");
        }
        yield new Authentication(() -> {});
      }
    };
  }

  /** What has no effect is a mistake that should not go unnoticed. */
  private static void refuse(Settings settings, Setting setting, String kind) {
    String auth = settings.text(Setting.AUTH);
    if (!settings.text(setting).isEmpty() && !auth.equals(kind)) {
      throw new ConfigException(setting.flag() + " is for auth " + kind + ", and auth is " + auth);
    }
  }

  private static Authentication users(Settings settings, MistStreamServer.Builder server) {
    Path path = settings.path(Setting.USERS);
    if (path == null) {
      throw new ConfigException(
          "auth users needs "
              + Setting.USERS.flag()
              + " FILE; mist-stream user add NAME --users FILE makes one");
    }
    SecretFile.check(path);
    FileUsers users = new FileUsers(path);
    Path data = DataDirectory.make(settings);
    byte[] key;
    try {
      key = SecretFile.key(data.resolve(SESSION_KEY));
    } catch (IOException e) {
      throw DataDirectory.unusable(data, e);
    }
    UserAccounts accounts = new UserAccounts(users, key, settings.time(Setting.SESSION_TIME));
    server.authentication(accounts, accounts).login(accounts).audit(AuditLog.create());
    return new Authentication(users::close);
  }

  private static Authentication jwt(Settings settings, MistStreamServer.Builder server) {
    Path secret = settings.path(Setting.JWT_SECRET_FILE);
    String keys = settings.text(Setting.JWKS);
    if ((secret == null) == keys.isEmpty()) {
      throw new ConfigException(
          "auth jwt needs either "
              + Setting.JWT_SECRET_FILE.flag()
              + " FILE or "
              + Setting.JWKS.flag()
              + " FILE|URL");
    }
    return secret == null ? keys(keys, server) : secret(secret, server);
  }

  private static Authentication secret(Path path, MistStreamServer.Builder server) {
    try {
      JwtAuthentication tokens =
          JwtAuthentication.withSecret(withoutNewline(SecretFile.read(path)));
      server.authentication(tokens, tokens).audit(AuditLog.create());
      return new Authentication(() -> {});
    } catch (IllegalArgumentException e) {
      throw new ConfigException(path + ": " + e.getMessage());
    }
  }

  /** An editor adds one that nobody means. */
  private static byte[] withoutNewline(byte[] secret) {
    int length = secret.length;
    while (length > 0 && (secret[length - 1] == '\n' || secret[length - 1] == '\r')) {
      length--;
    }
    return Arrays.copyOf(secret, length);
  }

  private static Authentication keys(String where, MistStreamServer.Builder server) {
    KeySet keys = KeySet.open(where);
    try {
      JwtAuthentication tokens = JwtAuthentication.withKeys(keys);
      server.authentication(tokens, tokens).audit(AuditLog.create());
      return new Authentication(keys::close);
    } catch (IllegalArgumentException e) {
      keys.close();
      throw new ConfigException(where + ": " + e.getMessage());
    }
  }

  @Override
  public void close() {
    close.run();
  }
}
