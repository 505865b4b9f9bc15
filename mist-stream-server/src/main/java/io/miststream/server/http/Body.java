package io.miststream.server.http;

import java.io.ByteArrayInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;

/** What an answer consists of, read piece by piece while it is sent. One thread at a time. */
interface Body extends Closeable {

  /**
   * Reads what comes next. May wait for a disk, but not for what is still to happen.
   *
   * @param more run once, on any thread, when 0 was returned and there is something again
   * @return bytes put into {@code chunk}; 0 if there is nothing yet, −1 if that was all
   * @throws IOException if the rest cannot be had; the answer must not look complete then
   */
  int read(byte[] chunk, Runnable more) throws IOException;

  /** What is in a file or in memory. */
  static Body of(InputStream in) {
    return new Body() {
      @Override
      public int read(byte[] chunk, Runnable more) throws IOException {
        int length = in.readNBytes(chunk, 0, chunk.length);
        return length == 0 ? -1 : length;
      }

      @Override
      public void close() throws IOException {
        in.close();
      }
    };
  }

  /** All of it. */
  static Body of(byte[] bytes) {
    return of(new ByteArrayInputStream(bytes));
  }
}
