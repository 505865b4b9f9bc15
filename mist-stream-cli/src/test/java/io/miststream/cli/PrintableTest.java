package io.miststream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PrintableTest {

  @Test
  void controlCharactersAreShownAndNotSent() {
    assertThat(Printable.plain("a\tb\u001b]0;title\u0007\r\n\u007f\u009b2Jü🚀"))
        .isEqualTo("a\tb\u241b]0;title\u2407\u240d\u240a\u2421\ufffd2Jü🚀");
  }

  @Test
  void coloursStayAndEndWithTheText() {
    assertThat(Printable.coloured("\u001b[1;32mok")).isEqualTo("\u001b[1;32mok\u001b[0m");
    assertThat(Printable.coloured("\u001b[2J\u001b[m\u001b[999A"))
        .isEqualTo("\u241b[2J\u001b[m\u241b[999A\u001b[0m");
    assertThat(Printable.coloured("plain")).isEqualTo("plain");
  }
}
