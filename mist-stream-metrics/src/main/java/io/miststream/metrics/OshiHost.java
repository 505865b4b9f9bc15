package io.miststream.metrics;

import io.miststream.core.HostMetrics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import oshi.SystemInfo;
import oshi.hardware.CentralProcessor;
import oshi.hardware.GlobalMemory;
import oshi.hardware.HWDiskStore;
import oshi.hardware.HardwareAbstractionLayer;
import oshi.hardware.NetworkIF;
import oshi.software.os.OSFileStore;
import oshi.software.os.OperatingSystem;

/**
 * The readings that OSHI has, and those of control groups.
 *
 * <p>To find out what devices there are takes far longer than to read their counters, and so it is
 * done every {@link #SEARCH} only.
 */
final class OshiHost implements Host {
  /** How often to look for new disks and network interfaces, and at the space on all disks. */
  private static final Duration SEARCH = Duration.ofSeconds(10);

  private final Path dockerData;
  private final Cgroups cgroups;
  private final HardwareAbstractionLayer hardware;
  private final OperatingSystem system;
  private final CentralProcessor processor;
  private final Kept<HostMetrics.Mount> mounts = new Kept<>(this::findMounts);
  private final Kept<HWDiskStore> disks;
  private final Kept<NetworkIF> networks;
  private final Rates diskRates = new Rates(System::nanoTime);
  private final Rates networkRates = new Rates(System::nanoTime);
  private long[] ticks;
  private long[][] coreTicks;

  /** Takes the first counts. */
  OshiHost(Path dockerData) {
    this.dockerData = dockerData;
    SystemInfo info = new SystemInfo();
    hardware = info.getHardware();
    system = info.getOperatingSystem();
    processor = hardware.getProcessor();
    disks = new Kept<>(hardware::getDiskStores);
    networks = new Kept<>(hardware::getNetworkIFs);
    ticks = processor.getSystemCpuLoadTicks();
    coreTicks = processor.getProcessorCpuLoadTicks();
    cgroups = new Cgroups(Path.of("/"), processor.getLogicalProcessorCount(), System::nanoTime);
  }

  @Override
  public int cores() {
    return processor.getLogicalProcessorCount();
  }

  @Override
  public HostMetrics.Cpu cpu() {
    double usage = processor.getSystemCpuLoadBetweenTicks(ticks);
    double[] cores = processor.getProcessorCpuLoadBetweenTicks(coreTicks);
    ticks = processor.getSystemCpuLoadTicks();
    coreTicks = processor.getProcessorCpuLoadTicks();
    return new HostMetrics.Cpu(
        percent(usage), cores.length, Arrays.stream(cores).mapToObj(OshiHost::percent).toList());
  }

  private static double percent(double share) {
    return HostMetrics.percentOf(Math.round(share * 10_000), 10_000);
  }

  @Override
  public HostMetrics.Memory memory() {
    GlobalMemory memory = hardware.getMemory();
    long total = memory.getTotal();
    long available = memory.getAvailable();
    long used = total - available;
    return new HostMetrics.Memory(used, total, HostMetrics.percentOf(used, total), available);
  }

  @Override
  public HostMetrics.Space swap() {
    var memory = hardware.getMemory().getVirtualMemory();
    return HostMetrics.Space.of(memory.getSwapUsed(), memory.getSwapTotal());
  }

  @Override
  public @Nullable List<Double> load() {
    double[] load = processor.getSystemLoadAverage(3);
    // Negative where the system has none, as Windows.
    return load[0] < 0
        ? null
        : Arrays.stream(load).mapToObj(l -> Math.round(l * 100) / 100.0).toList();
  }

  @Override
  public Long uptime() {
    return system.getSystemUptime();
  }

  @Override
  public Integer processes() {
    return system.getProcessCount();
  }

  @Override
  public HostMetrics.@Nullable Cgroup cgroup() {
    return cgroups.read();
  }

  @Override
  public HostMetrics.Space disk() {
    try {
      FileStore store = Files.getFileStore(Files.exists(dockerData) ? dockerData : root());
      return HostMetrics.Space.of(
          store.getTotalSpace() - store.getUnallocatedSpace(), store.getTotalSpace());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path root() {
    return Path.of("").toAbsolutePath().getRoot();
  }

  @Override
  public List<HostMetrics.Mount> disks() {
    return mounts.get(mount -> true);
  }

  private List<HostMetrics.Mount> findMounts() {
    List<HostMetrics.Mount> mounts = new ArrayList<>();
    for (OSFileStore store : system.getFileSystem().getFileStores()) {
      long total = store.getTotalSpace();
      long used = total - store.getFreeSpace();
      if (total > 0) {
        mounts.add(
            new HostMetrics.Mount(
                store.getMount(),
                store.getType(),
                used,
                total,
                HostMetrics.percentOf(used, total)));
      }
    }
    return mounts;
  }

  @Override
  public List<HostMetrics.DiskRate> diskIo() {
    List<HostMetrics.DiskRate> rates = new ArrayList<>();
    diskRates.next();
    for (HWDiskStore disk : disks.get(HWDiskStore::updateAttributes)) {
      String name = disk.getName().substring(disk.getName().lastIndexOf('/') + 1);
      rates.add(
          diskRates.rate(
              name, disk.getReadBytes(), disk.getWriteBytes(), HostMetrics.DiskRate::new));
    }
    return rates;
  }

  @Override
  public List<HostMetrics.NetworkRate> network() {
    List<HostMetrics.NetworkRate> rates = new ArrayList<>();
    networkRates.next();
    for (NetworkIF network : networks.get(NetworkIF::updateAttributes)) {
      rates.add(
          networkRates.rate(
              network.getName(),
              network.getBytesRecv(),
              network.getBytesSent(),
              HostMetrics.NetworkRate::new));
    }
    return rates;
  }

  @Override
  public @Nullable Double temperature() {
    double degrees = hardware.getSensors().getCpuTemperature();
    // Zero, or no number, where there is no sensor.
    return degrees > 0 ? Math.round(degrees * 10) / 10.0 : null;
  }

  /** What was found, until it is time to look again. For one thread at a time. */
  private static final class Kept<T> {
    private final Supplier<List<T>> search;
    private List<T> found = List.of();
    private long searched;
    private boolean any;

    Kept(Supplier<List<T>> search) {
      this.search = search;
    }

    /** All there is, read anew: by the search, or each by {@code update}, false if it is gone. */
    List<T> get(Predicate<T> update) {
      long now = System.nanoTime();
      if (!any || now - searched >= SEARCH.toNanos()) {
        found = search.get();
        searched = now;
        any = true;
        return found;
      }
      return found.stream().filter(update).toList();
    }
  }
}
