package io.miststream.core;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How a host is doing at one moment. Sizes are bytes, rates are bytes a second, percentages are 0
 * to 100 of the whole host with one decimal. What could not be read, or is not known on this
 * system, is null; if reading it failed, {@link #errors} says why.
 *
 * @param timestamp when it was read
 * @param cpu its processors
 * @param memory its memory
 * @param disk the file system that holds Docker's data, else {@code /}
 * @param docker what its Docker engine has
 * @param swap its swap space
 * @param load how many threads ran or waited to, on average over 1, 5 and 15 minutes
 * @param disks every file system on a real device or another host, by where it is mounted
 * @param diskIo what is read from and written to each disk
 * @param network what goes through each network interface
 * @param temperature of the processor, in degrees Celsius
 * @param uptime seconds since it was booted
 * @param processes how many there are
 * @param cgroup the limits this process itself runs under, null if there are none
 * @param errors by the name of a field as it is on the wire, why it could not be read
 */
public record HostMetrics(
    Instant timestamp,
    Cpu cpu,
    Memory memory,
    Space disk,
    DockerCounts docker,
    @Nullable Space swap,
    @Nullable List<Double> load,
    @Nullable List<Mount> disks,
    @Nullable List<DiskRate> diskIo,
    @Nullable List<NetworkRate> network,
    @Nullable Double temperature,
    @Nullable Long uptime,
    @Nullable Integer processes,
    @Nullable Cgroup cgroup,
    Map<String, String> errors)
    implements StreamMessage {

  /** Null: how a host is doing now is no position to continue from. */
  @Override
  public @Nullable Cursor cursor() {
    return null;
  }

  /**
   * The processors.
   *
   * @param usage of all together, since the sample before
   * @param cores how many the system can use, each thread of a core counted
   * @param perCore of each, in the system's order
   */
  public record Cpu(@Nullable Double usage, int cores, @Nullable List<Double> perCore) {}

  /**
   * The memory.
   *
   * @param used total without what is available
   * @param available what could be handed out without swapping, caches included
   */
  public record Memory(
      @Nullable Long used,
      @Nullable Long total,
      @Nullable Double percent,
      @Nullable Long available) {}

  /** Some space, and how much of it is used. */
  public record Space(@Nullable Long used, @Nullable Long total, @Nullable Double percent) {

    /** Nothing is known of it. */
    public static final Space UNKNOWN = new Space(null, null, null);

    /** The percentage follows from the sizes; 0 of no space at all. */
    public static Space of(long used, long total) {
      return new Space(used, total, percentOf(used, total));
    }
  }

  /**
   * A mounted file system.
   *
   * @param mount the directory
   * @param type such as {@code ext4}
   */
  public record Mount(String mount, String type, long used, long total, double percent) {}

  /** What is read from and written to one disk. */
  public record DiskRate(String name, long read, long write) {}

  /** What one network interface receives and sends. */
  public record NetworkRate(String name, long rx, long tx) {}

  /**
   * The limits of a container, or of a service, as the kernel's control groups (cgroups) keep them.
   *
   * @param cpuLimit how many cores may be kept busy; null for all
   * @param cpuUsage since the sample before, of the limit, else of the whole host
   * @param memoryUsed without the file cache that can be dropped at once
   * @param memoryLimit null if there is none
   * @param memoryPercent of the limit, null if there is none
   */
  public record Cgroup(
      @Nullable Double cpuLimit,
      @Nullable Double cpuUsage,
      @Nullable Long memoryUsed,
      @Nullable Long memoryLimit,
      @Nullable Double memoryPercent) {}

  /** A share as a percentage with one decimal, 0 to 100; 0 of nothing. */
  public static double percentOf(long part, long whole) {
    double percent = whole <= 0 ? 0 : 100.0 * part / whole;
    return Math.round(Math.max(0, Math.min(100, percent)) * 10) / 10.0;
  }
}
