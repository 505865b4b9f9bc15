package io.miststream.fuzz;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * Several targets as one, for {@code ./fuzz --quick}: to start the fuzzer takes longer than to run
 * it for a moment. Input: a byte that says which of them, and the input of that one.
 */
public class EveryTarget {
  private static final List<Method> TARGETS =
      Stream.of(System.getProperty("fuzz.targets", "").split(",", -1))
          .map(Targets::method)
          .toList();
  private static final int[] RUNS = new int[TARGETS.size()];

  public static void fuzzerTestOneInput(byte[] data) throws Throwable {
    if (data.length > 0) {
      int which = (data[0] & 0xFF) % RUNS.length;
      RUNS[which]++;
      Targets.run(TARGETS.get(which), Arrays.copyOfRange(data, 1, data.length));
    }
  }

  /** Says how often each was run. */
  public static void fuzzerTearDown() {
    for (int i = 0; i < RUNS.length; i++) {
      System.out.println(
          "runs: " + TARGETS.get(i).getDeclaringClass().getSimpleName() + " " + RUNS[i]);
    }
  }
}
