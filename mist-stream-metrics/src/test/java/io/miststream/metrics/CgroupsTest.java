package io.miststream.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.HostMetrics;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CgroupsTest {
  @TempDir private Path root;
  private long now;

  private void file(String path, String text) throws IOException {
    Path file = root.resolve(path);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text + "\n");
  }

  private Cgroups cgroups() {
    return new Cgroups(root, 4, () -> now);
  }

  private void group(String at, String memory, long current, String cpu, long usage)
      throws IOException {
    file(at + "memory.max", memory);
    file(at + "memory.current", "" + current);
    file(at + "memory.stat", "anon 5\ninactive_file 100\nactive_file 3");
    file(at + "cpu.max", cpu);
    file(at + "cpu.stat", "usage_usec " + usage + "\nuser_usec 1");
  }

  @Test
  void versionTwoInsideAContainer() throws IOException {
    file("proc/self/cgroup", "0::/");
    group("sys/fs/cgroup/", "1000", 600, "150000 100000", 1_000_000);
    Cgroups cgroups = cgroups();
    now += 1_000_000_000L;
    group("sys/fs/cgroup/", "1000", 600, "150000 100000", 1_750_000);
    assertThat(cgroups.read()).isEqualTo(new HostMetrics.Cgroup(1.5, 50.0, 500L, 1000L, 50.0));
  }

  @Test
  void theTightestOfVersionTwoCounts() throws IOException {
    file("proc/self/cgroup", "0::/outer/inner");
    group("sys/fs/cgroup/outer/", "1000", 900, "max 100000", 0);
    group("sys/fs/cgroup/outer/inner/", "2000", 300, "200000 100000", 0);
    Cgroups cgroups = cgroups();
    now += 1_000_000_000L;
    assertThat(cgroups.read()).isEqualTo(new HostMetrics.Cgroup(2.0, 0.0, 800L, 1000L, 80.0));
  }

  @Test
  void whereOnlyMemoryIsLimitedTheProcessorIsTheHosts() throws IOException {
    file("proc/self/cgroup", "0::/");
    group("sys/fs/cgroup/", "1000", 50, "max 100000", 0);
    Cgroups cgroups = cgroups();
    now += 1_000_000_000L;
    group("sys/fs/cgroup/", "1000", 50, "max 100000", 1_000_000);
    assertThat(cgroups.read()).isEqualTo(new HostMetrics.Cgroup(null, 25.0, 0L, 1000L, 0.0));
  }

  @Test
  void withoutLimitsThereIsNothingToTell() throws IOException {
    assertThat(cgroups().read()).isNull(); // another system
    file("proc/self/cgroup", "0::/");
    assertThat(cgroups().read()).isNull(); // the host's own group
    group("sys/fs/cgroup/", "max", 50, "max 100000", 0);
    assertThat(cgroups().read()).isNull();
    file("sys/fs/cgroup/memory.max", "garbage");
    assertThat(cgroups().read()).isNull();
  }

  private void versionOne(String limit, String quota) throws IOException {
    file("proc/self/cgroup", "5:memory:/docker/1\n3:cpu,cpuacct:/docker/1\n1:name=systemd:/x");
    file("sys/fs/cgroup/memory/memory.limit_in_bytes", limit);
    file("sys/fs/cgroup/memory/memory.usage_in_bytes", "600");
    file("sys/fs/cgroup/memory/memory.stat", "cache 7\ntotal_inactive_file 100");
    file("sys/fs/cgroup/cpu/cpu.cfs_quota_us", quota);
    file("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000");
    file("sys/fs/cgroup/cpuacct/cpuacct.usage", "1000000000");
  }

  @Test
  void versionOneInsideAContainer() throws IOException {
    versionOne("1000", "50000");
    Cgroups cgroups = cgroups();
    now += 1_000_000_000L;
    file("sys/fs/cgroup/cpuacct/cpuacct.usage", "1400000000");
    assertThat(cgroups.read()).isEqualTo(new HostMetrics.Cgroup(0.5, 80.0, 500L, 1000L, 50.0));
  }

  @Test
  void versionOneWithoutLimits() throws IOException {
    versionOne("9223372036854771712", "-1");
    assertThat(cgroups().read()).isNull();
    versionOne("9223372036854771712", "100000");
    assertThat(cgroups().read()).isEqualTo(new HostMetrics.Cgroup(1.0, null, 500L, null, null));
  }
}
