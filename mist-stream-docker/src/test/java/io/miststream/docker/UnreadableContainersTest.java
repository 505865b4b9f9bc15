package io.miststream.docker;

import static io.miststream.docker.DockerTests.await;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.Cursor;
import io.miststream.core.Cursor.Mark;
import io.miststream.core.ErrorCode;
import io.miststream.core.Follow;
import io.miststream.core.Gap;
import io.miststream.core.LogLine;
import io.miststream.core.LogRequest;
import io.miststream.core.StreamException;
import io.miststream.core.StreamMessage;
import io.miststream.testkit.RecordingSubscriber;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Containers whose log the engine does not hand out. */
class UnreadableContainersTest {
  private static final String GOOD = "abcdef012345";
  private static final String BAD = "bad000000000";
  private static final String START = "2025-01-15T10:00:00Z";
  private static final String MARKED =
      "can not get logs from container which is dead or marked for removal";
  private static final LogRequest HISTORY =
      LogRequest.of(1).withTail(LogRequest.ALL).withFollow(Follow.NONE);

  private final FakeEngine engine = new FakeEngine();
  private final DockerLogSource source = engine.source().build();

  @AfterEach
  void close() {
    source.close();
  }

  private RecordingSubscriber read(LogRequest request) {
    return RecordingSubscriber.to(source.logs(request));
  }

  private static LogBytes line(String text) {
    return new LogBytes(false).chunk(1, 5, text + "\n");
  }

  private void leftover(String state) {
    engine
        .containers(
            FakeEngine.container(BAD, state, START), FakeEngine.container(GOOD, "exited", START))
        .on(GOOD + "/logs", path -> FakeEngine.log(line("line")))
        .on(BAD + "/logs", path -> FakeEngine.refusal(409, MARKED));
  }

  @Test
  void aLeftoverInDeadOrRemovingIsAStatusAndNothingMore() {
    for (String state : List.of("dead", "removing")) {
      leftover(state);
      for (LogRequest request : List.of(HISTORY, HISTORY.withTail(10))) {
        RecordingSubscriber reader = read(request).awaitComplete();
        assertThat(reader.lines()).containsExactly("line");
        assertThat(reader.states()).containsExactlyInAnyOrder(state, "exited");
        assertThat(reader.messages(Gap.class)).isEmpty();
      }
    }
  }

  @Test
  void oneThatTheCursorNamesIsAGapAsWell() {
    leftover("dead");
    Mark read = Mark.of(ContainerInfo.source(BAD), 0, LogBytes.BASE, 0);
    RecordingSubscriber reader = read(HISTORY.withAfter(Cursor.of(read))).awaitComplete();
    assertThat(reader.messages(Gap.class)).hasSize(1);
    assertThat(reader.lines()).containsExactly("line");
  }

  @Test
  void whereNoneCanBeReadTheReasonIsTold() {
    String words = "configured logging driver does not support reading";
    engine
        .containers(
            FakeEngine.container(BAD, "running", START),
            FakeEngine.container(GOOD, "exited", START))
        .on("/logs", path -> FakeEngine.refusal(501, words));
    Throwable error = read(HISTORY).awaitError();
    assertThat(error).hasMessage(words);
    assertThat(((StreamException) error).code()).isEqualTo(ErrorCode.LOGS_NOT_READABLE);
  }

  @Test
  void aContainerThatTheEngineCouldNotRemoveEndsItsFollow() {
    FakeEngine.Blocking log = new FakeEngine.Blocking();
    log.say(line("line").bytes());
    engine
        .containers(FakeEngine.container(BAD, "running", START))
        .on("follow=0", path -> FakeEngine.json(""))
        .on("follow=1", path -> FakeEngine.of(log));
    RecordingSubscriber reader = read(HISTORY.withFollow(Follow.CONTAINER));
    reader.awaitLine("line");
    engine
        .containers(FakeEngine.container(BAD, "dead", START))
        .on("/logs", path -> FakeEngine.refusal(409, MARKED));
    log.close();
    reader.awaitComplete();
    assertThat(reader.states()).containsExactly("running", "dead");
    assertThat(reader.messages(Gap.class)).hasSize(1);
  }

  @Test
  void aRestThatTheEngineCannotReadItselfIsAGap() {
    FakeEngine.Blocking log = new FakeEngine.Blocking();
    log.say(line("line").bytes());
    engine
        .containers(FakeEngine.container(BAD, "running", START))
        .on("follow=0", path -> FakeEngine.json(""))
        .on("follow=1", path -> FakeEngine.of(log));
    FakeEngine.Blocking events = new FakeEngine.Blocking();
    engine.on("/events", FakeEngine.of(events));
    RecordingSubscriber reader = read(HISTORY.withFollow(Follow.APP));
    reader.awaitLine("line");
    byte[] complaint = "Error grabbing logs: invalid character".getBytes(UTF_8);
    byte[] frame = new byte[8 + complaint.length];
    frame[0] = LogChunks.ENGINE_ERROR;
    frame[7] = (byte) complaint.length;
    System.arraycopy(complaint, 0, frame, 8, complaint.length);
    engine
        .containers(FakeEngine.container(BAD, "exited", START))
        .on("/logs", path -> FakeEngine.log(line("line").raw(frame)));
    log.close();
    reader.await("exited", () -> reader.states().contains("exited"));
    List<StreamMessage> all = reader.messages();
    Gap gap = (Gap) all.get(all.size() - 2);
    assertThat(gap.after()).isEqualTo(reader.messages(LogLine.class).get(0).cursor());
    // What the next run prints is read all the same.
    engine
        .containers(FakeEngine.container(BAD, "running", "2025-01-15T10:30:10Z"))
        .on(
            "/logs",
            path ->
                path.contains("follow=1")
                    ? FakeEngine.silent(line("line").chunk(1, 11_000_000_000L, "next\n").bytes())
                    : FakeEngine.json(""));
    String start = "{'Action':'start','Actor':{'ID':'" + BAD + "'}}\n";
    events.say(start.replace('\'', '"').getBytes(UTF_8));
    reader.awaitLine("next");
    await().untilAsserted(() -> assertThat(reader.lines()).containsExactly("line", "next"));
    reader.cancel();
  }
}
