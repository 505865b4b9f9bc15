package io.miststream.core;

import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What a container uses, once a second. Megabytes are 1 048 576 bytes, and like percentages have
 * two decimals at most.
 *
 * @param timestamp when it was read, by the engine's clock
 * @param container name, without Docker's leading slash
 * @param cpuPercent share of the CPU since the reading before, 100 for one core kept busy
 * @param memoryUsedMb memory in use, without the file cache that the kernel can drop at once
 * @param memoryLimitMb what it may use at most: its limit, else the host's memory
 * @param memoryPercent the first of the limit, 0 to 100
 * @param networkRxMb received since it started, by all its interfaces
 * @param networkTxMb sent since it started
 * @param blockReadMb read from block devices since it started
 * @param blockWriteMb written to block devices since it started
 * @param pids processes and threads in it
 */
public record ContainerStats(
    Instant timestamp,
    String container,
    double cpuPercent,
    double memoryUsedMb,
    double memoryLimitMb,
    double memoryPercent,
    double networkRxMb,
    double networkTxMb,
    double blockReadMb,
    double blockWriteMb,
    long pids)
    implements StreamMessage {

  /** Null: what a container uses now is no position to continue from. */
  @Override
  public @Nullable Cursor cursor() {
    return null;
  }
}
