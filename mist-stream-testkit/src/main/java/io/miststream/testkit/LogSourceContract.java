package io.miststream.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.miststream.core.ContainerStatus;
import io.miststream.core.Cursor;
import io.miststream.core.ErrorCode;
import io.miststream.core.Follow;
import io.miststream.core.Gap;
import io.miststream.core.LogFilter;
import io.miststream.core.LogLine;
import io.miststream.core.LogRequest;
import io.miststream.core.LogSource;
import io.miststream.core.LogStream;
import io.miststream.core.StreamEnd;
import io.miststream.core.StreamException;
import io.miststream.core.StreamMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * What every {@link LogSource} must do. A subclass supplies the source and apps to read; this class
 * puts it through the tests.
 */
public abstract class LogSourceContract {

  /** An app with one container, which does what it is told. */
  public interface App {
    /** Its id, which no other app has. */
    long id();

    /** Name of its container. */
    String container();

    /** Prints one line; returns when it is printed. */
    void print(LogStream stream, String line);

    /** Ends the container's run; returns when it has ended. */
    void stop();

    /** Starts another run; returns when it runs. */
    void start();

    /** Takes the container away, running or not. */
    void remove();

    /** Prints lines to standard output. */
    default void print(String... lines) {
      for (String line : lines) {
        print(LogStream.STDOUT, line);
      }
    }
  }

  private final List<RecordingSubscriber> readers = new ArrayList<>();

  /** For subclasses. */
  protected LogSourceContract() {}

  /** The source to test. */
  protected abstract LogSource source();

  /** An app with a running container that has printed nothing. */
  protected abstract App startApp();

  /** Another container of an app, which is running and has printed nothing. */
  protected abstract App startBeside(App app);

  /** Id of an app that has no container. */
  protected abstract long unknownApp();

  private RecordingSubscriber read(LogRequest request) {
    RecordingSubscriber reader = keep(RecordingSubscriber.unbounded());
    source().logs(request).subscribe(reader);
    return reader;
  }

  private RecordingSubscriber keep(RecordingSubscriber reader) {
    readers.add(reader);
    return reader;
  }

  @AfterEach
  void signalsWereSerial() {
    assertThat(readers).allMatch(reader -> reader.violations() == 0);
  }

  private static LogRequest history(App app) {
    return LogRequest.of(app.id()).withFollow(Follow.NONE).withTail(LogRequest.ALL);
  }

  private static List<String> numbered(int from, int to) {
    return IntStream.rangeClosed(from, to).mapToObj(i -> "line " + i).toList();
  }

  private static void print(App app, int from, int to) {
    app.print(numbered(from, to).toArray(String[]::new));
  }

  private static ErrorCode codeOf(Throwable error) {
    assertThat(error).isInstanceOf(StreamException.class);
    return ((StreamException) error).code();
  }

  private static Cursor cursorOf(StreamMessage message) {
    return Objects.requireNonNull(message.cursor());
  }

  // ---- history

  @Test
  void statusComesBeforeTheLines() {
    App app = startApp();
    print(app, 1, 2);
    RecordingSubscriber reader = read(history(app)).awaitComplete();
    assertThat(reader.messages().get(0)).isInstanceOf(ContainerStatus.class);
    ContainerStatus status = (ContainerStatus) reader.messages().get(0);
    assertThat(status.container()).isEqualTo(app.container());
    assertThat(status.state()).isEqualTo("running");
    assertThat(status.status()).isNotEmpty();
    assertThat(status.exitCode()).isNull();
    assertThat(status.startedAt()).isNotNull();
    assertThat(reader.messages(LogLine.class).get(0).container()).isEqualTo(app.container());
  }

  @Test
  void historyIsOldestFirstAndEndsTheStream() {
    App app = startApp();
    print(app, 1, 5);
    RecordingSubscriber reader = read(history(app)).awaitComplete();
    assertThat(reader.lines()).isEqualTo(numbered(1, 5));
    List<StreamMessage> all = reader.messages();
    assertThat(all.get(all.size() - 1)).isInstanceOf(StreamEnd.class);
  }

