package io.miststream.core;

/** Which of a container's two outputs a line was written to; a TTY has only {@link #STDOUT}. */
public enum LogStream {
  /** Standard output. */
  STDOUT("stdout"),
  /** Standard error. */
  STDERR("stderr");

  private final String wire;

  LogStream(String wire) {
    this.wire = wire;
  }

  /** Its name on the wire. */
  public String wire() {
    return wire;
  }
}
