package io.miststream.docker;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.Cursor;
import io.miststream.core.Follow;
import io.miststream.core.Gap;
import io.miststream.core.LogLine;
import io.miststream.core.LogRequest;
import io.miststream.core.StreamMessage;
import io.miststream.docker.testing.ContainerSpec;
import io.miststream.docker.testing.TestContainer;
import io.miststream.testkit.RecordingSubscriber;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Log files that are rotated while they are read. */
class ITDockerLogSourceRotation extends DockerTests {
  private static final String PADDING = " " + "x".repeat(90);

  @ParameterizedTest
  @CsvSource({"json-file,1,210", "local,1,210", "json-file,3,360", "local,3,360"})
  void aWriterTheReaderKeepsUpWithLosesNothing(String driver, int burst, int lines) {
    // It goes on when all has been read, with less than a file holds: so nothing is thrown away.
    int first = 10;
    int step = 50;
    StringBuilder script = new StringBuilder(count(1, first, burst, 10, PADDING));
    for (int i = first; i < lines; i += step) {
      script.append("read go < /go; ").append(count(i + 1, i + step, burst, 10, PADDING));
    }
    TestContainer container =
        docker
            .container()
            .logDriver(driver, "max-size=10k", "max-file=2")
            .runOnGo(script.toString());
    RecordingSubscriber reader = read(follow(container, Follow.CONTAINER));
    reader.await("status", () -> !reader.states().isEmpty());
    for (int read = first; read <= lines; read += step) {
      container.go();
      reader.awaitLines(read);
    }
    reader.awaitComplete();
    assertThat(reader.messages(Gap.class)).isEmpty();
    assertThat(reader.lines())
        .isEqualTo(numbered(1, lines).stream().map(n -> n + PADDING).toList());
  }

  @ParameterizedTest
  @CsvSource({
    "json-file,10k,false",
    "local,10k,false",
    "json-file,1m,false",
    "json-file,2m,false",
    "json-file,10k,true",
    "local,10k,true",
    "json-file,8m,true"
  })
  void whatAnUnthrottledWriterLosesIsCoveredByGaps(
      String driver, String size, boolean burstOfErrors) {
    int lines = size.equals("8m") ? 120_000 : 40_000; // more than it keeps
    TestContainer container =
        docker
            .container()
            .logDriver(driver, "max-size=" + size, "max-file=2")
            .runOnGo(
                count(1, 10, 10, 0, PADDING)
                    + "sleep 0.2; ("
                    + count(11, lines, lines, 0, PADDING)
                    + ")"
                    + (burstOfErrors ? " >&2" : ""));
    RecordingSubscriber reader = read(follow(container, Follow.CONTAINER));
    reader.await("status", () -> !reader.states().isEmpty());
    container.go();
    reader.awaitComplete();
    int last = 0;
    boolean gap = false;
    for (StreamMessage message : reader.messages()) {
      if (message instanceof Gap found) {
        assertThat(found.reason()).isEqualTo(Gap.Reason.LOG_ROTATED);
        gap = true;
      } else if (message instanceof LogLine line) {
        int number = Integer.parseInt(line.line().substring(1, line.line().indexOf(' ')));
        assertThat(number).isGreaterThan(last);
        assertThat(number == last + 1 || gap).as("%d behind %d", number, last).isTrue();
        last = number;
        gap = false;
      }
    }
    assertThat(last).isEqualTo(lines);
  }

