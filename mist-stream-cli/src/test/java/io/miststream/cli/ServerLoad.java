package io.miststream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/**
 * What a server's process holds, as the system and its virtual machine tell.
 *
 * @param descriptors how many there are of each kind or file, without local sockets: how many of
 *     these lead to the engine depends on how many calls it had to answer at a time
 * @param threads how many there are of each name, without numbers and cut off by the system
 * @param heapBytes what is left in the heap after a collection; 0 if not asked for
 */
record ServerLoad(Map<String, Long> descriptors, Map<String, Long> threads, long heapBytes) {
  // The compiler's and the collector's own, whose number follows the work.
  private static final Pattern JVM_THREAD =
      Pattern.compile("C[12] Compiler.*|GC Thread.*|G1 .*|Attach Listener|Sweeper thread");
  private static final Pattern TOTAL = Pattern.compile("(?m)^Total +\\d+ +(\\d+)");
  private static final long PER_PROCESSOR = Math.max(2, Runtime.getRuntime().availableProcessors());

  /**
   * Pools whose size follows the work, and the most threads of each, see docs/THREADING.md: how
   * many there are when nothing is left to do depends on how busy the machine was before.
   */
  private static final Map<String, Long> POOLS =
      Map.ofEntries(
          Map.entry("ForkJoinPool.co", PER_PROCESSOR), // the JDK's
          Map.entry("JNA Cleaner", 1L), // begins with the first reading of the host's metrics
          Map.entry("mist-deployment", 4L),
          // One for each that calls at the time: who counts, and who looks after an app's logs.
          Map.entry("mist-docker-cal", 8L),
          Map.entry("mist-docker-tim", 1L),
          Map.entry("mist-journal-pu", PER_PROCESSOR),
          Map.entry("mist-metrics-pu", 2L),
          Map.entry("mist-metrics-re", 5L),
          Map.entry("mist-pump", PER_PROCESSOR),
          Map.entry("mist-stats-pump", 2L),
          Map.entry("mist-stream-htt", 8L),
          Map.entry("mist-stream-rea", 2L),
          Map.entry("mist-stream-wor", 16L));

  /** What it holds now, without the heap, which takes a while. */
  static ServerLoad of(ServerProcess server) {
    Path process = Path.of("/proc", "" + server.pid());
    return new ServerLoad(descriptors(process), threads(process), 0);
  }

  private static Map<String, Long> descriptors(Path process) {
    try (Stream<Path> descriptors = Files.list(process.resolve("fd"));
        Stream<String> sockets = Files.lines(process.resolve("net/unix"))) {
      List<String> open = descriptors.map(ServerLoad::target).toList();
      // The seventh word of a line is the socket's number.
      Set<String> local =
          sockets
              .map(line -> "socket:[" + line.split(" +", -1)[6] + "]")
              .collect(Collectors.toSet());
      return open.stream()
          .filter(target -> !target.isEmpty() && !local.contains(target))
          .map(target -> target.replaceFirst("^(socket|pipe):.*", "$1"))
          .collect(Collectors.groupingBy(target -> target, TreeMap::new, Collectors.counting()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What a descriptor leads to, empty if it has been closed. */
  private static String target(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString();
    } catch (NoSuchFileException closed) {
      return "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, Long> threads(Path process) {
    try (Stream<Path> threads = Files.list(process.resolve("task"))) {
      return threads
          .map(ServerLoad::name)
          .filter(name -> !name.isEmpty() && !JVM_THREAD.matcher(name).matches())
          .map(name -> name.replaceFirst("(-?\\d+|\\(\\d*|-)$", ""))
          .collect(Collectors.groupingBy(name -> name, TreeMap::new, Collectors.counting()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A thread's name, empty if it has ended. */
  private static String name(Path thread) {
    try {
      return Files.readString(thread.resolve("comm")).trim();
    } catch (NoSuchFileException ended) {
      return "";
    } catch (IOException e) {
      if (Files.notExists(thread)) {
        return ""; // while it was read
      }
      throw new UncheckedIOException(e);
    }
  }

  /** The same with the heap. */
  static ServerLoad withHeap(ServerProcess server) {
    String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
    try {
      // Counts what is alive, and collects everything else before.
      Process process =
          new ProcessBuilder(jcmd, "" + server.pid(), "GC.class_histogram")
              .redirectErrorStream(true)
              .start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      Matcher total = TOTAL.matcher(said);
      if (!total.find()) {
        throw new IllegalStateException(said);
      }
      ServerLoad now = of(server);
      return new ServerLoad(now.descriptors, now.threads, Long.parseLong(total.group(1)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Waits until it holds no more descriptors and threads than before, or than a pool may have. */
  static void awaitRest(ServerProcess server, ServerLoad before) {
    // Connections without another request go after 30 s.
    Awaitility.await()
        .atMost(Duration.ofSeconds(90))
        .untilAsserted(
            () -> {
              ServerLoad now = of(server);
              assertNoMore(now.descriptors, before.descriptors);
              assertNoMore(now.threads, before.threads);
            });
  }

  private static void assertNoMore(Map<String, Long> now, Map<String, Long> before) {
    assertThat(now)
        .allSatisfy(
            (name, count) ->
                assertThat(count)
                    .as(name)
                    .isLessThanOrEqualTo(POOLS.getOrDefault(name, before.getOrDefault(name, 0L))));
  }

  /** Waits until the heap is as it was, too; for that the lines must have been forgotten. */
  static ServerLoad awaitHeap(ServerProcess server, ServerLoad before) {
    // Besides, there is what the transport keeps to use again: buffers of each worker.
    long most = before.heapBytes + (4 << 20);
    return Awaitility.await()
        .pollInterval(Duration.ofSeconds(1))
        .atMost(Duration.ofSeconds(90))
        .until(() -> withHeap(server), now -> now.heapBytes < most);
  }

  long descriptorCount() {
    return sum(descriptors);
  }

  long threadCount() {
    return sum(threads);
  }

  private static long sum(Map<String, Long> counts) {
    return counts.values().stream().mapToLong(Long::longValue).sum();
  }

  @Override
  public String toString() {
    return descriptorCount()
        + " descriptors, "
        + threadCount()
        + " threads"
        + (heapBytes == 0 ? "" : ", " + (heapBytes >> 10) + " KiB of heap");
  }
}
