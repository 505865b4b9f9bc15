package io.miststream.docker;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.transport.DockerHttpClient;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Input: two bytes that say how it is read (a TTY's, complete or going on; in how small pieces),
 * and an engine's answer to a log request.
 */
class LogReadFuzz {
  private static final long NOW = 2_000_000_000_000_000_000L;

  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    if (data.length < 2) {
      return;
    }
    boolean tty = (data[0] & 1) != 0;
    boolean complete = (data[0] & 2) != 0;
    byte[] answer = Arrays.copyOfRange(data, 2, data.length);
    List<Object> lines = lines(new ByteArrayInputStream(answer), tty, complete);
    int longest = 1 + (data[1] & 0xFF);
    assertThat(lines(inPieces(answer, longest), tty, complete)).isEqualTo(lines);
    for (boolean asTty : new boolean[] {false, true}) {
      checkNothingIsLost(answer, asTty, longest);
    }
  }

  /** The lines, and what there was to complain about at the end. */
  private static List<Object> lines(InputStream answer, boolean tty, boolean complete) {
    List<Object> all = new ArrayList<>();
    try (LogRead read = read(answer, tty, complete)) {
      for (RawLine line = read.next(); line != null; line = read.next()) {
        all.add(line);
      }
      read.checkComplete();
    } catch (IOException e) {
      all.add(String.valueOf(e.getMessage()));
    }
    return all;
  }

  /** Chunks are what stands between the times, and lines are the chunks, line ends apart. */
  private static void checkNothingIsLost(byte[] answer, boolean tty, int longest) {
    InputStream in = inPieces(answer, longest);
    LogChunks chunks = tty ? new TtyChunks(in, () -> NOW) : new LogFrames(in);
    ByteArrayOutputStream taken = new ByteArrayOutputStream();
    ByteArrayOutputStream given = new ByteArrayOutputStream();
    LineAssembler assembler =
        new LineAssembler(
            (time, ordinal, bytes, offset, length, partial) -> given.write(bytes, offset, length));
    try {
      while (chunks.next()) {
        if (chunks.stream != LogChunks.ENGINE_ERROR) {
          taken.write(chunks.buffer, chunks.offset, chunks.length);
          assembler.chunk(chunks.time, chunks.buffer, chunks.offset, chunks.length);
        }
      }
    } catch (IOException e) {
      // Broken from here on; what came before counts.
    }
    assembler.end();
    assertThat(assembler.openTime()).isEqualTo(RawLine.NONE);
    assertThat(withoutLineEnds(given)).isEqualTo(withoutLineEnds(taken));
  }

  private static byte[] withoutLineEnds(ByteArrayOutputStream bytes) {
    ByteArrayOutputStream rest = new ByteArrayOutputStream();
    for (byte b : bytes.toByteArray()) {
      if (b != '\n' && b != '\r') {
        rest.write(b);
      }
    }
    return rest.toByteArray();
  }

  static InputStream inPieces(byte[] bytes, int longest) {
    Random random = new Random(longest);
    return new ByteArrayInputStream(bytes) {
      @Override
      public synchronized int read(byte[] to, int offset, int length) {
        return super.read(to, offset, Math.min(length, 1 + random.nextInt(longest)));
      }
    };
  }

  static LogRead read(InputStream answer, boolean tty, boolean complete) {
    DockerHttpClient.Response response =
        new DockerHttpClient.Response() {
          @Override
          public int getStatusCode() {
            return 200;
          }

          @Override
          public Map<String, List<String>> getHeaders() {
            return Map.of();
          }

          @Override
          public InputStream getBody() {
            return answer;
          }

          @Override
          public void close() {}
        };
    return new LogRead(new EngineStream(response), tty, complete, () -> NOW);
  }
}
