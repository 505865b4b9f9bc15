package io.miststream.server.security;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.server.security.Proxies.Client;
import java.util.List;
import java.util.Set;

/** Input: the values of X-Forwarded-For, a header a line. */
class ProxiesFuzz {
  private static final String PROXY = "127.0.0.1";
  private static final String HONEST = "192.0.2.1";
  private static final Proxies TRUSTED = new Proxies(Set.of(PROXY, "10.0.0.0/8", "fd00::/8"));
  private static final Proxies NONE = new Proxies(Set.of());

  public static void fuzzerTestOneInput(byte[] data) {
    List<String> headers = new String(data, ISO_8859_1).lines().toList();
    assertThat(NONE.client(PROXY, false, headers, headers)).isEqualTo(new Client(PROXY, false));
    assertThat(TRUSTED.client(HONEST, false, headers, headers))
        .isEqualTo(new Client(HONEST, false));
    Client client = TRUSTED.client(PROXY, true, headers, List.of());
    assertThat(client.secure()).isTrue();
    assertThat(client.address()).matches("[0-9A-Fa-f.:]+");
    // What the proxy adds itself counts, whatever the client has sent before.
    for (String more : List.of(HONEST, "10.1.2.3")) {
      List<String> told = new java.util.ArrayList<>(headers);
      told.add(HONEST + ", " + more);
      assertThat(TRUSTED.client(PROXY, true, told, List.of())).isEqualTo(new Client(HONEST, true));
    }
  }
}
