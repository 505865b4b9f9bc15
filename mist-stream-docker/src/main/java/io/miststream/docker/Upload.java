package io.miststream.docker;

import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The body of a long request, which can be given up from another thread. */
final class Upload extends PushbackInputStream {
  private boolean givenUp; // guarded by this
  private boolean complete; // guarded by this
  private volatile long lastRead = System.nanoTime();
  private volatile @Nullable IOException failure;

  Upload(InputStream in) {
    super(in, 1);
  }

  /**
   * Lets the next read fail, unless there is nothing more to read.
   *
   * @return whether the engine may have all of it
   */
  synchronized boolean giveUp() {
    givenUp = true;
    return complete;
  }

  /** Before the last bytes are handed out. */
  private synchronized void complete() throws IOException {
    if (givenUp) {
      throw new IOException("given up");
    }
    complete = true;
  }

  private synchronized void checkWanted() throws IOException {
    if (givenUp && !complete) {
      throw new IOException("given up");
    }
  }

  /** Whether nobody has taken anything for that long. */
  boolean isSilentFor(Duration time) {
    return System.nanoTime() - lastRead > time.toNanos();
  }

  /** Why it could not be read, null if it could. */
  @Nullable IOException failure() {
    return failure;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    checkWanted();
    lastRead = System.nanoTime();
    int read;
    int next;
    try {
      read = super.read(buffer, offset, length);
      next = super.read();
    } catch (IOException e) {
      failure = e;
      throw e;
    }
    if (next >= 0) {
      unread(next);
    } else if (read >= 0) {
      complete();
    }
    return read;
  }
}
