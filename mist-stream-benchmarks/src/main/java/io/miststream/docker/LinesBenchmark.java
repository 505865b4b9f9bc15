package io.miststream.docker;

import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/** What it costs to make lines of an engine's chunks. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class LinesBenchmark {
  private final byte[] line = ("x".repeat(119) + "\n").getBytes(StandardCharsets.UTF_8);
  private final byte[] chunk = "x".repeat(16 << 10).getBytes(StandardCharsets.UTF_8);
  private long time;
  private long bytes;
  private final LineAssembler lines =
      new LineAssembler((t, ordinal, b, from, length, partial) -> bytes += length);

  /** A line of 120 bytes in one chunk. */
  @Benchmark
  public long shortLine() {
    lines.chunk(++time, line, 0, line.length);
    return bytes;
  }

  /** A line of 160 KiB in ten chunks. */
  @Benchmark
  public long longLine() {
    time++;
    for (int i = 0; i < 10; i++) {
      lines.chunk(time, chunk, 0, chunk.length);
    }
    lines.chunk(time, line, 0, line.length);
    return bytes;
  }
}
