package io.miststream.docker;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.App;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SecretsTest {

  private static Secrets of(String url, String token) {
    return Secrets.of(
        new App(
            1,
            "",
            List.of(),
            new App.Git(url, "", token, null),
            null,
            App.Build.DEFAULT,
            App.Run.DEFAULT,
            Set.of("env-value")));
  }

  @ParameterizedTest
  @CsvSource({
    "https://user:pa%20ss@host/x, pa ss|pa%20ss",
    "https://ghp_abc@host/x,      ghp_abc",
    "https://host/x,              ''",
    "ssh://git@host/x,            ''",
    "git@host:x,                  ''",
  })
  void theAddressGivesAwayNothing(String url, String secrets) {
    assertThat(String.join("|", of(url, null).texts()))
        .isEqualTo(secrets.isEmpty() ? "env-value" : join("env-value", secrets));
    assertThat(Secrets.publicUrl(url)).doesNotContain("pa%20ss").doesNotContain("ghp_abc");
  }

  private static String join(String one, String others) {
    return one.compareTo(others) < 0 ? one + "|" + others : others + "|" + one;
  }

  @Test
  void theLongestIsHiddenFirst() {
    Secrets secrets = of("https://host/x", "env-value-2");
    assertThat(secrets.hide("a env-value-2 b env-value c")).isEqualTo("a *** b *** c");
  }
}
