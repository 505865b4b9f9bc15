package io.miststream.metrics;

import io.miststream.core.HostMetrics;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import oshi.SystemInfo;
import oshi.hardware.CentralProcessor;
import oshi.hardware.GlobalMemory;
import oshi.hardware.HWDiskStore;
import oshi.hardware.HardwareAbstractionLayer;
import oshi.hardware.NetworkIF;
import oshi.software.os.OSFileStore;
import oshi.software.os.OperatingSystem;

/** The readings that OSHI has, and those of control groups. */
final class OshiHost implements Host {
  private final Path dockerData;
  private final Cgroups cgroups;
  private final HardwareAbstractionLayer hardware;
  private final OperatingSystem system;
  private final CentralProcessor processor;
  private final Rates disks = new Rates(System::nanoTime);
  private final Rates networks = new Rates(System::nanoTime);
  private long[] ticks;
  private long[][] coreTicks;

  /** Takes the first counts. */
  OshiHost(Path dockerData) {
    this.dockerData = dockerData;
    SystemInfo info = new SystemInfo();
    hardware = info.getHardware();
    system = info.getOperatingSystem();
    processor = hardware.getProcessor();
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
    disks.next();
    for (HWDiskStore disk : hardware.getDiskStores()) {
      String name = disk.getName().substring(disk.getName().lastIndexOf('/') + 1);
      rates.add(
          disks.rate(name, disk.getReadBytes(), disk.getWriteBytes(), HostMetrics.DiskRate::new));
    }
    return rates;
  }

  @Override
  public List<HostMetrics.NetworkRate> network() {
    List<HostMetrics.NetworkRate> rates = new ArrayList<>();
    networks.next();
    for (NetworkIF network : hardware.getNetworkIFs()) {
      rates.add(
          networks.rate(
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
}
