package io.miststream.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells when a small file has changed. A daemon thread looks at it twice a second: its text, unlike
 * its time or a watch of the directory, tells each change whatever an editor or a mount does to it.
 */
final class FileWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FileWatch.class);
  private static final long PERIOD_MILLIS = 500;

  private final Path path;
  private final Runnable changed;
  private final ScheduledExecutorService looks;
  // Both are the thread's alone. At first the file is taken again: it may have changed since.
  private @Nullable String seen; // null: cannot be read
  private boolean taken;

  /**
   * Begins to look.
   *
   * @param thread its name
   * @param changed is told once the text has been the same for a moment, on that thread
   */
  FileWatch(Path path, String thread, Runnable changed) {
    this.path = path;
    this.changed = changed;
    this.looks =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread looking = new Thread(task, thread);
              looking.setDaemon(true);
              return looking;
            });
    if (Files.isRegularFile(path)) { // a pipe can be read only once
      Future<?> unused =
          looks.scheduleWithFixedDelay(
              this::look, PERIOD_MILLIS, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  private void look() {
    String now = text();
    if (!Objects.equals(now, seen)) {
      seen = now;
      taken = false; // it may still be being written: an empty file is a good one
    } else if (!taken) {
      taken = true;
      try {
        changed.run();
      } catch (RuntimeException e) {
        LOG.warn("{} cannot be taken; everything stays as it was", path, e);
      }
    }
  }

  private @Nullable String text() {
    try {
      // Any bytes will do for comparing.
      return new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return null;
    }
  }

  @Override
  public void close() {
    looks.shutdownNow();
  }
}
