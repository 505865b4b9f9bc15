package io.miststream.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.lang.reflect.Method;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Runs every target with its seeds, without the fuzzer: {@code ./fuzz} begins from the same. */
class SeedsTest {
  private static final Duration PATIENCE = Duration.ofMinutes(1);

  private static String name(Path path) {
    return path.getFileName().toString();
  }

  @Test
  void everyTargetHasSeeds() throws IOException, URISyntaxException {
    assertThat(Targets.names()).isNotEmpty();
    assertThat(Targets.seeds().stream().map(SeedsTest::name))
        .containsExactlyInAnyOrderElementsOf(Targets.names());
  }

  @TestFactory
  Stream<DynamicTest> seedsHoldWhatTheirTargetAsks() throws IOException, URISyntaxException {
    Stream.Builder<DynamicTest> tests = Stream.builder();
    for (Path target : Targets.seeds()) {
      try (Stream<Path> seeds = Files.list(target)) {
        for (Path seed : seeds.sorted().toList()) {
          tests.add(dynamicTest(name(target) + " " + name(seed), () -> run(name(target), seed)));
        }
      }
    }
    return tests.build();
  }

  private static void run(String target, Path seed) throws IOException {
    Method method = Targets.method(target);
    byte[] input = Files.readAllBytes(seed);
    Assertions.assertTimeoutPreemptively(PATIENCE, () -> Targets.run(method, input));
  }
}
