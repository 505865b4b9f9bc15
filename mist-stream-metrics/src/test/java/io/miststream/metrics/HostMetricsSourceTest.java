package io.miststream.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.miststream.core.DockerCounts;
import io.miststream.core.DockerCountsSource;
import io.miststream.core.HostMetrics;
import io.miststream.core.MetricsSource;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
@Tag("jdk")
class HostMetricsSourceTest {
  /** More than a busy machine needs for what does not hang. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private static MetricsSource.Sampling openHost() {
    return HostMetricsSource.builder().patience(PATIENCE).build().open();
  }

  private static HostMetricsSource source(Supplier<Host> hosts, DockerCountsSource docker) {
    return new HostMetricsSource(hosts, docker, PATIENCE);
  }

  private static ConditionFactory await() {
    return Awaitility.await().atMost(PATIENCE).pollInterval(Duration.ofMillis(10));
  }

  /** Busy and total time of all processors, after proc(5). */
  private record Ticks(long busy, long total) {
    static Ticks now() throws IOException {
      long[] fields =
          Arrays.stream(Files.readAllLines(Path.of("/proc/stat")).get(0).split("\\s+", -1))
              .skip(1)
              .limit(8) // what guests use is in user time already
              .mapToLong(Long::parseLong)
              .toArray();
      long total = Arrays.stream(fields).sum();
      return new Ticks(total - fields[3] - fields[4], total);
    }

    Ticks minus(Ticks other) {
      return new Ticks(busy - other.busy, total - other.total);
    }
  }

  private static long meminfo(String name) throws IOException {
    return Files.readAllLines(Path.of("/proc/meminfo")).stream()
        .filter(line -> line.startsWith(name + ":"))
        .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }

  private static long usedMemory() throws IOException {
    return meminfo("MemTotal") - meminfo("MemAvailable");
  }

  private static double load() throws IOException {
    return Double.parseDouble(Files.readString(Path.of("/proc/loadavg")).split(" ", 2)[0]);
  }

  private static long processes() throws IOException {
    try (Stream<Path> all = Files.list(Path.of("/proc"))) {
      return all.filter(p -> p.getFileName().toString().matches("\\d+")).count();
    }
  }

