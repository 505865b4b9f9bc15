package io.miststream.cli;

/** A setting that cannot be used; the message names where it stands and what would be right. */
final class ConfigException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  ConfigException(String message) {
    super(message);
  }
}
