package io.miststream.docker;

import com.fasterxml.jackson.databind.JsonNode;
import io.miststream.core.ContainerStats;
import java.time.Instant;
import java.time.OffsetDateTime;
import org.jspecify.annotations.Nullable;

/**
 * What the engine's answer about a container's resources means. The answer's fields are those of
 * the Docker Engine API (GET /containers/{id}/stats); the rules are those by which Docker's own
 * command line takes its figures from them.
 */
final class StatsMath {
  private static final double MEGABYTE = 1 << 20;

  private StatsMath() {}

  /**
   * The stats of one answer, or null if there are none in it: the first answer of a stream has
   * nothing to compare with, and a container that has stopped uses nothing.
   */
  static @Nullable ContainerStats of(JsonNode answer) {
    JsonNode cpu = answer.path("cpu_stats");
    JsonNode before = answer.path("precpu_stats");
    if (!cpu.path("system_cpu_usage").isNumber() || !before.path("system_cpu_usage").isNumber()) {
      return null;
    }
    Instant read = OffsetDateTime.parse(answer.path("read").asText()).toInstant();
    JsonNode memory = answer.path("memory_stats");
    long used = memoryUsed(memory);
    long limit = memory.path("limit").asLong();
    long rx = 0;
    long tx = 0;
    for (JsonNode network : answer.path("networks")) {
      rx += network.path("rx_bytes").asLong();
      tx += network.path("tx_bytes").asLong();
    }
    return new ContainerStats(
        read,
        ContainerInfo.name(answer.path("name").asText()),
        rounded(cpuPercent(cpu, before)),
        megabytes(used),
        megabytes(limit),
        limit == 0 ? 0 : rounded(Math.min(100, 100.0 * used / limit)),
        megabytes(rx),
        megabytes(tx),
        megabytes(blockBytes(answer, "read")),
        megabytes(blockBytes(answer, "write")),
        answer.path("pids_stats").path("current").asLong());
  }

  /** The share of one core, so that two cores kept busy are 200. */
  private static double cpuPercent(JsonNode cpu, JsonNode before) {
    double used = delta(cpu.path("cpu_usage"), before.path("cpu_usage"), "total_usage");
    double possible = delta(cpu, before, "system_cpu_usage");
    int cores = cpu.path("online_cpus").asInt();
    if (cores == 0) {
      cores = cpu.path("cpu_usage").path("percpu_usage").size(); // an old engine
    }
    // Counters go back when a container is restarted in between.
    return used <= 0 || possible <= 0 ? 0 : used / possible * cores * 100;
  }

  private static double delta(JsonNode now, JsonNode before, String field) {
    return now.path(field).asDouble() - before.path(field).asDouble();
  }

  /** Without the file cache that could be dropped at once. */
  private static long memoryUsed(JsonNode memory) {
    long usage = memory.path("usage").asLong();
    JsonNode stats = memory.path("stats");
    // Of cgroup version 1, where the field of version 2 would leave out what is below the group.
    JsonNode cache =
        stats.path(stats.has("total_inactive_file") ? "total_inactive_file" : "inactive_file");
    return cache.asLong() < usage ? usage - cache.asLong() : usage;
  }

  private static long blockBytes(JsonNode answer, String operation) {
    long bytes = 0;
    for (JsonNode each : answer.path("blkio_stats").path("io_service_bytes_recursive")) {
      // Version 1 of cgroups writes it with a capital letter.
      if (each.path("op").asText().equalsIgnoreCase(operation)) {
        bytes += each.path("value").asLong();
      }
    }
    return bytes;
  }

  private static double megabytes(long bytes) {
    return rounded(bytes / MEGABYTE);
  }

  private static double rounded(double number) {
    return Math.round(number * 100) / 100.0;
  }
}
