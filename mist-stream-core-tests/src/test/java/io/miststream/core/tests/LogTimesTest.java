package io.miststream.core.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.ContainerStatus;
import io.miststream.core.LogRequest;
import io.miststream.core.LogStream;
import io.miststream.core.StreamEnd;
import io.miststream.core.topic.StreamClose;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** Streams of the lines between two times. */
class LogTimesTest extends LogTopicsFixture {

  @Test
  void untilIsTheTimeOfTheLastLineWhateverComesFirst() throws Exception {
    clockTo(Instant.now());
    Instant until = Instant.now().plusSeconds(3600);
    ViewerReader viewer = open(app().withTimes(null, until));
    web.print("in time");
    viewer.untilLine("in time");
    clockTo(until.plusSeconds(1));
    web.print("too late");
    source.advance(Duration.ofSeconds(-2)); // the other output was stamped before
    web.print(LogStream.STDERR, "in time, but later");
    viewer.untilLine("in time, but later");
    assertThat(viewer.lines()).containsExactly("in time", "in time, but later");
  }

  @Test
  void aStreamEndsWhenItsTimeHasCome() throws Exception {
    Instant until = Instant.now().plusMillis(100);
    ViewerReader viewer = open(app().withTimes(null, until));
    assertThat(viewer.toTheEnd()).isEqualTo(StreamClose.END);
    assertThat(Instant.now()).isAfter(until);
    assertThat(viewer.all(StreamEnd.class)).hasSize(1);
  }

  @Test
  void nothingBeyondUntilIsSentWhenTheRunEndsFirst() throws Exception {
    clockTo(Instant.now());
    Instant until = Instant.now().plusSeconds(60);
    ViewerReader viewer = open(LogRequest.of(1).withTimes(null, until));
    ViewerReader other = open(app());
    web.print("in time");
    viewer.untilLine("in time");
    clockTo(until.plusSeconds(1));
    web.print("too late");
    web.stop(0);
    other.until(m -> m instanceof ContainerStatus s && s.state().equals("exited"));
    assertThat(viewer.toTheEnd()).isEqualTo(StreamClose.END);
    assertThat(viewer.lines()).containsExactly("in time");
  }

  @Test
  void sinceInTheFutureHoldsForLiveLines() throws Exception {
    clockTo(Instant.now());
    Instant since = Instant.now().plusSeconds(60);
    ViewerReader viewer = open(app().withTimes(since, null));
    viewer.until(ContainerStatus.class::isInstance);
    ViewerReader other = open(app());
    web.print("too early");
    other.untilLine("too early");
    clockTo(since);
    web.print("in time");
    assertThat(viewer.untilLine("in time").lines()).containsExactly("in time");
  }
}
