package io.miststream.server.tyrus;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Makes a query string out of whatever bytes a client has sent. */
final class RawQuery {
  // RFC 3986, section 3.4, and what java.net.URI takes besides; the percent sign stays as it is.
  private static final String ALLOWED =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/?%";

  private RawQuery() {}

  /**
   * Escapes what may not stand in a URI. The engine makes a {@code java.net.URI} of the query after
   * it has answered 101, and drops the connection if that fails. Control characters stay, for the
   * parameters' reader to refuse.
   *
   * @param bytes the query, one character a byte
   */
  static @Nullable String escape(@Nullable String bytes) {
    if (bytes == null) {
      return null;
    }
    StringBuilder out = new StringBuilder(bytes.length());
    for (int i = 0; i < bytes.length(); i++) {
      char c = bytes.charAt(i);
      if (ALLOWED.indexOf(c) >= 0 || c < ' ' || c == 0x7F) {
        out.append(c);
      } else {
        out.append(String.format(Locale.ROOT, "%%%02X", (int) c));
      }
    }
    return out.toString();
  }
}
