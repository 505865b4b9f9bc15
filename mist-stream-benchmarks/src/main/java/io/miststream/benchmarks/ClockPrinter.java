package io.miststream.benchmarks;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.locks.LockSupport;

/** Runs in a container: prints its clock, a line and a write each, so many times a second. */
final class ClockPrinter {
  private ClockPrinter() {}

  /** Prints until it is stopped; the argument is the rate. */
  public static void main(String[] arguments) throws Exception {
    long every = (long) (1e9 / Double.parseDouble(arguments[0]));
    try (FileOutputStream out = new FileOutputStream(FileDescriptor.out)) {
      long due = System.nanoTime();
      while (true) {
        for (long wait = due - System.nanoTime(); wait > 0; wait = due - System.nanoTime()) {
          LockSupport.parkNanos(wait);
        }
        due += every;
        String line = "ns=" + Clock.nanos() + " " + "x".repeat(96) + "\n";
        out.write(line.getBytes(StandardCharsets.ISO_8859_1));
      }
    }
  }
}
