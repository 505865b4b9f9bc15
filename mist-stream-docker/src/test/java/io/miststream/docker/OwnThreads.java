package io.miststream.docker;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;

/**
 * The product's threads that a part of a test has started, directly or not, so that they can be
 * told from those of the tests beside it.
 */
final class OwnThreads {
  private final ThreadGroup group = new ThreadGroup("own threads of a test");

  private OwnThreads() {}

  /** A part of a test. */
  interface Part {
    void run(OwnThreads threads) throws Exception;
  }

  /** Runs a part of a test in a thread group of its own. */
  static void run(Part part) throws Exception {
    OwnThreads threads = new OwnThreads();
    FutureTask<Void> task =
        new FutureTask<>(
            () -> {
              part.run(threads);
              return null;
            });
    new Thread(threads.group, task, "own threads").start();
    try {
      task.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Exception cause) {
        throw cause;
      }
      throw (Error) e.getCause();
    }
  }

  /** The names of those that are alive, so far as they begin so. */
  List<String> named(String prefix) {
    Thread[] all = new Thread[2 * group.activeCount() + 10];
    return Stream.of(Arrays.copyOf(all, group.enumerate(all)))
        .map(Thread::getName)
        .filter(name -> name.startsWith(prefix))
        .toList();
  }
}
