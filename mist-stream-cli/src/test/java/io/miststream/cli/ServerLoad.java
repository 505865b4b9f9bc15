package io.miststream.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;

/**
 * What a server's process holds, as the system and its virtual machine tell.
 *
 * @param descriptors open files and sockets
 * @param threads those of the server, see {@link #of}
 * @param heapBytes what is left in the heap after a collection; 0 if not asked for
 */
record ServerLoad(long descriptors, long threads, long heapBytes) {
  // The compiler's and the collector's own, whose number follows the work.
  private static final Pattern JVM_THREAD = Pattern.compile("C[12] Compiler.*|GC Thread.*|G1 .*");
  private static final Pattern TOTAL = Pattern.compile("(?m)^Total +\\d+ +(\\d+)");

  /** What it holds now, without the heap, which takes a while. */
  static ServerLoad of(ServerProcess server) {
    Path process = Path.of("/proc", "" + server.pid());
    try (Stream<Path> descriptors = Files.list(process.resolve("fd"));
        Stream<Path> threads = Files.list(process.resolve("task"))) {
      return new ServerLoad(
          descriptors.count(), threads.filter(thread -> !isOfJvm(thread)).count(), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isOfJvm(Path thread) {
    try {
      return JVM_THREAD.matcher(Files.readString(thread.resolve("comm")).trim()).matches();
    } catch (NoSuchFileException ended) {
      return true; // since it was listed
    } catch (IOException e) {
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

  /** Waits until it holds no more descriptors and threads than before. */
  static void awaitRest(ServerProcess server, ServerLoad before) {
    // Workers go after 30 s without work, and so do connections without another request.
    Awaitility.await()
        .atMost(Duration.ofSeconds(90))
        .untilAsserted(
            () -> {
              ServerLoad now = of(server);
              assertThat(now.descriptors).isLessThanOrEqualTo(before.descriptors);
              assertThat(now.threads).isLessThanOrEqualTo(before.threads);
            });
  }

  /** Waits until the heap is as it was, too; for that the lines must have been forgotten. */
  static ServerLoad awaitHeap(ServerProcess server, ServerLoad before) {
    // Besides, there is what the transport keeps to use again: buffers of each worker.
    long most = before.heapBytes + (4 << 20);
    return Awaitility.await()
        .pollInterval(Duration.ofSeconds(1))
        .atMost(Duration.ofSeconds(60))
        .until(() -> withHeap(server), now -> now.heapBytes < most);
  }

  @Override
  public String toString() {
    return descriptors
        + " descriptors, "
        + threads
        + " threads"
        + (heapBytes == 0 ? "" : ", " + (heapBytes >> 10) + " KiB of heap");
  }
}
