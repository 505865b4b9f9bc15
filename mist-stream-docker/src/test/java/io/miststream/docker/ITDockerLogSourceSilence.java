package io.miststream.docker;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.Follow;
import io.miststream.core.Gap;
import io.miststream.core.LogLine;
import io.miststream.core.LogRequest;
import io.miststream.docker.testing.StallingProxy;
import io.miststream.docker.testing.TestContainer;
import io.miststream.testkit.RecordingSubscriber;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Connections on which nothing comes any more, though nobody has closed them. */
class ITDockerLogSourceSilence extends DockerTests {
  private static final int LINES = 5_000;

  private DockerLogSource impatient(StallingProxy proxy) {
    return DockerLogSource.builder()
        .dockerHost(proxy.host())
        .watchdog(Duration.ofMillis(500))
        .build();
  }

  @ParameterizedTest
  @CsvSource({"1000,tail=100", "100000,tail=100", "1000,tail=all", "100000,tail=all"})
  void anAnswerThatFallsSilentIsAskedForAgain(long bytes, String part) throws Exception {
    TestContainer container = docker.container().run("seq 1 " + LINES + " | sed s/^/n/");
    docker.docker("wait", container.id());
    try (StallingProxy proxy = StallingProxy.start(docker.host());
        DockerLogSource own = impatient(proxy)) {
      LogRequest request = history(container);
      int seen = 0;
      if (part.equals("tail=100")) {
        // Far back, so that it is asked for by window, and by a larger one that is read to its end.
        seen = 500;
        LogLine last = read(request).awaitComplete().messages(LogLine.class).get(seen - 1);
        request = request.withAfter(last.cursor());
      }
      proxy.stall(part, bytes);
      RecordingSubscriber reader = RecordingSubscriber.to(own.logs(request)).awaitComplete();
      assertThat(proxy.hasStalled()).isTrue();
      assertThat(reader.lines()).isEqualTo(numbered(seen + 1, LINES));
      assertThat(reader.messages(Gap.class)).isEmpty();
    }
  }

  @Test
  void aFollowOfALogThatIsReadAgainAndAgainGoesOn() throws Exception {
    TestContainer container =
        docker.container().logDriver("local").runOnGo(count(1, 600, 1, 5, ""));
    try (StallingProxy proxy = StallingProxy.start(docker.host());
        DockerLogSource own = impatient(proxy)) {
      RecordingSubscriber reader =
          RecordingSubscriber.to(own.logs(follow(container, Follow.CONTAINER)));
      reader.await("status", () -> !reader.states().isEmpty());
      container.go();
      reader.awaitLines(20);
      proxy.stall("follow=0", 300);
      reader.awaitComplete();
      assertThat(proxy.hasStalled()).isTrue();
      assertThat(reader.lines()).isEqualTo(numbered(1, 600));
    }
  }

  @Test
  void aSubscriberThatTakesItsTimeIsNotTakenForASilentEngine() throws Exception {
    TestContainer container = docker.container().run("seq 1 " + LINES + " | sed s/^/n/");
    docker.docker("wait", container.id());
    try (StallingProxy proxy = StallingProxy.start(docker.host());
        DockerLogSource own = impatient(proxy)) {
      RecordingSubscriber reader = RecordingSubscriber.create();
      own.logs(history(container)).subscribe(reader);
      proxy.stall("/logs", Long.MAX_VALUE);
      reader.request(10);
      reader.awaitLines(9);
      await().during(Duration.ofMillis(1500)).until(() -> reader.error() == null);
      reader.request(Long.MAX_VALUE);
      assertThat(reader.awaitComplete().lines()).isEqualTo(numbered(1, LINES));
    }
  }
}
