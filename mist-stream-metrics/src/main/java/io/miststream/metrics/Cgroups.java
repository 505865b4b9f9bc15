package io.miststream.metrics;

import io.miststream.core.HostMetrics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The limits that the kernel's control groups put on this process, and how near it is to them. Of a
 * group and those around it the tightest limit counts.
 *
 * <p>Names and meanings of the files: the kernel's cgroup-v2.rst, and memory.rst, sched-bwc.rst and
 * cpuacct.rst of version 1. For one thread at a time.
 */
final class Cgroups {
  /** Version 1 says "no limit" with a number near the end of what a long can hold. */
  private static final long NO_LIMIT = 1L << 60;

  private final Path root;
  private final int cores;
  private final LongSupplier nanoTime;
  private long lastTime;
  private long lastUsage = -1;

  /**
   * @param root where {@code sys} and {@code proc} are
   * @param cores of the host
   */
  Cgroups(Path root, int cores, LongSupplier nanoTime) {
    this.root = root;
    this.cores = cores;
    this.nanoTime = nanoTime;
    read();
  }

  /** Null if there is no limit, or nothing to find out. */
  HostMetrics.@Nullable Cgroup read() {
    try {
      List<String> own = Files.readAllLines(root.resolve("proc/self/cgroup"));
      return own.stream().anyMatch(line -> controllers(line).contains("memory"))
          ? versionOne(own)
          : versionTwo(own);
    } catch (IOException | RuntimeException e) {
      return null; // another system, or files that are out of reach
    }
  }

  private static List<String> controllers(String line) {
    return Arrays.asList(line.split(":", 3)[1].split(","));
  }

  /** The directories of a group and of those around it, the group's own first. */
  private List<Path> groups(String hierarchy, String path, String mark) {
    Path top = root.resolve("sys/fs/cgroup").resolve(hierarchy).normalize();
    List<Path> groups = new ArrayList<>();
    // In a container its own group is mounted as the top, whatever the path is.
    for (Path at = top.resolve(path.substring(1)).normalize();
        at != null && at.startsWith(top);
        at = at.getParent()) {
      if (Files.exists(at.resolve(mark))) {
        groups.add(at);
      }
    }
    return groups;
  }

  private HostMetrics.@Nullable Cgroup versionTwo(List<String> own) throws IOException {
    String path =
        own.stream()
            .filter(line -> line.startsWith("0::"))
            .findFirst()
            .orElseThrow()
            .substring("0::".length());
    Path memory = null;
    long memoryLimit = NO_LIMIT;
    for (Path group : groups("", path, "memory.max")) {
      String max = text(group, "memory.max");
      if (!max.equals("max") && Long.parseLong(max) < memoryLimit) {
        memoryLimit = Long.parseLong(max);
        memory = group;
      }
    }
    Path cpu = null;
    double cpuLimit = cores;
    for (Path group : groups("", path, "cpu.max")) {
      String[] max = text(group, "cpu.max").split(" ", 2);
      if (!max[0].equals("max") && Double.parseDouble(max[0]) / Long.parseLong(max[1]) < cpuLimit) {
        cpuLimit = Double.parseDouble(max[0]) / Long.parseLong(max[1]);
        cpu = group;
      }
    }
    Path used = memory == null ? cpu : memory;
    Path busy = cpu == null ? memory : cpu;
    if (used == null || busy == null) {
      return null;
    }
    return cgroup(
        cpu == null ? null : cpuLimit,
        1000 * field(busy, "cpu.stat", "usage_usec"),
        Long.parseLong(text(used, "memory.current")) - field(used, "memory.stat", "inactive_file"),
        memory == null ? null : memoryLimit);
  }

  private HostMetrics.@Nullable Cgroup versionOne(List<String> own) throws IOException {
    List<Path> memories = groups("memory", path(own, "memory"), "memory.limit_in_bytes");
    Path memory = memories.get(0);
    long memoryLimit = NO_LIMIT;
    for (Path group : memories) {
      long limit = Long.parseLong(text(group, "memory.limit_in_bytes"));
      if (limit < memoryLimit) {
        memoryLimit = limit;
        memory = group;
      }
    }
    List<Path> cpus = groups("cpu", path(own, "cpu"), "cpu.cfs_quota_us");
    Path cpu = null;
    double cpuLimit = cores;
    for (Path group : cpus) {
      long quota = Long.parseLong(text(group, "cpu.cfs_quota_us"));
      double limit = (double) quota / Long.parseLong(text(group, "cpu.cfs_period_us"));
      if (quota > 0 && limit < cpuLimit) {
        cpuLimit = limit;
        cpu = group;
      }
    }
    if (memoryLimit == NO_LIMIT && cpu == null) {
      return null;
    }
    Path busy =
        groups("cpuacct", path(own, "cpuacct"), "cpuacct.usage")
            .get(cpu == null ? 0 : cpus.indexOf(cpu));
    return cgroup(
        cpu == null ? null : cpuLimit,
        Long.parseLong(text(busy, "cpuacct.usage")),
        Long.parseLong(text(memory, "memory.usage_in_bytes"))
            - field(memory, "memory.stat", "total_inactive_file"),
        memoryLimit == NO_LIMIT ? null : memoryLimit);
  }

  private static String path(List<String> own, String controller) {
    return own.stream()
        .filter(line -> controllers(line).contains(controller))
        .findFirst()
        .orElseThrow()
        .split(":", 3)[2];
  }

  private HostMetrics.Cgroup cgroup(
      @Nullable Double cpuLimit, long cpuNanos, long memoryUsed, @Nullable Long memoryLimit) {
    long now = nanoTime.getAsLong();
    Double usage = null;
    if (lastUsage >= 0 && now > lastTime) {
      double possible = (now - lastTime) * (cpuLimit == null ? cores : cpuLimit);
      usage = HostMetrics.percentOf(Math.max(0, cpuNanos - lastUsage), Math.round(possible));
    }
    lastTime = now;
    lastUsage = cpuNanos;
    long used = Math.max(0, memoryUsed);
    return new HostMetrics.Cgroup(
        cpuLimit == null ? null : Math.round(cpuLimit * 100) / 100.0,
        usage,
        used,
        memoryLimit,
        memoryLimit == null ? null : HostMetrics.percentOf(used, memoryLimit));
  }

  private static String text(Path group, String file) throws IOException {
    return Files.readString(group.resolve(file)).strip();
  }

  private static long field(Path group, String file, String name) throws IOException {
    for (String line : Files.readAllLines(group.resolve(file))) {
      if (line.startsWith(name + " ")) {
        return Long.parseLong(line.substring(name.length() + 1));
      }
    }
    throw new IOException("no " + name + " in " + file);
  }
}
