package io.miststream.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.ErrorCode;
import io.miststream.core.Follow;
import io.miststream.core.Gap;
import io.miststream.core.LogLine;
import io.miststream.core.LogRequest;
import io.miststream.core.LogSource;
import io.miststream.core.LogStream;
import io.miststream.core.StreamException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class InMemoryLogSourceTest extends LogSourceContract {
  private final InMemoryLogSource source = InMemoryLogSource.create();
  private long lastApp;

  @Override
  protected LogSource source() {
    return source;
  }

  @Override
  protected App startApp() {
    long id = ++lastApp;
    return app(id, source.run(id, "mist-app-" + id));
  }

  @Override
  protected App startBeside(App app) {
    return app(app.id(), source.run(app.id(), app.container() + "-beside"));
  }

  private static App app(long id, InMemoryLogSource.Container container) {
    return new App() {
      @Override
      public long id() {
        return id;
      }

      @Override
      public String container() {
        return container.name();
      }

      @Override
      public void print(LogStream stream, String line) {
        container.print(stream, line);
      }

      @Override
      public void stop() {
        container.stop(137);
      }

      @Override
      public void start() {
        container.start();
      }

      @Override
      public void remove() {
        container.remove();
      }
    };
  }

  @Override
  protected long unknownApp() {
    return 404;
  }

  @Test
  void rotatedLinesAreAGapOnResume() {
    InMemoryLogSource.Container container = source.run(1, "one");
    for (int i = 0; i < 10; i++) {
      container.print("line " + i);
    }
    LogRequest all = LogRequest.of(1).withTail(LogRequest.ALL).withFollow(Follow.NONE);
    RecordingSubscriber first = RecordingSubscriber.to(source.logs(all)).awaitComplete();
    container.rotate(3);
    RecordingSubscriber rest =
        RecordingSubscriber.to(
                source.logs(all.withAfter(first.messages(LogLine.class).get(4).cursor())))
            .awaitComplete();
    assertThat(rest.lines()).containsExactly("line 7", "line 8", "line 9");
    Gap gap = rest.messages(Gap.class).get(0);
    assertThat(gap.reason()).isEqualTo(Gap.Reason.LOG_ROTATED);
    assertThat(gap.missed()).isEqualTo(2);
  }

  @Test
  void aFailureEndsEverySubscriptionUntilRecovery() {
    source.run(1, "one");
    RecordingSubscriber before = RecordingSubscriber.to(source.logs(LogRequest.of(1)));
    source.fail(ErrorCode.SOURCE_UNAVAILABLE, "Docker is unreachable: gone");
    assertThat(before.awaitError()).hasMessage("Docker is unreachable: gone");
    assertThat(RecordingSubscriber.to(source.logs(LogRequest.of(1))).awaitError())
        .isInstanceOf(StreamException.class);
    source.recover();
    RecordingSubscriber after =
        RecordingSubscriber.to(source.logs(LogRequest.of(1).withFollow(Follow.NONE)));
    after.awaitComplete();
    assertThat(source.subscriptions()).isEqualTo(3);
    after.await("no reader left", () -> source.activeSubscriptions() == 0);
  }

  @Test
  void untilEndsAFollowWhenTheClockReachesIt() {
    InMemoryLogSource.Container container = source.run(1, "one");
    LogRequest request = LogRequest.of(1).withTimes(null, source.now().plus(Duration.ofSeconds(1)));
    RecordingSubscriber reader = RecordingSubscriber.to(source.logs(request));
    container.print("in time");
    reader.awaitLine("in time");
    source.advance(Duration.ofSeconds(2));
    reader.awaitComplete();
  }

  @Test
  void aRunThatIsOnlySeenToHaveBeenReplacedEndsBeforeTheStatusOfTheNext() {
    InMemoryLogSource.Container container = source.run(1, "one");
    RecordingSubscriber reader = RecordingSubscriber.to(source.logs(LogRequest.of(1)));
    container.print("first run");
    reader.awaitLine("first run");
    container.start();
    container.print("second run");
    assertThat(reader.awaitComplete().lines()).containsExactly("first run");
    assertThat(reader.states()).containsExactly("running");
  }

  @Test
  void aContainerBetweenTwoRunsIsNotRunning() {
    InMemoryLogSource.Container container = source.run(1, "one");
    RecordingSubscriber reader = RecordingSubscriber.to(source.logs(LogRequest.of(1)));
    container.print("first run");
    reader.awaitLine("first run");
    container.crash(1);
    assertThat(reader.awaitComplete().states()).containsExactly("running", "restarting");
    assertThat(RecordingSubscriber.to(source.logs(LogRequest.of(1))).awaitError())
        .hasMessage("Container is not running (state: restarting)");
  }
}
