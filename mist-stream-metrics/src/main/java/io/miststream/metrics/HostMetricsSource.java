package io.miststream.metrics;

import io.miststream.core.DockerCounts;
import io.miststream.core.DockerCountsSource;
import io.miststream.core.HostMetrics;
import io.miststream.core.MetricsSource;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Metrics of the host this runs on, read with OSHI. Made for Linux; on macOS and Windows what OSHI
 * does not have is null. Inside a container the host's are read all the same, as far as the
 * container sees them, and the limits of the container itself besides.
 *
 * <p>Each sampling has at most five daemon threads, for what may hang, such as the file system of
 * another host. What has not answered within 500 ms is left out of its sample, and not asked again
 * before it has answered. Thread-safe.
 */
public final class HostMetricsSource implements MetricsSource {

  /** How long a sample waits for what may hang: 500 ms. */
  public static final Duration PATIENCE = Duration.ofMillis(500);

  private final Supplier<Host> hosts;
  private final @Nullable DockerCountsSource docker;
  private final Duration patience;

  /**
   * @param patience how long a sample waits for what may hang
   */
  HostMetricsSource(Supplier<Host> hosts, @Nullable DockerCountsSource docker, Duration patience) {
    this.hosts = hosts;
    this.docker = docker;
    this.patience = patience;
  }

  /** Metrics, with the defaults of {@link Builder}. */
  public static HostMetricsSource create() {
    return builder().build();
  }

  /** Everything that can be set. */
  public static Builder builder() {
    return new Builder();
  }

  @Override
  public Sampling open() {
    DockerCountsSource.Counting counting = docker == null ? null : docker.open();
    try {
      return new HostSampling(hosts.get(), counting, patience);
    } catch (RuntimeException | LinkageError e) { // a native library may be missing
      if (counting != null) {
        counting.close();
      }
      throw new IllegalStateException("this host's metrics cannot be read", e);
    }
  }

  /** Builds a {@link HostMetricsSource}. Not thread-safe. */
  public static final class Builder {
    private @Nullable DockerCountsSource docker;
    private Path dockerData = Path.of("/var/lib/docker");
    private Duration patience = PATIENCE;

    private Builder() {}

    /** Counts what a Docker engine has; without it that is not known. Stays the caller's. */
    public Builder docker(DockerCountsSource counts) {
      docker = Objects.requireNonNull(counts);
      return this;
    }

    /**
     * A directory on the file system that holds Docker's data, {@code /var/lib/docker} unless set.
     * Where it does not exist, {@code disk} tells of the root's.
     */
    public Builder dockerData(Path directory) {
      dockerData = Objects.requireNonNull(directory);
      return this;
    }

    /** For tests. */
    Builder patience(Duration time) {
      patience = time;
      return this;
    }

    /** The source. Nothing is read yet. */
    public HostMetricsSource build() {
      Path data = dockerData;
      return new HostMetricsSource(() -> new OshiHost(data), docker, patience);
    }
  }

  private static final class HostSampling implements Sampling {
    private final Host host;
    private final DockerCountsSource.@Nullable Counting counting;
    private final GuardedReads reads;
    private final GuardedReads.Read<HostMetrics.Space> disk;
    private final GuardedReads.Read<List<HostMetrics.Mount>> disks;
    private final GuardedReads.Read<List<HostMetrics.DiskRate>> diskIo;
    private final GuardedReads.Read<List<HostMetrics.NetworkRate>> network;
    private final GuardedReads.Read<Double> temperature;

    HostSampling(Host host, DockerCountsSource.@Nullable Counting counting, Duration patience) {
      this.host = host;
      this.counting = counting;
      reads = new GuardedReads(patience);
      disk = reads.add("disk", host::disk);
      disks = reads.add("disks", host::disks);
      diskIo = reads.add("disk_io", host::diskIo);
      network = reads.add("network", host::network);
      temperature = reads.add("temperature", host::temperature);
      reads.begin();
      reads.settle(); // the first counts, from which rates are taken
    }

    @Override
    public HostMetrics sample() {
      reads.begin();
      Instant now = Instant.now();
      GuardedReads.Errors errors = new GuardedReads.Errors();
      HostMetrics.Cpu cpu = errors.read("cpu", host::cpu);
      HostMetrics.Memory memory = errors.read("memory", host::memory);
      HostMetrics.Space swap = errors.read("swap", host::swap);
      List<Double> load = errors.read("load", host::load);
      Long uptime = errors.read("uptime", host::uptime);
      Integer processes = errors.read("processes", host::processes);
      HostMetrics.Cgroup cgroup = errors.read("cgroup", host::cgroup);
      HostMetrics.Space space = disk.await(errors);
      return new HostMetrics(
          now,
          cpu == null ? new HostMetrics.Cpu(null, host.cores(), null) : cpu,
          memory == null ? new HostMetrics.Memory(null, null, null, null) : memory,
          space == null ? HostMetrics.Space.UNKNOWN : space,
          counting == null ? DockerCounts.unknown("Docker is not asked") : counting.latest(),
          swap,
          load,
          disks.await(errors),
          diskIo.await(errors),
          network.await(errors),
          temperature.await(errors),
          uptime,
          processes,
          cgroup,
          errors.all());
    }

    @Override
    public void close() {
      reads.close();
      if (counting != null) {
        counting.close();
      }
    }
  }
}
