package io.miststream.cli;

import java.util.regex.Pattern;

/** Makes others' text harmless for a terminal: it is data, and no commands. */
final class Printable {
  private static final Pattern CONTROL =
      Pattern.compile("[\\x00-\\x08\\x0A-\\x1F\\x7F-\\x9F]"); // all but the tab
  private static final Pattern COLOUR_OR_CONTROL =
      Pattern.compile("\\x1B\\[[0-9;:]*m|" + CONTROL.pattern());
  private static final String NO_COLOUR = "\u001b[0m";

  private Printable() {}

  /** Without control characters. */
  static String plain(String text) {
    return CONTROL.matcher(text).replaceAll(control -> picture(control.group()));
  }

  /** Without control characters except for colours, which end with the text. */
  static String coloured(String text) {
    String harmless =
        COLOUR_OR_CONTROL
            .matcher(text)
            .replaceAll(
                found -> found.group().length() > 1 ? found.group() : picture(found.group()));
    return harmless.indexOf('\u001b') < 0 ? harmless : harmless + NO_COLOUR;
  }

  /** How Unicode shows a control character. */
  private static String picture(String control) {
    char c = control.charAt(0);
    return String.valueOf(c < ' ' ? (char) (0x2400 + c) : c == 0x7F ? '\u2421' : '\uFFFD');
  }
}
