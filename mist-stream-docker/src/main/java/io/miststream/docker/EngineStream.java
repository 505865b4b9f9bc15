package io.miststream.docker;

import com.github.dockerjava.transport.DockerHttpClient;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** The body of one answer of the engine that goes on for a while. Closed from any thread. */
final class EngineStream extends InputStream {
  private final DockerHttpClient.Response response;
  private final InputStream body;
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile long waitingSince;
  private volatile boolean waiting;
  private volatile @Nullable Future<?> watch;

  EngineStream(DockerHttpClient.Response response) {
    this.response = response;
    this.body = response.getBody();
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    waitingSince = System.nanoTime();
    waiting = true;
    try {
      return body.read(buffer, offset, length);
    } catch (IOException | RuntimeException e) {
      // The transport wraps some failures of the socket in unchecked exceptions.
      throw new EngineUnreachableException(EngineUnreachableException.reason(e), e);
    } finally {
      waiting = false;
    }
  }

  /** Whether a reader has been waiting for that long. One that has other things to do is not. */
  boolean isSilentFor(long nanos) {
    return waiting && System.nanoTime() - waitingSince >= nanos;
  }

  /** What to cancel when it is closed. */
  void watched(Future<?> task) {
    watch = task;
    if (isClosed()) {
      task.cancel(false);
    }
  }

  /** Aborts the request, which also ends a read that another thread is blocked in. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      Future<?> task = watch;
      if (task != null) {
        task.cancel(false);
      }
      response.close();
    }
  }

  boolean isClosed() {
    return closed.get();
  }
}
