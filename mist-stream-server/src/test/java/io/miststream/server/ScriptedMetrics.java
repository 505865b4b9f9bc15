package io.miststream.server;

import io.miststream.core.DockerCounts;
import io.miststream.core.HostMetrics;
import io.miststream.core.MetricsSource;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/** A host whose samples are numbered, in the place of its processes. */
final class ScriptedMetrics implements MetricsSource {
  final AtomicInteger opened = new AtomicInteger();
  final AtomicInteger samples = new AtomicInteger();
  volatile String padding = "";

  @Override
  public Sampling open() {
    opened.incrementAndGet();
    return new Sampling() {
      @Override
      public HostMetrics sample() {
        return new HostMetrics(
            Instant.now(),
            new HostMetrics.Cpu(25.5, 2, List.of(51.0, 0.0)),
            new HostMetrics.Memory(1L, 4L, 25.0, 3L),
            HostMetrics.Space.of(1, 10),
            new DockerCounts(5, 8, 12, null),
            null,
            null,
            null,
            null,
            null,
            null,
            null,
            samples.incrementAndGet(),
            null,
            padding.isEmpty() ? Map.of() : Map.of("padding", padding));
      }

      @Override
      public void close() {}
    };
  }
}