  @Test
  void tailIsTheLastLines() {
    App app = startApp();
    print(app, 1, 10);
    assertThat(read(history(app).withTail(3)).awaitComplete().lines()).isEqualTo(numbered(8, 10));
    assertThat(read(history(app).withTail(10)).awaitComplete().lines()).isEqualTo(numbered(1, 10));
    assertThat(read(history(app).withTail(11)).awaitComplete().lines()).isEqualTo(numbered(1, 10));
    assertThat(read(history(app).withTail(0)).awaitComplete().lines()).isEmpty();
  }

  @Test
  void tailCountsTheLinesThatPassTheFilter() {
    App app = startApp();
    for (int i = 1; i <= 6; i++) {
      app.print("wanted " + i);
      app.print(LogStream.STDERR, "wanted, but an error " + i);
      app.print("other " + i);
    }
    LogFilter grep = LogFilter.of(LogStream.STDOUT, null, "^wanted", null);
    assertThat(read(history(app).withTail(2).withFilter(grep)).awaitComplete().lines())
        .containsExactly("wanted 5", "wanted 6");
    LogFilter errors = LogFilter.of(LogStream.STDERR, null, null, "[1-5]$");
    assertThat(read(history(app).withFilter(errors)).awaitComplete().lines())
        .containsExactly("wanted, but an error 6");
  }

  @Test
  void timesAreInclusive() {
    App app = startApp();
    print(app, 1, 5);
    List<LogLine> lines = read(history(app)).awaitComplete().messages(LogLine.class);
    LogRequest middle = history(app).withTimes(lines.get(1).timestamp(), lines.get(3).timestamp());
    assertThat(read(middle).awaitComplete().lines()).isEqualTo(numbered(2, 4));
    assertThat(read(middle.withTail(2)).awaitComplete().lines()).isEqualTo(numbered(3, 4));
  }

  @Test
  void bothStreamsAreToldApart() {
    App app = startApp();
    app.print("out");
    app.print(LogStream.STDERR, "err");
    RecordingSubscriber reader = read(history(app)).awaitComplete();
    assertThat(reader.messages(LogLine.class))
        .extracting(LogLine::stream)
        .containsExactlyInAnyOrder(LogStream.STDOUT, LogStream.STDERR);
  }

  // ---- following

  @Test
  void liveLinesFollowTheHistory() {
    App app = startApp();
    print(app, 1, 3);
    RecordingSubscriber reader = read(LogRequest.of(app.id()).withTail(2));
    reader.awaitLines(2);
    print(app, 4, 6);
    assertThat(reader.awaitLines(5)).isEqualTo(numbered(2, 6));
    reader.cancel();
  }

  @Test
  void withoutHistoryOnlyLiveLinesCome() {
    App app = startApp();
    print(app, 1, 3);
    RecordingSubscriber reader = read(LogRequest.of(app.id()).withTail(0));
    reader.await(ContainerStatus.class, 1);
    // Where exactly a read without history begins is up to the source, but it does begin.
    int i = 3;
    do {
      print(app, ++i, i);
    } while (reader.lines().isEmpty() && i < 200);
    reader.awaitLine("line " + i);
    List<String> lines = reader.lines();
    assertThat(lines).isEqualTo(numbered(i - lines.size() + 1, i)).doesNotContain("line 3");
    reader.cancel();
  }

  @Test
  void endOfTheRunEndsTheStream() {
    App app = startApp();
    print(app, 1, 2);
    RecordingSubscriber reader = read(LogRequest.of(app.id()));
    reader.awaitLines(2);
    app.print("line 3");
    app.stop();
    reader.awaitComplete();
    assertThat(reader.lines()).isEqualTo(numbered(1, 3));
    assertThat(reader.states()).containsExactly("running", "exited");
    List<StreamMessage> all = reader.messages();
    assertThat(all.get(all.size() - 2)).isInstanceOf(ContainerStatus.class);
    StreamEnd end = (StreamEnd) all.get(all.size() - 1);
    assertThat(end.message()).isEqualTo("Log stream ended");
    assertThat(end.cursor()).isNotNull();
  }

