package io.miststream.server.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.miststream.server.security.Proxies.Client;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProxiesTest {
  private static final Proxies PROXIES =
      new Proxies(Set.of("127.0.0.1", "10.0.0.0/8", "192.168.4.0/22", "fd00::/8", "::1"));

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // who opens the connection | what it says | who it is
        "192.0.2.1 | 198.51.100.1 | 192.0.2.1",
        "127.0.0.1 | 198.51.100.1 | 198.51.100.1",
        "127.0.0.2 | 198.51.100.1 | 127.0.0.2",
        "10.255.0.1 | 198.51.100.1 | 198.51.100.1",
        "11.0.0.1 | 198.51.100.1 | 11.0.0.1",
        "192.168.7.255 | 198.51.100.1 | 198.51.100.1",
        "192.168.8.0 | 198.51.100.1 | 192.168.8.0",
        "fdab::1 | 2001:db8::1 | 2001:db8::1",
        "0:0:0:0:0:0:0:1 | 198.51.100.1 | 198.51.100.1",
        // What a client itself has put before is worth nothing.
        "127.0.0.1 | 203.0.113.9, 198.51.100.1 | 198.51.100.1",
        "127.0.0.1 | 203.0.113.9, 198.51.100.1, 10.1.1.1 | 198.51.100.1",
        "127.0.0.1 | 10.1.1.1, 10.2.2.2 | 10.1.1.1",
        "127.0.0.1 | 198.51.100.1:443 | 198.51.100.1",
        "127.0.0.1 | [2001:db8::1]:443 | 2001:db8::1",
        "127.0.0.1 | unknown | 127.0.0.1",
        "127.0.0.1 | 198.51.100.1, localhost, 10.1.1.1 | 10.1.1.1",
        "127.0.0.1 | '' | 127.0.0.1",
        "127.0.0.1 | 1.2.3.4.5 | 127.0.0.1",
        // No figures to the JDK, which would look them up as names; or octal ones.
        "127.0.0.1 | 1.2.3.999 | 127.0.0.1",
        "127.0.0.1 | 010.1.1.1 | 127.0.0.1",
      })
  void whoAProxyIsBelievedToAskFor(String peer, String forwardedFor, String address) {
    assertThat(PROXIES.client(peer, false, List.of(forwardedFor), List.of()))
        .isEqualTo(new Client(address, false));
  }

  @Test
  void severalHeadersAreOneList() {
    assertThat(
            PROXIES.client(
                "127.0.0.1", false, List.of("203.0.113.7", "198.51.100.1, 10.1.1.1"), List.of()))
        .isEqualTo(new Client("198.51.100.1", false));
  }

  @Test
  void theSchemeIsBelievedOnlyOfProxies() {
    assertThat(PROXIES.client("192.0.2.1", false, List.of(), List.of("https")).secure()).isFalse();
    assertThat(PROXIES.client("192.0.2.1", true, List.of(), List.of("http")).secure()).isTrue();
    assertThat(PROXIES.client("127.0.0.1", true, List.of(), List.of("http")).secure()).isFalse();
    assertThat(PROXIES.client("127.0.0.1", false, List.of(), List.of("HTTPS")).secure()).isTrue();
    assertThat(PROXIES.client("127.0.0.1", false, List.of(), List.of("wss")).secure()).isTrue();
    assertThat(PROXIES.client("127.0.0.1", false, List.of(), List.of("ws")).secure()).isFalse();
    assertThat(PROXIES.client("127.0.0.1", true, List.of(), List.of()).secure()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "proxy", "10.0.0.0/33", "::1/129", "10.0.0.0/-1", "10.0.0.0/", "1.2"})
  void whatIsNoNetworkIsRefused(String network) {
    assertThatThrownBy(() -> new Proxies(Set.of(network)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("is neither an address nor a network");
  }
}
