package io.miststream.cli;

import io.miststream.core.App;
import io.miststream.core.AppCatalogue;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The apps of the configuration file. A daemon thread looks at it twice a second: it is small, and
 * its text, unlike its time or a watch of the directory, tells each change whatever an editor or a
 * mount does to it.
 */
final class FileCatalogue implements AppCatalogue, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FileCatalogue.class);
  private static final long PERIOD_MILLIS = 500;

  private final Map<String, String> environment;
  private final ScheduledExecutorService looks =
      Executors.newSingleThreadScheduledExecutor(
          task -> {
            Thread thread = new Thread(task, "mist-catalogue");
            thread.setDaemon(true);
            return thread;
          });
  private volatile List<App> apps;
  // Both are the thread's alone. At first the file is taken again: it may have changed since.
  private @Nullable String seen; // null: cannot be read
  private boolean taken;

  /**
   * Begins to look.
   *
   * @param file as it was read at the start; null if there is none, and then no apps
   */
  FileCatalogue(@Nullable ConfigFile file, Map<String, String> environment) {
    this.environment = environment;
    this.apps = file == null ? List.of() : file.apps();
    if (file != null && Files.isRegularFile(file.path())) { // a pipe can be read only once
      Future<?> unused =
          looks.scheduleWithFixedDelay(
              () -> look(file), PERIOD_MILLIS, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  @Override
  public List<App> apps() {
    return apps;
  }

  private void look(ConfigFile atStart) {
    String now = text(atStart.path());
    if (!Objects.equals(now, seen)) {
      seen = now;
      taken = false; // it may still be being written: an empty file is a good one, without apps
    } else if (!taken) {
      taken = true;
      take(atStart);
    }
  }

  private static @Nullable String text(Path path) {
    try {
      // Any bytes will do for comparing.
      return new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return null;
    }
  }

  private void take(ConfigFile atStart) {
    Path path = atStart.path();
    try {
      ConfigFile file = ConfigFile.read(path, environment);
      if (!settings(file).equals(settings(atStart))) {
        LOG.warn("{}: settings other than apps change at the next start only", path);
      }
      if (!file.apps().equals(apps)) {
        apps = file.apps();
        LOG.info("{}: the apps are now {}", path, apps);
      }
    } catch (ConfigException e) {
      LOG.warn("{}; the apps stay as they were", e.getMessage());
    } catch (RuntimeException e) {
      LOG.warn("{} cannot be read; the apps stay as they were", path, e);
    }
  }

  private static Map<Setting, String> settings(ConfigFile file) {
    return file.values().entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().text()));
  }

  @Override
  public void close() {
    looks.shutdownNow();
  }
}
