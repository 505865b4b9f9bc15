package io.miststream.docker;

import io.miststream.core.Follow;
import io.miststream.core.LogRequest;
import io.miststream.docker.testing.DockerFixture;
import io.miststream.docker.testing.TestContainer;
import io.miststream.testkit.RecordingSubscriber;
import java.util.List;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** A source on the common engine, for the integration tests. Each test has its own containers. */
@Tag("docker")
@Execution(ExecutionMode.CONCURRENT)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class DockerTests {
  DockerFixture docker;
  DockerLogSource source;

  @BeforeAll
  void connect() {
    docker = DockerFixture.connect();
    source = DockerLogSource.builder().dockerHost(docker.host()).build();
  }

  @AfterAll
  void disconnect() {
    if (docker != null) {
      docker.close();
      source.close();
    }
  }

  /** Patient enough for a machine that is busy with other tests. */
  static ConditionFactory await() {
    return Awaitility.await().atMost(RecordingSubscriber.PATIENCE);
  }

  RecordingSubscriber read(LogRequest request) {
    return RecordingSubscriber.to(source.logs(request));
  }

  static LogRequest history(TestContainer container) {
    return LogRequest.of(container.appId()).withTail(LogRequest.ALL).withFollow(Follow.NONE);
  }

  static LogRequest follow(TestContainer container, Follow how) {
    return LogRequest.of(container.appId()).withTail(LogRequest.ALL).withFollow(how);
  }

  static List<String> numbered(int from, int to) {
    return IntStream.rangeClosed(from, to).mapToObj(i -> "n" + i).toList();
  }

  /** A script that counts, {@code burst} lines at a time with a pause in between. */
  static String count(int from, int to, int burst, int pauseMillis, String padding) {
    return "i="
        + (from - 1)
        + "; while [ $i -lt "
        + to
        + " ]; do j=0; while [ $j -lt "
        + burst
        + " ] && [ $i -lt "
        + to
        + " ]; do i=$((i+1)); j=$((j+1)); echo n$i"
        + padding
        + "; done; "
        + (pauseMillis > 0 ? "usleep " + pauseMillis * 1000 + "; " : "")
        + "done; ";
  }
}
