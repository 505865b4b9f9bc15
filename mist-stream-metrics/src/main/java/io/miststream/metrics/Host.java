package io.miststream.metrics;

import io.miststream.core.HostMetrics;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The readings of a host. Null is what it does not have; any of them may throw, and those below the
 * line may hang. Each is called by one thread at a time. Rates are since the call before, or since
 * this was made.
 */
interface Host {
  int cores();

  HostMetrics.Cpu cpu();

  HostMetrics.Memory memory();

  HostMetrics.@Nullable Space swap();

  @Nullable List<Double> load();

  @Nullable Long uptime();

  @Nullable Integer processes();

  HostMetrics.@Nullable Cgroup cgroup();

  // ---- what depends on devices and other hosts

  HostMetrics.Space disk();

  List<HostMetrics.Mount> disks();

  List<HostMetrics.DiskRate> diskIo();

  List<HostMetrics.NetworkRate> network();

  @Nullable Double temperature();
}
