package io.miststream.cli;

import java.util.Locale;

/**
 * Something about the server that can be set. Its name is a key of the file, and gives the flag and
 * the environment variable.
 *
 * @param name in lower case, with hyphens
 * @param type which values it can have
 * @param fallback the value where nothing is given
 * @param what it is, for the help
 */
record Setting<T>(String name, SettingType<T> type, String fallback, String what) {

  String flag() {
    return "--" + name;
  }

  String variable() {
    return "MIST_" + name.toUpperCase(Locale.ROOT).replace('-', '_');
  }
}
