package io.miststream.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * What a command has of the world around it.
 *
 * @param out standard output, unbuffered; a failed write throws
 * @param err standard error, for people
 * @param environment the environment variables
 */
record Console(OutputStream out, PrintStream err, Map<String, String> environment) {

  /** The one of this process. */
  static Console system() {
    return new Console(
        // Not System.out, which keeps its failures to itself.
        new FileOutputStream(FileDescriptor.out),
        new PrintStream(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8),
        System.getenv());
  }

  /** One line for people. */
  void say(String message) {
    err.println("mist-stream: " + message);
  }
}
