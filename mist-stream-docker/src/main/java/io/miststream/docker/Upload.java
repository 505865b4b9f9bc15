package io.miststream.docker;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The body of a long request, which can be given up from another thread. */
final class Upload extends FilterInputStream {
  private volatile boolean givenUp;
  private volatile long lastRead = System.nanoTime();
  private volatile @Nullable IOException failure;

  Upload(InputStream in) {
    super(in);
  }

  /** Lets the next read fail. */
  void giveUp() {
    givenUp = true;
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
    if (givenUp) {
      throw new IOException("given up");
    }
    lastRead = System.nanoTime();
    try {
      return super.read(buffer, offset, length);
    } catch (IOException e) {
      failure = e;
      throw e;
    }
  }
}
