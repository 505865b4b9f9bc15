package io.miststream.metrics;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Readings that may hang: each on a thread of its own, waited for only so long, and not begun again
 * before it has come back. For one thread at a time.
 */
final class GuardedReads implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(GuardedReads.class.getName());

  private final long patience;
  private final List<Read<?>> reads = new ArrayList<>();
  private final ThreadPoolExecutor threads;
  private long deadline;

  /**
   * @param patience how long to wait for all of them together
   */
  GuardedReads(Duration patience) {
    this.patience = patience.toNanos();
    AtomicInteger number = new AtomicInteger();
    threads =
        new ThreadPoolExecutor(
            0,
            1, // and one each with add()
            10,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(), // of one each at most, for none is begun twice
            task -> {
              Thread thread = new Thread(task, "mist-metrics-read-" + number.incrementAndGet());
              thread.setDaemon(true);
              return thread;
            });
    threads.allowCoreThreadTimeOut(true);
  }

  /** Adds one that is called from then on. */
  <T> Read<T> add(String name, Supplier<@Nullable T> supplier) {
    Read<T> read = new Read<>(name, supplier);
    reads.add(read);
    threads.setMaximumPoolSize(reads.size());
    threads.setCorePoolSize(reads.size());
    return read;
  }

  /** Begins all those that are not still hanging. */
  void begin() {
    deadline = System.nanoTime() + patience;
    reads.forEach(Read::begin);
  }

  /** Waits for all of them, whatever they say. */
  void settle() {
    reads.forEach(read -> read.await(new Errors()));
  }

  /** Those that hang are interrupted, and their threads end whenever they come back. */
  @Override
  public void close() {
    threads.shutdownNow();
  }

  /** What has gone wrong in one sample. */
  static final class Errors {
    private final Map<String, String> all = new LinkedHashMap<>();

    Map<String, String> all() {
      return all;
    }

    void add(String name, Throwable problem) {
      LOG.log(System.Logger.Level.DEBUG, name + " cannot be read", problem);
      String message = problem.getMessage();
      all.put(name, message == null ? problem.getClass().getSimpleName() : message);
    }

    /** Reads what does not hang; null if it fails. */
    <T> @Nullable T read(String name, Supplier<@Nullable T> supplier) {
      try {
        return supplier.get();
      } catch (RuntimeException | LinkageError e) { // a native library may be missing
        add(name, e);
        return null;
      }
    }
  }

  /** One reading. */
  final class Read<T> {
    private final String name;
    private final Supplier<@Nullable T> supplier;
    private @Nullable Future<@Nullable T> answer;
    private boolean fresh; // whether the answer is to the last beginning

    private Read(String name, Supplier<@Nullable T> supplier) {
      this.name = name;
      this.supplier = supplier;
    }

    private void begin() {
      fresh = answer == null || answer.isDone();
      if (fresh) {
        answer = threads.submit(supplier::get);
      }
    }

    /** What it says, if it does so in time; else null. */
    @Nullable T await(Errors errors) {
      Future<@Nullable T> pending = answer;
      try {
        if (pending == null || !fresh) {
          throw new TimeoutException();
        }
        return pending.get(Math.max(0, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
      } catch (TimeoutException e) {
        errors.all.put(name, "no answer within " + TimeUnit.NANOSECONDS.toMillis(patience) + " ms");
      } catch (ExecutionException e) {
        errors.add(name, e.getCause() == null ? e : e.getCause());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        errors.add(name, e);
      }
      return null;
    }
  }
}