  @Test
  void followingAnAppGoesOnWithItsNextRun() {
    App app = startApp();
    app.print("first run");
    RecordingSubscriber reader = read(LogRequest.of(app.id()).withFollow(Follow.APP));
    reader.awaitLine("first run");
    app.stop();
    reader.await("exited", () -> reader.states().contains("exited"));
    app.start();
    app.print("second run");
    reader.awaitLine("second run");
    assertThat(reader.lines()).containsExactly("first run", "second run");
    List<String> story = new ArrayList<>();
    for (StreamMessage message : reader.messages()) {
      story.add(
          message instanceof LogLine line ? line.line() : ((ContainerStatus) message).state());
    }
    assertThat(story)
        .startsWith("running", "first run", "exited")
        .endsWith("running", "second run");
    reader.cancel();
    assertThat(reader.isComplete()).isFalse();
  }

  @Test
  void followingAnAppTellsThatAContainerIsGone() {
    App app = startApp();
    app.print("line");
    RecordingSubscriber reader = read(LogRequest.of(app.id()).withFollow(Follow.APP));
    reader.awaitLine("line");
    app.remove();
    reader.await("removed", () -> reader.states().contains(ContainerStatus.REMOVED));
    assertThat(reader.error()).isNull();
    reader.cancel();
  }

  // ---- resuming

  @Test
  void everyCursorContinuesBehindItsMessage() {
    App app = startApp();
    for (int i = 1; i <= 8; i++) {
      app.print(i % 3 == 0 ? LogStream.STDERR : LogStream.STDOUT, "line " + i);
    }
    List<LogLine> lines = read(history(app)).awaitComplete().messages(LogLine.class);
    List<String> texts = lines.stream().map(LogLine::line).toList();
    assertThat(texts).hasSize(8);
    for (int i = 0; i < lines.size(); i++) {
      Cursor after = Cursor.parse(lines.get(i).cursor().toString());
      RecordingSubscriber rest = read(history(app).withTail(1).withAfter(after)).awaitComplete();
      assertThat(rest.lines()).isEqualTo(texts.subList(i + 1, texts.size()));
      assertThat(rest.messages(Gap.class)).isEmpty();
    }
  }

  @Test
  void cursorOfATailContinuesWithTheTail() {
    App app = startApp();
    for (int i = 1; i <= 8; i++) {
      app.print(i == 2 || i == 8 ? LogStream.STDERR : LogStream.STDOUT, "line " + i);
    }
    List<LogLine> lines = read(history(app).withTail(4)).awaitComplete().messages(LogLine.class);
    List<String> texts = lines.stream().map(LogLine::line).toList();
    for (int i = 0; i < lines.size(); i++) {
      RecordingSubscriber rest =
          read(history(app).withAfter(lines.get(i).cursor())).awaitComplete();
      assertThat(rest.lines()).isEqualTo(texts.subList(i + 1, texts.size()));
    }
  }

  @Test
  void cursorOfTheEndIsBehindFilteredLinesToo() {
    App app = startApp();
    app.print("a", "b", "c");
    LogFilter onlyB = LogFilter.of(null, null, "b", null);
    StreamEnd end =
        read(history(app).withFilter(onlyB)).awaitComplete().messages(StreamEnd.class).get(0);
    assertThat(read(history(app).withAfter(cursorOf(end))).awaitComplete().lines()).isEmpty();
    app.print("d");
    assertThat(read(history(app).withAfter(cursorOf(end))).awaitComplete().lines())
        .containsExactly("d");
  }