  @ParameterizedTest
  @ValueSource(strings = {"json-file", "local"})
  void resumingBehindALineThatWasRotatedAwayIsAGap(String driver) {
    TestContainer container =
        docker
            .container()
            .logDriver(driver, "max-size=10k", "max-file=2")
            .run(
                count(1, 20, 20, 0, PADDING)
                    + ContainerSpec.AWAIT_GO
                    + count(21, 1000, 10, 10, PADDING));
    RecordingSubscriber first = read(LogRequest.of(container.appId()));
    first.awaitLines(20);
    Cursor after = first.messages(LogLine.class).get(9).cursor();
    assertThat(read(history(container).withAfter(after)).awaitComplete().messages(Gap.class))
        .isEmpty();
    container.go();
    first.awaitComplete();
    RecordingSubscriber late = read(history(container).withAfter(after)).awaitComplete();
    assertThat(late.messages().get(1)).isInstanceOf(Gap.class);
    Gap gap = late.messages(Gap.class).get(0);
    assertThat(late.messages(Gap.class)).hasSize(1);
    assertThat(gap.after()).isEqualTo(after);
    assertThat(gap.before()).isEqualTo(late.messages(LogLine.class).get(0).cursor());
    assertThat(late.lines().get(late.lines().size() - 1)).startsWith("n1000 ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"json-file", "local"})
  void aLineThatOnlyTheOtherOutputRotatedAwayIsAGap(String driver) {
    TestContainer container =
        docker
            .container()
            .logDriver(driver, "max-size=10k", "max-file=2")
            .runOnGo("(" + count(1, 1000, 10, 10, PADDING) + ") >&2");
    container.print(false, "to standard output");
    Cursor after = read(history(container)).awaitComplete().messages(LogLine.class).get(0).cursor();
    RecordingSubscriber unread = RecordingSubscriber.create();
    source.logs(follow(container, Follow.APP).withAfter(after)).subscribe(unread);
    unread.request(1);
    unread.await("status", () -> !unread.states().isEmpty());
    container.go();
    docker.docker("wait", container.id());
    RecordingSubscriber late = read(history(container).withAfter(after)).awaitComplete();
    assertThat(late.messages(Gap.class)).hasSize(1);
    assertThat(late.messages().get(1)).isInstanceOf(Gap.class);
    Gap gap = late.messages(Gap.class).get(0);
    assertThat(gap.after()).isEqualTo(after);
    assertThat(gap.before()).isEqualTo(late.messages(LogLine.class).get(0).cursor());
    unread.request(Long.MAX_VALUE);
    unread.awaitLine("n1000" + PADDING);
    assertThat(unread.messages(Gap.class)).isNotEmpty();
    unread.cancel();
    // Behind the gap there is nothing more to miss.
    LogRequest behind = history(container).withAfter(gap.cursor());
    assertThat(read(behind).awaitComplete().messages(Gap.class)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"json-file,10k", "local,10k", "json-file,8m"})
  void aContainerTheCursorDoesNotNameHasAGapWhereItsLogHasBeenRotated(String driver, String size) {
    TestContainer talking = docker.container().runSilent();
    TestContainer silent =
        docker
            .container()
            .app(talking.appId())
            .logDriver(driver, "max-size=" + size, "max-file=2")
            .runOnGo(size.equals("8m") ? lines(130_000) : lines(1000));
    talking.print(false, "before");
    Cursor after = read(history(talking)).awaitComplete().messages(LogLine.class).get(0).cursor();
    silent.print(false, "one line", "another");
    RecordingSubscriber early = read(history(talking).withAfter(after)).awaitComplete();
    assertThat(early.lines()).containsExactly("one line", "another");
    assertThat(early.messages(Gap.class)).isEmpty();
    silent.go();
    docker.docker("wait", silent.id());
    RecordingSubscriber late = read(history(talking).withAfter(after)).awaitComplete();
    assertThat(late.messages(Gap.class)).hasSize(1);
    assertThat(late.messages(Gap.class).get(0).after()).isEqualTo(after);
  }

  private static String lines(int n) {
    return "seq 1 " + n + " | sed 's/$/" + PADDING + "/'";
  }

  @Test
  void aSlowSubscriberOfARotatingLogHasNoSilentLoss() {
    TestContainer container =
        docker
            .container()
            .logDriver("json-file", "max-size=2m", "max-file=2")
            .runOnGo(count(1, 30_000, 30_000, 0, PADDING));
    RecordingSubscriber reader = RecordingSubscriber.create();
    source.logs(follow(container, Follow.CONTAINER)).subscribe(reader);
    reader.request(1);
    reader.await("status", () -> !reader.states().isEmpty());
    container.go();
    reader.request(100);
    // A gap may be among them.
    reader.await("what was asked for", () -> reader.messages().size() == 101);
    docker.docker("wait", container.id());
    reader.request(Long.MAX_VALUE);
    reader.awaitComplete();
    int last = 0;
    boolean gap = false;
    for (StreamMessage message : reader.messages()) {
      if (message instanceof Gap) {
        gap = true;
      } else if (message instanceof LogLine line) {
        int number = Integer.parseInt(line.line().substring(1, line.line().indexOf(' ')));
        assertThat(number == last + 1 || (gap && number > last)).isTrue();
        last = number;
        gap = false;
      }
    }
    assertThat(last).isEqualTo(30_000);
  }
}
