package io.miststream.core.deployment;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.deployment.DeploymentEvents.RejectedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Input: what an outside builder sends, several events. */
class DeploymentEventsFuzz {
  private static final Pattern SEQ = Pattern.compile(",\"seq\":([0-9]+),\"id\":\"[^\"]*\"}$");
  private static final Pattern CHANGING =
      Pattern.compile(
          "\"timestamp\":\"[^\"]*\"|\"id\":\"[^\"]*\"}$|\"deployment_id\":[0-9]+|\"duration_ms\":[0-9]+");
  private static final DeploymentJournal JOURNAL = journal();

  private static DeploymentJournal journal() {
    try {
      Path directory = Files.createTempDirectory("events-fuzz");
      return DeploymentJournal.open(directory, new Retention(4, Duration.ofDays(1), 64 << 20));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What became of events: the last one taken, and why no more were, if so. */
  private record Outcome(long lastSeq, String reason) {}

  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    DeploymentReporter report = JOURNAL.begin(7, "");
    DeploymentReporter byOne = JOURNAL.begin(7, "");
    try {
      Outcome outcome = take(report, data);
      List<String> told = told(report);
      checkNumbers(told, outcome.lastSeq);
      // Who got no answer sends the same again.
      assertThat(take(report, data)).isEqualTo(outcome);
      assertThat(told(report)).isEqualTo(told);
      checkEventsAreAllOrNothing(byOne, data, told);
    } finally {
      for (DeploymentReporter one : List.of(report, byOne)) {
        if (!one.isOver()) {
          one.stopped(""); // so that it can be removed
        }
      }
    }
  }

  private static Outcome take(DeploymentReporter report, byte[] events) throws IOException {
    try {
      long last = new DeploymentEvents(report).take(new ByteArrayInputStream(events));
      assertThat(last).isEqualTo(report.lastSeq());
      return new Outcome(last, "");
    } catch (RejectedException e) {
      assertThat(e.lastSeq()).isEqualTo(report.lastSeq());
      return new Outcome(e.lastSeq(), e.getMessage());
    }
  }

  private static List<String> told(DeploymentReporter report) throws IOException {
    try (InputStream in = JOURNAL.read(report.deploymentId())) {
      return new String(in.readAllBytes(), UTF_8).lines().toList();
    }
  }

  /** Each event is there, once, in its order. */
  private static void checkNumbers(List<String> told, long last) throws IOException {
    long expected = 1;
    for (String line : told) {
      Matcher seq = SEQ.matcher(line);
      if (seq.find()) {
        assertThat(Long.parseLong(seq.group(1))).isEqualTo(expected);
        expected++;
      }
    }
    assertThat(expected).isEqualTo(last + 1);
    byte[] journal = String.join("\n", told).getBytes(UTF_8);
    assertThat(DeploymentEvents.lastSeq(new ByteArrayInputStream(journal))).isEqualTo(last);
  }

  /** Events in bodies of their own come to the same, and one that is refused leaves nothing. */
  private static void checkEventsAreAllOrNothing(
      DeploymentReporter report, byte[] data, List<String> told) throws IOException {
    int from = 0;
    boolean refused = false;
    while (from < data.length && !refused) {
      int end = from;
      while (end < data.length && data[end] != '\n') {
        end++;
      }
      List<String> before = told(report);
      byte[] event = java.util.Arrays.copyOfRange(data, from, end);
      refused = !take(report, event).reason.isEmpty();
      if (refused) {
        assertThat(told(report)).isEqualTo(before);
      }
      from = end + 1;
    }
    assertThat(comparable(told(report))).isEqualTo(comparable(told));
  }

  private static List<String> comparable(List<String> told) {
    return told.stream().map(line -> CHANGING.matcher(line).replaceAll("")).toList();
  }
}
