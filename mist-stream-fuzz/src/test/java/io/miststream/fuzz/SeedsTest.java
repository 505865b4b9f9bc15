package io.miststream.fuzz;

import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Runs every target with its seeds, without the fuzzer: {@code ./fuzz} begins from the same. */
class SeedsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static Path seeds() throws URISyntaxException {
    return Path.of(SeedsTest.class.getResource("/seeds").toURI());
  }

  private static List<Path> list(Path directory) throws IOException {
    try (Stream<Path> all = Files.list(directory)) {
      return all.sorted().toList();
    }
  }

  private static String name(Path path) {
    return path.getFileName().toString();
  }

  @Test
  void everyTargetHasSeeds() throws IOException, URISyntaxException {
    Path classes = Path.of(SeedsTest.class.getResource("/").toURI());
    try (Stream<Path> all = Files.walk(classes)) {
      Set<String> targets =
          all.map(file -> classes.relativize(file).toString().replace('/', '.'))
              .filter(file -> file.endsWith("Fuzz.class"))
              .map(file -> file.substring(0, file.length() - ".class".length()))
              .collect(toSet());
      assertThat(list(seeds()).stream().map(SeedsTest::name)).hasSameElementsAs(targets);
    }
  }

  @TestFactory
  Stream<DynamicTest> seedsHoldWhatTheirTargetAsks() throws IOException, URISyntaxException {
    Stream.Builder<DynamicTest> tests = Stream.builder();
    for (Path target : list(seeds())) {
      for (Path seed : list(target)) {
        tests.add(dynamicTest(name(target) + " " + name(seed), () -> run(name(target), seed)));
      }
    }
    return tests.build();
  }

  private static void run(String target, Path seed) throws Exception {
    Method method = Class.forName(target).getDeclaredMethod("fuzzerTestOneInput", byte[].class);
    method.setAccessible(true); // the fuzzer does the same
    byte[] input = Files.readAllBytes(seed);
    Assertions.assertTimeoutPreemptively(
        PATIENCE,
        () -> {
          try {
            method.invoke(null, input);
          } catch (InvocationTargetException e) {
            throw e.getCause();
          }
        });
  }
}
