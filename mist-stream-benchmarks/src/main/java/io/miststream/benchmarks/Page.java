package io.miststream.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/** The page of the latest figures: a section a benchmark, of which those that ran are replaced. */
final class Page {
  private static final String HEADING = "## ";

  private final Path file;
  private final Map<String, String> sections = new LinkedHashMap<>();

  /**
   * Reads the page, if there is one.
   *
   * @param names of all benchmarks, in the order of their sections
   */
  Page(Path file, List<String> names) throws IOException {
    this.file = file;
    names.forEach(name -> sections.put(name, ""));
    if (Files.exists(file)) {
      String[] parts = Files.readString(file).split("(?m)^" + HEADING, -1);
      for (int i = 1; i < parts.length; i++) {
        sections.computeIfPresent(parts[i].lines().findFirst().orElse(""), keep(parts[i]));
      }
    }
  }

  private static BiFunction<String, String, String> keep(String part) {
    return (name, old) -> HEADING + part.strip() + "\n";
  }

  void replace(String name, String text) {
    sections.put(name, HEADING + name + "\n\n" + text.strip() + "\n");
  }

  void write() throws IOException {
    StringBuilder page =
        new StringBuilder(
            """
            # Benchmarks

            Written by `./benchmark`. Each figure is a median over the rounds, with the least and
            the most in brackets; in a round everything that is compared runs one after the other.
            Compare figures within a table only: another machine, and another day, has others.
            """);
    sections.values().stream().filter(s -> !s.isEmpty()).forEach(s -> page.append('\n').append(s));
    Files.writeString(file, page);
  }
}
