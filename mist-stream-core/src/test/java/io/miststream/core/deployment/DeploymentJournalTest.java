package io.miststream.core.deployment;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.miststream.core.Cursor;
import io.miststream.core.DeploymentLine;
import io.miststream.core.DeploymentStage;
import io.miststream.core.DeploymentState;
import io.miststream.core.LogStream;
import io.miststream.core.topic.StreamClose;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("jdk")
class DeploymentJournalTest {
  @TempDir private Path directory;
  private DeploymentJournal journal;

  @BeforeEach
  void open() throws IOException {
    journal = DeploymentJournal.open(directory);
  }

  @AfterEach
  void close() {
    journal.close();
  }

  private void reopen() throws IOException {
    journal.close();
    open();
  }

  private static ConditionFactory await() {
    return Awaitility.await()
        .atMost(Duration.ofSeconds(Watcher.PATIENCE_SECONDS))
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(5));
  }

  private static void build(DeploymentReporter report, int lines) {
    report.status(DeploymentStage.CLONING_REPO, 25, "Cloning");
    report.status(DeploymentStage.BUILDING_IMAGE, 40, "Building");
    for (int i = 0; i < lines; i++) {
      report.log(LogStream.STDOUT, "line " + i);
    }
  }

  private List<String> watch(long id) throws InterruptedException {
    try (Watcher watcher = new Watcher(journal.open(id, null))) {
      return watcher.awaitEnd();
    }
  }

  private List<String> file(long id) throws IOException {
    try (InputStream in = journal.read(id)) {
      return new String(in.readAllBytes(), UTF_8).lines().toList();
    }
  }

  @Test
  void everybodySeesTheSameWheneverTheyCome() throws Exception {
    DeploymentReporter report = journal.begin(7, "Deployment queued");
    long id = report.deploymentId();
    try (Watcher before = new Watcher(journal.open(id, null))) {
      assertThat(before.await(1).get(0)).contains("\"status\":\"pending\"", "\"app_id\":7");
      build(report, 500);
      try (Watcher middle = new Watcher(journal.open(id, null))) {
        middle.await(100);
        report.succeed("Deployment complete");
        assertThat(before.awaitEnd()).hasSize(505).isEqualTo(middle.awaitEnd());
        assertThat(before.viewer.ended()).isEqualTo(StreamClose.END);
        assertThat(watch(id)).isEqualTo(before.awaitEnd()).isEqualTo(file(id));
        reopen();
        assertThat(watch(id)).isEqualTo(before.awaitEnd()).isEqualTo(file(id));
      }
    }
    assertThat(file(id).get(503)).contains("\"status\":\"success\"", "\"progress\":100");
    assertThat(file(id).get(504)).contains("\"type\":\"end\"");
  }

  @Test
  void aCursorGoesOnRightBehindItsMessage() throws Exception {
    DeploymentReporter report = journal.begin(7, "");
    long id = report.deploymentId();
    build(report, 50);
    report.flush();
    List<Cursor> cursors = cursors(file(id));
    report.fail("It was not to be");
    List<String> all = watch(id);
    for (int round = 0; round < 2; round++) {
      for (int i = 0; i < cursors.size(); i++) {
        try (Watcher watcher = new Watcher(journal.open(id, cursors.get(i)))) {
          assertThat(watcher.awaitEnd()).isEqualTo(all.subList(i + 1, all.size()));
        }
      }
      reopen(); // another server continues from the same cursors
    }
  }

  private static List<Cursor> cursors(List<String> messages) {
    return messages.stream().map(text -> Watcher.message(text).cursor()).toList();
  }

  @Test
  void aForeignCursorIsRefused() throws Exception {
    DeploymentReporter report = journal.begin(7, "");
    long id = report.deploymentId();
    report.flush();
    for (Cursor cursor :
        List.of(
            JournalFile.cursor(id, 1), // within the first message
            JournalFile.cursor(id, -1),
            JournalFile.cursor(id, file(id).get(0).length() + 1L), // the end is no message
            JournalFile.cursor(id, 1 << 30),
            JournalFile.cursor(id + 1, 0), // another deployment's
            Cursor.of(Cursor.Mark.of(id, 1, 0, 0)))) {
      List<String> told = new ArrayList<>();
      try (Watcher watcher = new Watcher(journal.open(id, cursor))) {
        assertThat(watcher.close(told).code()).isEqualTo(1008);
      }
      assertThat(told).hasSize(1);
      assertThat(told.get(0)).contains("\"code\":\"invalid_request\"", "no position");
    }
  }

  @Test
  void anUnknownDeploymentIsToldSo() throws Exception {
    List<String> told = new ArrayList<>();
    try (Watcher watcher = new Watcher(journal.open(99, null))) {
      assertThat(watcher.close(told)).isEqualTo(new StreamClose(1008, "deployment_not_found"));
    }
    assertThat(told).hasSize(1);
    assertThat(told.get(0)).contains("Deployment not found");
    assertThat(journal.read(99)).isNull();
    assertThat(journal.deployment(99)).isEmpty();
  }

  @Test
  void whatACrashHasLeftIsClosedAsFailed() throws Exception {
    DeploymentReporter report = journal.begin(7, "");
    long id = report.deploymentId();
    build(report, 10);
    report.flush();
    List<String> before = file(id);
    journal.close();
    Path path = directory.resolve(id + ".ndjson");
    Files.writeString(path, "{\"type\":\"log\",\"times", StandardOpenOption.APPEND); // torn
    open();
    List<String> after = file(id);
    assertThat(after.subList(0, before.size())).isEqualTo(before);
    assertThat(after).hasSize(before.size() + 3);
    assertThat(after.get(before.size())).contains("\"type\":\"error\"", "interrupted by a restart");
    assertThat(after.get(before.size() + 1))
        .contains("\"status\":\"failed\"", "\"stage\":\"building_image\"", "\"progress\":40");
    assertThat(watch(id)).isEqualTo(after);
    try (Watcher watcher = new Watcher(journal.open(id, cursors(before).get(12)))) {
      assertThat(watcher.awaitEnd()).isEqualTo(after.subList(13, after.size()));
    }
    reopen();
    assertThat(file(id)).isEqualTo(after); // and stays so
    assertThat(journal.deployment(id).orElseThrow().errorMessage()).contains("restart");
  }

  @Test
  void aCrashBetweenTheFinalStatusAndTheEndOnlyLacksTheEnd() throws Exception {
    DeploymentReporter report = journal.begin(7, "");
    long id = report.deploymentId();
    report.succeed("Deployment complete");
    List<String> all = file(id);
    journal.close();
    Path path = directory.resolve(id + ".ndjson");
    Files.writeString(path, String.join("\n", all.subList(0, 2)) + "\n");
    open();
    assertThat(file(id)).hasSize(3);
    assertThat(file(id).subList(0, 2)).isEqualTo(all.subList(0, 2));
    assertThat(journal.deployment(id).orElseThrow().state()).isEqualTo(DeploymentState.SUCCESS);
  }

  @Test
  void aFileWithoutAnythingWholeGoesAndTheNextIdIsNew() throws Exception {
    journal.begin(7, "").succeed("");
    journal.close();
    Files.createFile(directory.resolve("5.ndjson"));
    Files.writeString(directory.resolve("notes.txt"), "not ours");
    open();
    assertThat(directory.resolve("5.ndjson")).doesNotExist();
    assertThat(directory.resolve("notes.txt")).exists();
    assertThat(journal.begin(7, "").deploymentId()).isEqualTo(6);
  }

  @Test
  void aViewerBehindWhatIsInMemoryReadsTheFile() throws Exception {
    DeploymentReporter report = journal.begin(7, "");
    long id = report.deploymentId();
    String text = "x".repeat(1000);
    try (Watcher slow = new Watcher(journal.open(id, null));
        Watcher fast = new Watcher(journal.open(id, null))) {
      slow.await(1);
      report.status(DeploymentStage.BUILDING_IMAGE, 40, "");
      for (int i = 0; i < 5000; i++) { // several times what is kept
        report.log(LogStream.STDOUT, i + text);
        if (i % 500 == 0) {
          fast.await(i / 2);
        }
      }
      report.log(LogStream.STDERR, "\"".repeat(1 << 20)); // longer than any chunk
      report.succeed("");
      List<String> all = slow.awaitEnd();
      assertThat(all).hasSize(5005).isEqualTo(fast.awaitEnd()).isEqualTo(file(id));
    }
  }

  @Test
  void whatDidNotGoOutIsTakenBack() throws Exception {
    DeploymentReporter report = journal.begin(7, "");
    long id = report.deploymentId();
    build(report, 100);
    report.succeed("");
    List<String> all = watch(id);
    for (int cut = 0; cut < 2000; cut += 37) {
      try (Watcher watcher = new Watcher(journal.open(id, null))) {
        watcher.await(0);
        List<ByteBuffer> slices = new ArrayList<>();
        while (slices.isEmpty()) {
          watcher.viewer.poll(slices, 4000);
        }
        ByteBuffer slice = slices.get(0);
        List<String> polled = Watcher.texts(slice);
        int sent = Math.min(cut, slice.remaining() - 1);
        byte[] out = new byte[sent];
        slice.duplicate().get(out);
        ByteBuffer rest = watcher.viewer.takeBack(slices, sent);
        ByteBuffer whole = ByteBuffer.allocate(sent + rest.remaining()).put(out).put(rest).flip();
        List<String> got = new ArrayList<>(Watcher.texts(whole));
        assertThat(got.size()).isLessThanOrEqualTo(polled.size());
        got.addAll(watcher.awaitEnd());
        assertThat(got).as("cut at %d", cut).isEqualTo(all);
      }
    }
  }

  @Test
  void aJournalThatCannotBeWrittenFailsTheDeploymentAndRecovers() throws Exception {
    DeploymentReporter report = journal.begin(7, "");
    long id = report.deploymentId();
    build(report, 3);
    report.flush();
    try (Watcher live = new Watcher(journal.open(id, null))) {
      List<String> before = List.copyOf(live.await(6));
      Path path = directory.resolve(id + ".ndjson");
      Path aside = directory.resolve("aside");
      Files.move(path, aside);
      Files.createDirectory(path); // cannot be opened for writing
      AtomicInteger saved = new AtomicInteger(6);
      assertThatThrownBy(
              () -> {
                // More than one, for the file that was moved away may still be open.
                for (int i = 0; i < 1000; i++) {
                  report.log(LogStream.STDOUT, "the last of these is never shown");
                  report.flush();
                  saved.incrementAndGet();
                }
              })
          .isInstanceOf(JournalException.class)
          .hasMessageStartingWith("The deployment journal cannot be written");
      assertThatThrownBy(() -> report.log(LogStream.STDOUT, "nor this"))
          .isInstanceOf(JournalException.class);
      List<String> all = live.awaitEnd();
      assertThat(all.subList(0, 6)).isEqualTo(before);
      assertThat(all).hasSize(saved.get() + 3);
      assertThat(all.get(saved.get() + 1)).contains("\"status\":\"failed\"", "cannot be written");
      assertThat(journal.problem()).hasValueSatisfying(p -> assertThat(p).contains("written"));
      assertThat(journal.deployment(id).orElseThrow().state()).isEqualTo(DeploymentState.FAILED);

      Files.delete(path);
      Files.move(aside, path);
      await().until(() -> journal.problem().isEmpty());
      assertThat(file(id)).isEqualTo(all);
      assertThat(watch(id)).isEqualTo(all);
      reopen();
      assertThat(watch(id)).isEqualTo(all);
    }
    assertThat(journal.begin(7, "").deploymentId()).isEqualTo(id + 1);
  }

  @Test
  void aDeploymentThatCannotBeSavedDoesNotBegin() throws Exception {
    Files.createFile(directory.resolve("1.ndjson"));
    assertThatThrownBy(() -> journal.begin(7, "")).isInstanceOf(JournalException.class);
    assertThat(journal.deployments(any -> true, 10)).isEmpty();
    Files.delete(directory.resolve("1.ndjson"));
    assertThat(journal.begin(7, "").deploymentId()).isEqualTo(1);
  }

  @Test
  void listsTheNewestFirst() throws Exception {
    for (int i = 1; i <= 500; i++) {
      DeploymentReporter report = journal.begin(1 + i % 2, "");
      if (i < 500) {
        report.succeed("done");
      }
    }
    for (int round = 0; round < 2; round++) {
      assertThat(journal.deployments(any -> true, 3).stream().map(Deployment::id))
          .containsExactly(500L, 499L, 498L);
      assertThat(journal.deployments(one -> one.appId() == 1, 1000))
          .hasSize(250)
          .allMatch(d -> d.appId() == 1);
      assertThat(journal.deployment(499).orElseThrow())
          .matches(d -> d.appId() == 2 && d.progress() == 100 && d.finishedAt() != null);
      reopen();
    }
    assertThat(journal.deployment(500).orElseThrow().state()).isEqualTo(DeploymentState.FAILED);
  }

  @Test
  void theOldestGoWhole() throws Exception {
    journal.close();
    journal = DeploymentJournal.open(directory, new Retention(3, Duration.ofDays(1), 1 << 20));
    DeploymentReporter unfinished = journal.begin(1, "");
    for (int i = 0; i < 4; i++) {
      journal.begin(1, "").succeed("");
    }
    awaitIds(5L, 4L, 1L); // the one that goes on stays
    unfinished.succeed("");
    DeploymentReporter large = journal.begin(1, "");
    large.status(DeploymentStage.BUILDING_IMAGE, 40, "");
    for (int i = 0; i < 1100; i++) {
      large.log(LogStream.STDOUT, "x".repeat(1000));
    }
    large.succeed("");
    awaitIds(6L); // too large, but the newest
    assertThat(directory.resolve("5.ndjson")).doesNotExist();
    assertThat(journal.bytes()).isGreaterThan(1 << 20);

    journal.close();
    journal = DeploymentJournal.open(directory, new Retention(9, Duration.ofNanos(1), 1 << 30));
    awaitIds(6L);
    journal.begin(1, "").succeed("");
    awaitIds(7L);
  }

  /** The oldest go just after the newest has ended. */
  private void awaitIds(Long... wanted) {
    await().untilAsserted(() -> assertThat(ids()).containsExactly(wanted));
  }

  private List<Long> ids() {
    return journal.deployments(any -> true, 100).stream().map(Deployment::id).toList();
  }

  @Test
  void onlyOneServerHasItOpen() {
    assertThatIOException()
        .isThrownBy(() -> DeploymentJournal.open(directory))
        .withMessageContaining("another server");
  }

  @Test
  void viewersAreToldWhenItIsClosed() throws Exception {
    DeploymentReporter report = journal.begin(7, "");
    try (Watcher watcher = new Watcher(journal.open(report.deploymentId(), null))) {
      watcher.await(1);
      journal.close();
      watcher.awaitEnd();
      assertThat(watcher.viewer.ended()).isEqualTo(StreamClose.SHUTDOWN);
    }
    assertThatThrownBy(() -> journal.begin(7, "")).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aFloodOfLinesIsAllThere() throws Exception {
    DeploymentReporter report = journal.begin(7, "");
    long id = report.deploymentId();
    report.status(DeploymentStage.BUILDING_IMAGE, 40, "");
    for (int i = 0; i < 200_000; i++) {
      report.log(LogStream.STDOUT, "line " + i);
    }
    report.succeed("");
    List<String> all = watch(id);
    assertThat(all).hasSize(200_004);
    for (int i = 0; i < 200_000; i += 997) {
      assertThat(((DeploymentLine) Watcher.message(all.get(i + 2))).line()).isEqualTo("line " + i);
    }
  }
}
