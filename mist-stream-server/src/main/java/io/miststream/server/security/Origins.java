package io.miststream.server.security;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;

/** Origins of pages (RFC 6454). */
final class Origins {
  private Origins() {}

  /**
   * Whether a page has come from the very server that it now asks, to which it says {@code host}.
   */
  static boolean isOf(String origin, boolean secure, String host) {
    return origin.toLowerCase(Locale.ROOT).equals((secure ? "https://" : "http://") + host);
  }

  /**
   * The origin as it is compared.
   *
   * @throws IllegalArgumentException if it is none
   */
  static String check(String origin) {
    String lower = origin.toLowerCase(Locale.ROOT);
    try {
      URI uri = new URI(lower);
      String scheme = String.valueOf(uri.getScheme());
      boolean bare = lower.equals(scheme + "://" + uri.getRawAuthority());
      if (bare && uri.getHost() != null && (scheme.equals("http") || scheme.equals("https"))) {
        return lower;
      }
    } catch (URISyntaxException e) {
      // Told below.
    }
    throw new IllegalArgumentException(
        origin + " is not an origin such as https://mist.example.com");
  }
}