  private static String run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(text).isZero();
    return text;
  }

  @Test
  void aBusyThreadIsSeenAsTheKernelSeesIt() throws Exception {
    AtomicBoolean over = new AtomicBoolean();
    Thread busy =
        new Thread(
            () -> {
              while (!over.get()) {
                Thread.onSpinWait();
              }
            });
    busy.start();
    try (MetricsSource.Sampling sampling = openHost()) {
      Ticks before = Ticks.now();
      sampling.sample();
      Ticks begin = Ticks.now();
      long halfASecond = 50L * Runtime.getRuntime().availableProcessors(); // of ticks of 10 ms
      await().until(() -> Ticks.now().minus(begin).total() > halfASecond);
      Ticks end = Ticks.now();
      HostMetrics.Cpu cpu = sampling.sample().cpu();
      // What was sampled is more than these and less than those.
      Ticks within = end.minus(begin);
      Ticks around = Ticks.now().minus(before);
      double least = 100.0 * within.busy() / around.total() - 3;
      double most = 100.0 * around.busy() / within.total() + 3;
      assertThat(cpu.usage()).isBetween(least, most);
      assertThat(cpu.usage()).isGreaterThan(80.0 / cpu.cores());
      assertThat(cpu.cores()).isEqualTo(Runtime.getRuntime().availableProcessors());
      assertThat(cpu.perCore()).hasSize(cpu.cores());
      assertThat(cpu.perCore().stream().mapToDouble(d -> d).average().orElseThrow())
          .isBetween(least, most);
    } finally {
      over.set(true);
      busy.join();
    }
  }

  @Test
  void whatItSaysIsWhatTheSystemsOwnToolsSay() throws Exception {
    try (MetricsSource.Sampling sampling = openHost()) {
      double loadBefore = load();
      long usedBefore = usedMemory();
      long processesBefore = processes();
      HostMetrics now = sampling.sample();
      double loadAfter = load();
      long usedAfter = usedMemory();
      long processesAfter = processes();
      assertThat(now.errors()).isEmpty();

      long total = now.memory().total();
      assertThat(total).isEqualTo(meminfo("MemTotal"));
      assertThat(now.memory().used())
          .isBetween(
              Math.min(usedBefore, usedAfter) - total / 20,
              Math.max(usedBefore, usedAfter) + total / 20);
      assertThat(now.memory().available()).isEqualTo(total - now.memory().used());
      assertThat(now.memory().percent())
          .isCloseTo(100.0 * now.memory().used() / total, within(0.1));
      assertThat(now.swap().total()).isEqualTo(meminfo("SwapTotal"));

      Path data = Path.of("/var/lib/docker");
      String[] df =
          run("df", "-B1", "--output=used,size", (Files.exists(data) ? data : "/") + "")
              .lines()
              .skip(1)
              .findFirst()
              .orElseThrow()
              .strip()
              .split("\\s+", -1);
      assertThat(now.disk().total()).isEqualTo(Long.parseLong(df[1]));
      assertThat(now.disk().used())
          .isCloseTo(Long.parseLong(df[0]), within(now.disk().total() / 50));

      assertThat(now.load()).hasSize(3);
      assertThat(now.load().get(0))
          .isBetween(Math.min(loadBefore, loadAfter) - 0.1, Math.max(loadBefore, loadAfter) + 0.1);
      double uptime =
          Double.parseDouble(Files.readString(Path.of("/proc/uptime")).split(" ", 2)[0]);
      assertThat((double) now.uptime()).isCloseTo(uptime, within(5.0));
      assertThat((long) now.processes())
          .isBetween(
              Math.min(processesBefore, processesAfter) - 20,
              Math.max(processesBefore, processesAfter) + 20);
    }
  }

  @Test
  void everyDiskAndInterfaceIsNamed() throws Exception {
    try (MetricsSource.Sampling sampling = openHost()) {
      HostMetrics now = sampling.sample();
      assertThat(now.disks())
          .allSatisfy(
              disk -> {
                assertThat(Path.of(disk.mount())).exists();
                assertThat(disk.total()).isPositive();
                assertThat(disk.percent()).isBetween(0.0, 100.0);
              });
      assertThat(now.diskIo())
          .allSatisfy(disk -> assertThat(Path.of("/sys/class/block", disk.name())).exists());
      assertThat(now.network())
          .allSatisfy(network -> assertThat(Path.of("/sys/class/net", network.name())).exists());
    }
  }

  /** Reads well but for what a test has it do otherwise. */
  private static class Scripted implements Host {
    final CountDownLatch hang = new CountDownLatch(1);
    final AtomicInteger disksAsked = new AtomicInteger();
    volatile boolean hangs;
    volatile boolean fails;

    private void mayFail() {
      if (fails) {
        throw new IllegalStateException("meant to fail");
      }
    }

    @Override
    public int cores() {
      return 3;
    }

    @Override
    public HostMetrics.Cpu cpu() {
      mayFail();
      return new HostMetrics.Cpu(50.0, 3, List.of(50.0, 50.0, 50.0));
    }

    @Override
    public HostMetrics.Memory memory() {
      mayFail();
      return new HostMetrics.Memory(1L, 2L, 50.0, 1L);
    }

    @Override
    public HostMetrics.Space swap() {
      return HostMetrics.Space.of(0, 0);
    }

    @Override
    public List<Double> load() {
      return List.of(1.0, 2.0, 3.0);
    }

    @Override
    public Long uptime() {
      return 1L;
    }

    @Override
    public Integer processes() {
      return 1;
    }

    @Override
    public HostMetrics.Cgroup cgroup() {
      return null;
    }

    @Override
    public HostMetrics.Space disk() {
      mayFail();
      return HostMetrics.Space.of(1, 2);
    }

    @Override
    public List<HostMetrics.Mount> disks() {
      disksAsked.incrementAndGet();
      while (hangs) {
        try {
          hang.await();
        } catch (InterruptedException e) {
          // As a system call on a dead mount: nothing ends it.
          continue;
        }
        break;
      }
      return List.of();
    }

    @Override
    public List<HostMetrics.DiskRate> diskIo() {
      return List.of();
    }

    @Override
    public List<HostMetrics.NetworkRate> network() {
      mayFail();
      return List.of();
    }

    @Override
    public Double temperature() {
      return null;
    }
  }

  private static long readThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(t -> t.getName().startsWith("mist-metrics-read"))
        .count();
  }

  @Test
  void whatHangsCostsItsOwnFieldAndOneThread() {
    await().until(() -> readThreads() == 0); // those of other tests
    Scripted host = new Scripted();
    Duration patience = Duration.ofSeconds(2);
    try (MetricsSource.Sampling sampling =
        new HostMetricsSource(() -> host, null, patience).open()) {
      assertThat(sampling.sample().errors()).isEmpty();
      host.hangs = true;
      int asked = host.disksAsked.get();
      long begun = System.nanoTime();
      for (int i = 0; i < 30; i++) {
        HostMetrics now = sampling.sample();
        assertThat(now.disks()).isNull();
        assertThat(now.errors()).containsOnlyKeys("disks");
        assertThat(now.errors().get("disks")).isEqualTo("no answer within 2000 ms");
        assertThat(now.network()).isEmpty();
        assertThat(now.cpu().usage()).isEqualTo(50.0);
      }
      // Only the first waits: all together would wait three times as long as this.
      assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(patience.multipliedBy(10));
      assertThat(host.disksAsked.get()).isEqualTo(asked + 1);
      assertThat(readThreads()).isLessThanOrEqualTo(5);
      host.hangs = false;
      host.hang.countDown();
      await().until(() -> sampling.sample().errors().isEmpty());
    }
    await().until(() -> readThreads() == 0);
  }

  @Test
  void whatFailsCostsItsOwnFieldAndSaysWhy() {
    Scripted host = new Scripted();
    host.fails = true;
    try (MetricsSource.Sampling sampling = source(() -> host, null).open()) {
      HostMetrics now = sampling.sample();
      assertThat(now.errors())
          .containsOnlyKeys("cpu", "memory", "disk", "network")
          .containsEntry("cpu", "meant to fail")
          .containsEntry("network", "meant to fail");
      assertThat(now.cpu()).isEqualTo(new HostMetrics.Cpu(null, 3, null));
      assertThat(now.memory()).isEqualTo(new HostMetrics.Memory(null, null, null, null));
      assertThat(now.disk()).isEqualTo(HostMetrics.Space.UNKNOWN);
      assertThat(now.network()).isNull();
      assertThat(now.load()).containsExactly(1.0, 2.0, 3.0);
      assertThat(now.docker().error()).isEqualTo("Docker is not asked");
    }
  }

  @Test
  void dockerIsCountedAsLongAsItIsSampled() {
    AtomicInteger open = new AtomicInteger();
    DockerCountsSource docker =
        () -> {
          open.incrementAndGet();
          return new DockerCountsSource.Counting() {
            @Override
            public DockerCounts latest() {
              return new DockerCounts(1, 2, 3, null);
            }

            @Override
            public void close() {
              open.decrementAndGet();
            }
          };
        };
    HostMetricsSource source = source(Scripted::new, docker);
    try (MetricsSource.Sampling sampling = source.open()) {
      assertThat(sampling.sample().docker()).isEqualTo(new DockerCounts(1, 2, 3, null));
      assertThat(open).hasValue(1);
    }
    assertThat(open).hasValue(0);
    HostMetricsSource broken =
        source(
            () -> {
              throw new UnsatisfiedLinkError("meant to fail");
            },
            docker);
    assertThatThrownBy(broken::open).isInstanceOf(IllegalStateException.class);
    assertThat(open).hasValue(0);
  }
}
