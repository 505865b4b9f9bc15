package io.miststream.core;

import java.util.List;
import java.util.Optional;

/**
 * The apps that somebody has described. It may change at any time; each call answers for that
 * moment, quickly and from any thread.
 */
public interface AppCatalogue {

  /** A catalogue without apps. */
  AppCatalogue EMPTY = List::of;

  /** All apps, by their ids. */
  List<App> apps();

  /** One app. */
  default Optional<App> app(long id) {
    return apps().stream().filter(app -> app.id() == id).findFirst();
  }
}
