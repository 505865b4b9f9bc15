package io.miststream.core.deployment;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.DeploymentStatus;
import io.miststream.core.LogStream;
import io.miststream.core.StreamEnd;
import io.miststream.core.StreamException;
import io.miststream.core.StreamMessage;
import io.miststream.core.wire.WireCodec;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Input: the journal of a deployment, as a crash or a bad disk may have left it. */
class JournalFuzz {
  private static final long ID = 1;
  // Nothing is too old: damage makes any year of a time.
  private static final Retention ALL =
      new Retention(1000, Duration.ofDays(365L * 1_000_000_000), 1L << 30);

  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    Path directory = Files.createTempDirectory("journal-fuzz");
    try {
      check(directory, data);
    } finally {
      try (Stream<Path> files = Files.list(directory)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(directory);
    }
  }

  private static void check(Path directory, byte[] data) throws IOException {
    Path path = directory.resolve(ID + ".ndjson");
    Files.write(path, data);
    byte[] whole = wholeBeforeDamage(data);
    byte[] recovered;
    Deployment info;
    long next;
    try (DeploymentJournal journal = DeploymentJournal.open(directory, ALL)) {
      assertThat(journal.unfinished()).isZero();
      assertThat(journal.problem()).isEmpty();
      recovered = read(journal, ID);
      info = journal.deployment(ID).orElse(null);
      if (recovered == null) {
        assertThat(whole).isEmpty();
        assertThat(path).doesNotExist();
        assertThat(info).isNull();
      } else {
        assertThat(recovered).startsWith(whole);
        assertThat(info).isNotNull();
        assertThat(info.state().isFinal()).isTrue();
        // Of a journal that ends as it should, nobody looks at what is between.
        checkEnd(recovered, Arrays.equals(recovered, data) ? data.length : whole.length);
        checkEvents(recovered);
      }
      DeploymentReporter report = journal.begin(7, "after the crash");
      next = report.deploymentId();
      assertThat(next).isGreaterThan(recovered == null ? 0 : ID);
      report.log(LogStream.STDOUT, "still writes");
      report.succeed("");
    }
    try (DeploymentJournal journal = DeploymentJournal.open(directory, ALL)) {
      assertThat(read(journal, next)).asString(UTF_8).contains("still writes");
      if (recovered != null && next != ID) {
        assertThat(read(journal, ID)).isEqualTo(recovered);
        assertThat(journal.deployment(ID)).contains(info);
      }
    }
  }

  private static byte @Nullable [] read(DeploymentJournal journal, long id) throws IOException {
    try (InputStream in = journal.read(id)) {
      return in == null ? null : in.readAllBytes();
    }
  }

  /**
   * What recovery has added: at most an error, a final status and the end, all of them messages.
   */
  private static void checkEnd(byte[] recovered, int from) {
    List<String> all = new String(recovered, UTF_8).lines().toList();
    assertThat(message(all.get(all.size() - 1))).isInstanceOf(StreamEnd.class);
    if (from < recovered.length) {
      byte[] added = Arrays.copyOfRange(recovered, from, recovered.length);
      List<String> lines = new String(added, UTF_8).lines().toList();
      assertThat(lines).hasSizeLessThanOrEqualTo(3);
      lines.forEach(line -> assertThat(message(line)).isNotNull());
    }
  }

  /** A builder that sends its events again is told the last one, or that nobody can tell. */
  private static void checkEvents(byte[] recovered) {
    try {
      assertThat(DeploymentEvents.lastSeq(new ByteArrayInputStream(recovered))).isNotNegative();
    } catch (IOException e) {
      // damaged
    }
  }

  /** Everything up to the first line that is no message, or to the end of the stream. */
  private static byte[] wholeBeforeDamage(byte[] data) {
    int length = 0;
    boolean over = false;
    boolean isFinal = false;
    while (!over) {
      int end = length;
      while (end < data.length && data[end] != '\n') {
        end++;
      }
      StreamMessage message =
          end == data.length ? null : message(new String(data, length, end - length, UTF_8));
      if (message == null || (message instanceof StreamEnd && !isFinal)) {
        break; // an end before anything has ended is damage, too
      }
      isFinal = message instanceof DeploymentStatus status ? status.state().isFinal() : isFinal;
      over = message instanceof StreamEnd;
      length = end + 1;
    }
    return Arrays.copyOf(data, length);
  }

  private static @Nullable StreamMessage message(String line) {
    try {
      return WireCodec.decode(line);
    } catch (StreamException e) {
      return null;
    }
  }
}
