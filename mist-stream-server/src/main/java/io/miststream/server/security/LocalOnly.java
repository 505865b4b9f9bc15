package io.miststream.server.security;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Without authentication, whoever reaches the port may read. The loopback address keeps other
 * machines away; this keeps away pages of other sites that the user's own browser has open, also
 * those that point a name of theirs at 127.0.0.1 (DNS rebinding).
 */
final class LocalOnly {

  private static final Pattern IPV4 =
      Pattern.compile("127(?:\\.(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])){3}");
  private static final Pattern PORT = Pattern.compile("(?::[0-9]{1,5})?");

  private LocalOnly() {}

  /**
   * Why a request may not be answered, null if it may.
   *
   * @param host its {@code Host}
   * @param origin its {@code Origin}, if it has one
   */
  static @Nullable String problem(String host, @Nullable String origin) {
    if (!isLocal(host)) {
      return "Host is not local";
    }
    return origin == null || isLocalOrigin(origin) ? null : "Origin is not local";
  }

  static boolean isLocalOrigin(String origin) {
    String lower = origin.toLowerCase(Locale.ROOT);
    for (String scheme : List.of("http://", "https://")) {
      if (lower.startsWith(scheme)) {
        return isLocal(lower.substring(scheme.length()));
      }
    }
    return false;
  }

  static boolean isLocal(String hostAndPort) {
    String lower = hostAndPort.toLowerCase(Locale.ROOT);
    for (String name : List.of("localhost", "[::1]")) {
      if (lower.startsWith(name)) {
        return PORT.matcher(lower.substring(name.length())).matches();
      }
    }
    int colon = lower.indexOf(':');
    String host = colon < 0 ? lower : lower.substring(0, colon);
    return IPV4.matcher(host).matches()
        && (colon < 0 || PORT.matcher(lower.substring(colon)).matches());
  }
}
