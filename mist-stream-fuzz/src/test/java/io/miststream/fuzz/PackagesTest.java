package io.miststream.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** No package stands in two modules: a module path has no room for that. */
class PackagesTest {

  @Test
  void everyPackageStandsInOneModule() throws IOException {
    Map<String, TreeSet<String>> modules = new TreeMap<>();
    for (Path module : list(Path.of(".."), "mist-stream-*")) {
      for (String sources : List.of("src/main/java", "src/test/java")) {
        Path root = module.resolve(sources);
        if (Files.isDirectory(root)) {
          try (Stream<Path> files = Files.walk(root)) {
            files
                .filter(file -> file.toString().endsWith(".java"))
                .map(file -> root.relativize(file.getParent()).toString().replace('/', '.'))
                .forEach(
                    name ->
                        modules
                            .computeIfAbsent(name, any -> new TreeSet<>())
                            .add(module.getFileName().toString()));
          }
        }
      }
    }
    assertThat(modules).containsKeys("io.miststream.core", "io.miststream.fuzz");
    modules.values().removeIf(where -> where.size() == 1);
    assertThat(modules).isEmpty();
  }

  private static List<Path> list(Path directory, String glob) throws IOException {
    try (var found = Files.newDirectoryStream(directory, glob)) {
      List<Path> all = new java.util.ArrayList<>();
      found.forEach(all::add);
      return all;
    }
  }
}
