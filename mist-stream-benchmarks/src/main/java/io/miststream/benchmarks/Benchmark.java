package io.miststream.benchmarks;

import java.util.List;

/** One comparison. */
interface Benchmark {
  String name();

  /** One line on what it compares. */
  String summary();

  /**
   * Runs all rounds.
   *
   * @throws SkippedException if something it needs is not installed
   */
  List<Report> run(Bench bench) throws Exception;

  /** A benchmark cannot run here; the message says what is missing. */
  final class SkippedException extends Exception {
    private static final long serialVersionUID = 1L;

    SkippedException(String reason) {
      super(reason);
    }
  }
}
