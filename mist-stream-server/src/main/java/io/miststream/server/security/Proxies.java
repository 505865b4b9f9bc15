package io.miststream.server.security;

import static java.util.Locale.ROOT;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Proxies that are believed when they say for whom they ask: {@code X-Forwarded-For} and {@code
 * X-Forwarded-Proto}. Of everybody else these headers mean nothing.
 */
public final class Proxies {
  private static final Pattern NETWORK = Pattern.compile("([0-9A-Fa-f.:]+)(?:/([0-9]{1,3}))?");
  private static final Pattern IPV4_WITH_PORT = Pattern.compile("([0-9.]+):[0-9]+");
  private static final Pattern IPV6_IN_BRACKETS =
      Pattern.compile("\\[([0-9A-Fa-f:.]+)](?::[0-9]+)?");
  private static final String OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
  // What is not figures to the JDK, such as 1.2.3.999, it would look up as a name.
  private static final Pattern FIGURES =
      Pattern.compile(OCTET + "(?:\\." + OCTET + "){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*");

  /** The latter is what Traefik says of a WebSocket. */
  private static final Set<String> TLS = Set.of("https", "wss");

  private final List<Network> trusted = new ArrayList<>();

  /** Addresses that begin alike. */
  private static final class Network {
    private final byte[] address;
    private final int bits;

    Network(byte[] address, int bits) {
      this.address = address;
      this.bits = bits;
    }

    boolean contains(byte[] other) {
      if (other.length != address.length) {
        return false;
      }
      for (int bit = 0; bit < bits; bit++) {
        int mask = 0x80 >>> (bit % 8);
        if ((address[bit / 8] & mask) != (other[bit / 8] & mask)) {
          return false;
        }
      }
      return true;
    }
  }

  /**
   * For whom a request is made.
   *
   * @param address in figures
   * @param secure whether it came over TLS
   */
  public record Client(String address, boolean secure) {}

  /**
   * Proxies at some addresses.
   *
   * @param networks addresses, or networks such as {@code 10.0.0.0/8}
   * @throws IllegalArgumentException if one is neither
   */
  public Proxies(Set<String> networks) {
    for (String network : networks) {
      Matcher parts = NETWORK.matcher(network);
      byte[] address = parts.matches() ? address(parts.group(1)) : null;
      int bits = address == null || parts.group(2) == null ? -1 : Integer.parseInt(parts.group(2));
      if (address == null || bits > address.length * 8) {
        throw new IllegalArgumentException(
            network + " is neither an address nor a network such as 10.0.0.0/8");
      }
      trusted.add(new Network(address, bits < 0 ? address.length * 8 : bits));
    }
  }

  /**
   * For whom somebody asks.
   *
   * @param peer who has opened the connection
   * @param secure whether that came over TLS
   * @param forwardedFor all {@code X-Forwarded-For}
   * @param forwardedProto all {@code X-Forwarded-Proto}
   */
  public Client client(
      String peer, boolean secure, List<String> forwardedFor, List<String> forwardedProto) {
    if (!isTrusted(peer)) {
      return new Client(peer, secure);
    }
    boolean overTls =
        forwardedProto.isEmpty()
            ? secure
            : TLS.contains(forwardedProto.get(forwardedProto.size() - 1).strip().toLowerCase(ROOT));
    List<String> hops = new ArrayList<>();
    forwardedFor.forEach(header -> hops.addAll(List.of(header.split(",", -1))));
    Collections.reverse(hops);
    String last = peer;
    for (String hop : hops) { // each is told by the one before, as long as that is believed
      String address = bare(hop.strip());
      if (address(address) == null) {
        break;
      }
      last = address;
      if (!isTrusted(address)) {
        break;
      }
    }
    return new Client(last, overTls);
  }

  private boolean isTrusted(String figures) {
    if (trusted.isEmpty()) {
      return false;
    }
    byte[] address = address(figures);
    return address != null && trusted.stream().anyMatch(network -> network.contains(address));
  }

  private static String bare(String hop) {
    for (Pattern form : List.of(IPV4_WITH_PORT, IPV6_IN_BRACKETS)) {
      Matcher matcher = form.matcher(hop);
      if (matcher.matches()) {
        return matcher.group(1);
      }
    }
    return hop;
  }

  /** Never looks a name up. */
  private static byte @Nullable [] address(String figures) {
    if (!FIGURES.matcher(figures).matches()) {
      return null;
    }
    try {
      return InetAddress.getByName(figures).getAddress();
    } catch (UnknownHostException e) {
      return null;
    }
  }
}
