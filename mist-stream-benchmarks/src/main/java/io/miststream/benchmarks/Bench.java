package io.miststream.benchmarks;

import java.io.IOException;
import java.util.List;

/**
 * How thoroughly to measure, and what every benchmark needs.
 *
 * @param rounds counted rounds of each measurement, after one that does not count
 * @param seconds length of one measurement
 */
record Bench(int rounds, int seconds) {
  /** The servers' core. */
  static final int SERVER_CORE = 0;

  /** The load client's core. */
  static final int CLIENT_CORE = 1;

  /** One measurement of one round. */
  @FunctionalInterface
  interface Measurement {
    /**
     * Measures.
     *
     * @param counts false in the round that only warms up
     */
    void run(boolean counts) throws Exception;
  }

  /** Runs every measurement once a round, one after the other, so that all see the same machine. */
  void interleave(List<Measurement> measurements) throws Exception {
    for (int round = 0; round <= rounds; round++) {
      for (Measurement measurement : measurements) {
        measurement.run(round > 0);
      }
      System.err.print(round == 0 ? " warm" : " " + round);
    }
    System.err.println();
  }

  Child loadClient() throws IOException {
    return Child.java(LoadClient.class, CLIENT_CORE, List.of("-Xmx1g"));
  }

  Child server(FanOut.Way way, String heap) throws IOException {
    return Child.java(FanOutServer.class, SERVER_CORE, List.of("-Xmx" + heap), way.name());
  }
}