  @Test
  void aResumedReadGoesOnLive() {
    App app = startApp();
    print(app, 1, 5);
    List<LogLine> lines = read(history(app)).awaitComplete().messages(LogLine.class);
    RecordingSubscriber reader = read(LogRequest.of(app.id()).withAfter(lines.get(2).cursor()));
    reader.awaitLines(2);
    print(app, 6, 8);
    assertThat(reader.awaitLines(5)).isEqualTo(numbered(4, 8));
    reader.cancel();
  }

  // ---- several containers

  @Test
  void linesOfSeveralContainersComeInTheOrderOfTheirTimes() {
    App app = startApp();
    App other = startBeside(app);
    for (int i = 1; i <= 8; i++) {
      (i % 3 == 0 ? other : app).print("line " + i);
    }
    RecordingSubscriber reader = read(history(app)).awaitComplete();
    assertThat(reader.lines()).isEqualTo(numbered(1, 8));
    List<LogLine> lines = reader.messages(LogLine.class);
    assertThat(reader.messages(ContainerStatus.class))
        .extracting(ContainerStatus::container)
        .containsExactlyInAnyOrder(app.container(), other.container());
    for (int i = 1; i <= 8; i++) {
      String container = i % 3 == 0 ? other.container() : app.container();
      assertThat(lines.get(i - 1).container()).isEqualTo(container);
      Cursor after = Cursor.parse(lines.get(i - 1).cursor().toString());
      assertThat(read(history(app).withAfter(after)).awaitComplete().lines())
          .isEqualTo(numbered(i + 1, 8));
    }
    assertThat(read(history(app).withTail(3)).awaitComplete().lines()).isEqualTo(numbered(6, 8));
    LogFilter one = LogFilter.of(null, other.container(), null, null);
    assertThat(read(history(app).withFilter(one)).awaitComplete().lines())
        .containsExactly("line 3", "line 6");
  }

  @Test
  void theStreamEndsWithTheLastOfTheRunsItBeganWith() {
    App app = startApp();
    App other = startBeside(app);
    print(app, 1, 2);
    RecordingSubscriber reader = read(LogRequest.of(app.id()));
    reader.awaitLine("line 2");
    app.stop();
    reader.await("exited", () -> reader.states().contains("exited"));
    other.print("line 3");
    assertThat(reader.awaitLines(3)).isEqualTo(numbered(1, 3));
    other.print("line 4");
    other.stop();
    assertThat(reader.awaitComplete().lines()).isEqualTo(numbered(1, 4));
    assertThat(reader.states()).containsExactly("running", "running", "exited", "exited");
  }

  @Test
  void whatARemovedContainerPrintedIsAGap() {
    App app = startApp();
    App other = startBeside(app);
    print(app, 1, 3);
    List<LogLine> lines = read(history(app)).awaitComplete().messages(LogLine.class);
    app.remove();
    other.print("still here");
    RecordingSubscriber rest =
        read(history(other).withAfter(lines.get(0).cursor())).awaitComplete();
    assertThat(rest.lines()).containsExactly("still here");
    Gap gap = rest.messages(Gap.class).get(0);
    assertThat(rest.messages(Gap.class)).hasSize(1);
    assertThat(gap.reason()).isEqualTo(Gap.Reason.SOURCE_RESTARTED);
    assertThat(gap.missed()).isNull();
    assertThat(gap.after()).isEqualTo(lines.get(0).cursor());
    // It is told once: from here on the cursors do not name the container.
    Cursor behind = rest.messages(LogLine.class).get(0).cursor();
    assertThat(read(history(other).withAfter(behind)).awaitComplete().messages(Gap.class))
        .isEmpty();
  }

  // ---- what cannot be read

  @Test
  void anAppWithoutContainersIsNotFound() {
    for (Follow follow : Follow.values()) {
      RecordingSubscriber reader = read(LogRequest.of(unknownApp()).withFollow(follow));
      Throwable error = reader.awaitError();
      assertThat(codeOf(error)).isEqualTo(ErrorCode.CONTAINER_NOT_FOUND);
      assertThat(error).hasMessage("Container not found");
      assertThat(reader.messages()).isEmpty();
    }
  }

