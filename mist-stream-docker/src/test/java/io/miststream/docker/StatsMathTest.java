package io.miststream.docker;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.miststream.core.ContainerStats;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class StatsMathTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static JsonNode answer(String name) throws IOException {
    try (InputStream in = StatsMathTest.class.getResourceAsStream("/stats/" + name + ".json")) {
      return JSON.readTree(in);
    }
  }

  private static ObjectNode object(JsonNode parent, String name) {
    return (ObjectNode) parent.path(name);
  }

  /**
   * Recorded from Docker 20.10 on cgroup version 1: a container that keeps one core of two busy.
   */
  @Test
  void versionOne() throws IOException {
    assertThat(StatsMath.of(answer("cgroup-v1")))
        .isEqualTo(
            new ContainerStats(
                Instant.parse("2026-11-27T19:55:53.635182059Z"),
                "mist-app-1",
                95.34, // 967 739 094 / 2 030 000 000 of two cores
                0.87, // 8 138 752 - 7 229 440
                24105.1,
                0,
                0,
                0,
                0,
                0,
                1));
  }

  /** As version 2 has it: no cores one by one, no total fields, small letters, nulls. */
  @Test
  void versionTwo() throws IOException {
    assertThat(StatsMath.of(answer("cgroup-v2")))
        .isEqualTo(
            new ContainerStats(
                Instant.parse("2025-01-15T10:30:02.5Z"),
                "mist-app-1",
                75, // 0.75 s of the 4 s that four cores have
                64,
                512,
                12.5,
                3,
                1.5,
                4,
                1.5,
                17));
  }

  @Test
  void theFirstAnswerHasNothingToCompareWith() throws IOException {
    assertThat(StatsMath.of(answer("cgroup-v1-first"))).isNull();
  }

  @Test
  void aContainerThatHasStoppedUsesNothing() throws IOException {
    ObjectNode answer = (ObjectNode) answer("cgroup-v2");
    answer.put("read", "0001-01-01T00:00:00Z");
    answer.putObject("memory_stats");
    answer.set("cpu_stats", JSON.readTree("{\"cpu_usage\":{\"total_usage\":0}}"));
    assertThat(StatsMath.of(answer)).isNull();
  }

  @Test
  void countersThatGoBackCountNothing() throws IOException {
    JsonNode answer = answer("cgroup-v2");
    object(answer.path("cpu_stats"), "cpu_usage").put("total_usage", 1);
    assertThat(StatsMath.of(answer).cpuPercent()).isZero();
    JsonNode still = answer("cgroup-v2");
    object(still, "cpu_stats").put("system_cpu_usage", 900_000_000_000_000L);
    assertThat(StatsMath.of(still).cpuPercent()).isZero();
  }

  @Test
  void withoutTheNumberOfCoresTheyAreCounted() throws IOException {
    JsonNode answer = answer("cgroup-v1");
    object(answer, "cpu_stats").remove("online_cpus");
    assertThat(StatsMath.of(answer).cpuPercent()).isEqualTo(95.34);
  }

  @Test
  void whatIsMissingIsZero() throws IOException {
    ObjectNode answer = (ObjectNode) answer("cgroup-v2");
    answer.remove("networks"); // the host's network
    object(answer, "blkio_stats").putNull("io_service_bytes_recursive");
    object(answer, "memory_stats").remove("limit");
    answer.putObject("pids_stats");
    ContainerStats stats = StatsMath.of(answer);
    assertThat(stats.networkRxMb()).isZero();
    assertThat(stats.networkTxMb()).isZero();
    assertThat(stats.blockReadMb()).isZero();
    assertThat(stats.blockWriteMb()).isZero();
    assertThat(stats.memoryLimitMb()).isZero();
    assertThat(stats.memoryPercent()).isZero();
    assertThat(stats.pids()).isZero();
  }

  @Test
  void memoryIsNeverLessThanNothing() throws IOException {
    JsonNode answer = answer("cgroup-v2");
    object(answer.path("memory_stats"), "stats").put("inactive_file", 104857601L);
    assertThat(StatsMath.of(answer).memoryUsedMb()).isEqualTo(100);
    object(answer, "memory_stats").remove("stats");
    assertThat(StatsMath.of(answer).memoryUsedMb()).isEqualTo(100);
  }
}
