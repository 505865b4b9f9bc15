package io.miststream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProxyDocumentationTest {
  private static final Path DOCS = Path.of("..", "docs");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "mist-stream.yaml",
        "nginx.conf",
        "Caddyfile",
        "traefik.yaml",
        "traefik-mist-stream.yaml"
      })
  void thePageShowsTheFilesThatAreTested(String file) throws Exception {
    assertThat(Files.readString(DOCS.resolve("PROXIES.md")))
        .contains("\n" + Files.readString(DOCS.resolve("proxy").resolve(file)) + "```\n");
  }
}
