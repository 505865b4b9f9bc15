package io.miststream.cli;

import io.miststream.core.App;
import io.miststream.core.AppCatalogue;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The apps of the configuration file, as it is now. */
final class FileCatalogue implements AppCatalogue, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FileCatalogue.class);

  private final Map<String, String> environment;
  private final @Nullable FileWatch watch;
  private volatile List<App> apps;

  /**
   * Begins to look.
   *
   * @param file as it was read at the start; null if there is none, and then no apps
   */
  FileCatalogue(@Nullable ConfigFile file, Map<String, String> environment) {
    this.environment = environment;
    this.apps = file == null ? List.of() : file.apps();
    this.watch =
        file == null ? null : new FileWatch(file.path(), "mist-catalogue", () -> take(file));
  }

  @Override
  public List<App> apps() {
    return apps;
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
    }
  }

  private static Map<Setting, String> settings(ConfigFile file) {
    return file.values().entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, entry -> entry.getValue().text()));
  }

  @Override
  public void close() {
    if (watch != null) {
      watch.close();
    }
  }
}