  @Test
  void aContainerTheAppDoesNotHaveIsNotFound() {
    App app = startApp();
    LogFilter other = LogFilter.of(null, app.container() + "-other", null, null);
    RecordingSubscriber reader = read(history(app).withFilter(other));
    assertThat(codeOf(reader.awaitError())).isEqualTo(ErrorCode.CONTAINER_NOT_FOUND);
  }

  @Test
  void aStoppedContainerHasAStatusAndAHistoryButNothingToFollow() {
    App app = startApp();
    print(app, 1, 2);
    app.stop();
    RecordingSubscriber reader = read(LogRequest.of(app.id()));
    Throwable error = reader.awaitError();
    assertThat(codeOf(error)).isEqualTo(ErrorCode.CONTAINER_NOT_RUNNING);
    assertThat(error).hasMessage("Container is not running (state: exited)");
    assertThat(reader.states()).containsExactly("exited");
    assertThat(reader.messages(ContainerStatus.class).get(0).exitCode()).isNotNull();
    assertThat(read(history(app)).awaitComplete().lines()).isEqualTo(numbered(1, 2));
  }

  // ---- signals

  @Test
  void nothingIsSentThatWasNotAskedFor() {
    App app = startApp();
    print(app, 1, 5);
    RecordingSubscriber reader = keep(RecordingSubscriber.create());
    source().logs(history(app)).subscribe(reader);
    for (int n = 1; n <= 4; n++) {
      reader.request(1);
      reader.await(StreamMessage.class, n);
      assertThat(reader.messages()).hasSize(n);
    }
    assertThat(reader.lines()).isEqualTo(numbered(1, 3));
    reader.request(Long.MAX_VALUE);
    assertThat(reader.awaitComplete().lines()).isEqualTo(numbered(1, 5));
  }

  @Test
  void aSlowReaderLosesNothing() {
    App app = startApp();
    RecordingSubscriber reader = keep(RecordingSubscriber.create());
    source().logs(LogRequest.of(app.id())).subscribe(reader);
    reader.request(1);
    reader.await(ContainerStatus.class, 1);
    print(app, 1, 30);
    reader.request(10);
    assertThat(reader.awaitLines(10)).isEqualTo(numbered(1, 10));
    app.stop();
    reader.request(Long.MAX_VALUE);
    assertThat(reader.awaitComplete().lines()).isEqualTo(numbered(1, 30));
  }

  @Test
  void cancellingTwiceIsQuietAndFinal() {
    App app = startApp();
    app.print("line 1");
    RecordingSubscriber reader = read(LogRequest.of(app.id()));
    reader.awaitLines(1);
    reader.cancel();
    assertThatCode(reader::cancel).doesNotThrowAnyException();
    int before = reader.messages().size();
    RecordingSubscriber other = read(LogRequest.of(app.id()));
    app.print("line 2");
    other.awaitLine("line 2");
    assertThat(reader.messages()).hasSize(before);
    assertThat(reader.isComplete()).isFalse();
    assertThat(reader.error()).isNull();
    other.cancel();
  }

  @Test
  void askingForNothingIsAnError() {
    App app = startApp();
    RecordingSubscriber reader = keep(RecordingSubscriber.create());
    source().logs(LogRequest.of(app.id())).subscribe(reader);
    reader.request(0);
    reader.await("an error", () -> reader.error() != null);
    assertThat(reader.error()).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void subscriptionsAreReadsOfTheirOwn() {
    App app = startApp();
    print(app, 1, 3);
    var publisher = source().logs(history(app));
    RecordingSubscriber one = keep(RecordingSubscriber.to(publisher)).awaitComplete();
    print(app, 4, 4);
    RecordingSubscriber two = keep(RecordingSubscriber.to(publisher)).awaitComplete();
    assertThat(one.lines()).isEqualTo(numbered(1, 3));
    assertThat(two.lines()).isEqualTo(numbered(1, 4));
  }
}
