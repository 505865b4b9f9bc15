package io.miststream.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IgnorePatternsTest {

  @ParameterizedTest
  @CsvSource({
    "*.log,          a.log,          true",
    "*.log,          sub/a.log,      false",
    "**/*.log,       a.log,          true",
    "**/*.log,       x/y/a.log,      true",
    "build,          build/out/a,    true",
    "build,          builder,        false",
    "/build/,        build/out,      true",
    "./a/../build,   build,          true",
    "a?c,            abc,            true",
    "a?c,            a/c,            false",
    "[ab].txt,       b.txt,          true",
    "[^ab].txt,      b.txt,          false",
    "a.txt,          axtxt,          false",
    "a(1)+{2},       a(1)+{2},       true",
    "\\*.txt,        *.txt,          true",
    "\\*.txt,        a.txt,          false",
    "docs/**,        docs/a/b,       true",
    "docs/**,        docs,           false",
    "**,             any/thing,      true",
    "a/**/z,         a/z,            true",
    "a/**/z,         a/b/c/z,        true",
    "#a,             #a,             false",
  })
  void patternsMeanWhatTheyMeanToDocker(String pattern, String path, boolean ignored) {
    assertThat(new IgnorePatterns(List.of(pattern)).matches(path)).isEqualTo(ignored);
  }

  @Test
  void theLastRuleThatMatchesDecides() {
    IgnorePatterns patterns =
        new IgnorePatterns(List.of("# all but", "", "*", "!src", "src/secret", "!src/secret/not"));

    assertThat(patterns.matches("README")).isTrue();
    assertThat(patterns.matches("src/Main.java")).isFalse();
    assertThat(patterns.matches("src/secret/key")).isTrue();
    assertThat(patterns.matches("src/secret/not/a")).isFalse();
    assertThat(patterns.mayKeepWithin()).isTrue();
  }

  @Test
  void whatIsNoPatternIsNamed() {
    assertThatThrownBy(() -> new IgnorePatterns(List.of("ok", "a[b")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a[b");
  }
}
