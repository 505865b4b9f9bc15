package io.miststream.benchmarks;

import io.miststream.core.LogFilter;
import io.miststream.core.LogLine;
import io.miststream.core.wire.MessageEncoder;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** What a log line costs to encode and to match. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class MessagesBenchmark {
  private final LogLine line = new LoadMessages(200).line(1);
  private final MessageEncoder encoder = new MessageEncoder();
  private final LogFilter filter = LogFilter.of(null, null, "seq=0+[1-9]+ .*x{3}$", null);

  /** A line to a frame. */
  @Benchmark
  public int encode() {
    encoder.encode(line, false);
    return encoder.length();
  }

  /** A line through a regular expression. */
  @Benchmark
  public boolean grep() {
    return filter.accepts(line);
  }
}
