package io.miststream.core.deployment;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** Hides secrets in what a deployment says. */
final class Mask {
  private static final String HIDDEN = "***";

  /** Hides nothing. */
  static final Mask NONE = new Mask(List.of());

  private final List<String> secrets;

  /** A secret of several lines is hidden line by line, for that is how it would be printed. */
  Mask(Collection<String> secrets) {
    this.secrets =
        secrets.stream()
            .flatMap(String::lines)
            .map(String::strip)
            .filter(line -> !line.isEmpty())
            .distinct()
            .sorted(Comparator.comparingInt(String::length).reversed()) // what contains another
            .toList();
  }

  String apply(String text) {
    String masked = text;
    for (String secret : secrets) {
      masked = masked.replace(secret, HIDDEN);
    }
    return masked;
  }
}
