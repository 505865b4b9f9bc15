package io.miststream.benchmarks;

import java.util.List;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** The steps of a log line's way, each alone. */
final class JmhBenchmarks implements Benchmark {
  @Override
  public String name() {
    return "jmh";
  }

  @Override
  public String summary() {
    return "encoding, assembling, keeping, draining and matching a line, each alone (JMH)";
  }

  @Override
  public List<Report> run(Bench bench) throws Exception {
    Options options =
        new OptionsBuilder()
            .include(MessagesBenchmark.class.getName())
            .include(RingBenchmark.class.getName())
            .include(LinesBenchmark.class.getName())
            .addProfiler(GCProfiler.class)
            .verbosity(VerboseMode.SILENT)
            .forks(1)
            .warmupIterations(2)
            .warmupTime(TimeValue.seconds(1))
            .measurementIterations(bench.rounds())
            .measurementTime(TimeValue.seconds(1))
            .build();
    Report report = new Report("A step", "ns/operation", "± (99.9 %)", "bytes allocated/operation");
    for (RunResult result : new Runner(options).run()) {
      String name = result.getParams().getBenchmark();
      String[] words = name.split("\\.", -1);
      Report.Row row =
          report
              .row(words[words.length - 2] + "." + words[words.length - 1])
              .add("ns/operation", result.getPrimaryResult().getScore())
              .add("± (99.9 %)", result.getPrimaryResult().getScoreError());
      Result<?> allocated = result.getSecondaryResults().get("gc.alloc.rate.norm");
      if (allocated != null) {
        row.add("bytes allocated/operation", allocated.getScore());
      }
    }
    return List.of(report);
  }
}
