package io.miststream.core.deployment;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.miststream.core.StreamException;
import io.miststream.core.deployment.DeploymentEvents.RejectedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeploymentEventsTest {
  private static final String CLONING =
      "{\"seq\":1,\"type\":\"status\",\"data\":{\"stage\":\"cloning_repo\",\"message\":\"Cloning\"}}\n";
  private static final String LINE =
      "{\"seq\":2,\"type\":\"log\",\"data\":{\"line\":\"hello\",\"stream\":\"stderr\"}}\n";
  private static final String FAILED =
      """
      {"seq":3,"type":"error","data":{"message":"no luck"}}
      {"seq":4,"type":"status","data":{"status":"failed"}}
      """;

  @TempDir private Path directory;
  private DeploymentJournal journal;
  private Deployments deployments;
  private long id;

  @BeforeEach
  void open() throws IOException {
    journal = DeploymentJournal.open(directory);
    deployments = Deployments.builder(journal, new ScriptedDeployer()).build();
    id = deployments.report(3).deploymentId();
  }

  @AfterEach
  void close() {
    deployments.close();
    journal.close();
  }

  private long take(String events) throws IOException, RejectedException {
    DeploymentEvents taker = deployments.events(id);
    assertThat(taker).isNotNull();
    return taker.take(new ByteArrayInputStream(events.getBytes(UTF_8)));
  }

  private List<String> told() throws IOException {
    try (InputStream in = journal.read(id)) {
      return new String(in.readAllBytes(), UTF_8).lines().toList();
    }
  }

  @Test
  void aFeedBecomesTheDeployment() throws Exception {
    assertThat(take(CLONING + "\n" + LINE)).isEqualTo(2);
    assertThat(told()).hasSize(3);
    assertThat(told().get(1)).contains("\"progress\":25", "\"message\":\"Cloning\"", "\"seq\":1");
    assertThat(told().get(2)).contains("\"line\":\"hello\"", "\"stream\":\"stderr\"");
    assertThat(take(FAILED)).isEqualTo(4);
    assertThat(told()).hasSize(6);
    assertThat(told().get(3)).contains("\"type\":\"error\"", "no luck");
    assertThat(told().get(4)).contains("\"status\":\"failed\"", "\"stage\":\"cloning_repo\"");
    assertThat(told().get(5)).contains("\"type\":\"end\"");
  }

  @Test
  void whatIsSentAgainIsWrittenOnce() throws Exception {
    take(CLONING + LINE);
    assertThat(take(CLONING + LINE)).isEqualTo(2);
    assertThat(told()).hasSize(3);
    take(LINE + FAILED);
    List<String> all = told();
    assertThat(take(CLONING + LINE + FAILED)).isEqualTo(4); // over meanwhile
    assertThat(told()).isEqualTo(all);
    deployments.close();
    journal.close();
    journal = DeploymentJournal.open(directory);
    deployments = Deployments.builder(journal, new ScriptedDeployer()).build();
    assertThat(take(LINE + FAILED)).isEqualTo(4); // after a restart
    assertThat(told()).isEqualTo(all);
    RejectedException late =
        catchThrowableOfType(
            RejectedException.class, () -> take(LINE.replace("\"seq\":2", "\"seq\":5")));
    assertThat(late.isConflict()).isTrue();
    assertThat(late).hasMessage("line 1: the deployment is over");
    assertThat(late.lastSeq()).isEqualTo(4);
  }

  @Test
  void successAndStopEndItToo() throws Exception {
    take("{\"seq\":1,\"type\":\"status\",\"data\":{\"status\":\"success\"}}");
    assertThat(told().get(1)).contains("\"status\":\"success\"", "\"progress\":100");
    id = deployments.report(3).deploymentId();
    take(
        "{\"seq\":1,\"type\":\"status\",\"data\":{\"status\":\"stopped\",\"message\":\"CI off\"}}");
    assertThat(told().get(1)).contains("\"status\":\"stopped\"", "CI off");
  }

  @Test
  void aHoleIsAConflictAndWhatCameBeforeStays() throws Exception {
    RejectedException hole =
        catchThrowableOfType(
            RejectedException.class, () -> take(CLONING + LINE.replace("\"seq\":2", "\"seq\":3")));
    assertThat(hole).hasMessage("line 2: seq is 3, expected 2");
    assertThat(hole.isConflict()).isTrue();
    assertThat(hole.lastSeq()).isEqualTo(1);
    assertThat(take(LINE)).isEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "nonsense | is not a JSON object",
        "[1] | is not a JSON object",
        "{\"seq\":1} {} | is not a JSON object",
        "{\"type\":\"log\"} | seq is missing",
        "{\"seq\":\"x\"} | seq must be a whole number",
        "{\"seq\":0} | seq must be a positive whole number",
        "{\"seq\":1} | type is missing",
        "{\"seq\":1,\"type\":\"end\"} | type must be status, log or error",
        "{\"seq\":1,\"type\":\"log\",\"data\":{}} | data.line is missing",
        "{\"seq\":1,\"type\":\"log\",\"data\":{\"line\":\"\",\"stream\":\"x\"}} | data.stream must be",
        "{\"seq\":1,\"type\":\"error\",\"data\":{}} | data.message is missing",
        "{\"seq\":1,\"type\":\"status\",\"data\":{}} | data.stage is missing",
        "{\"seq\":1,\"type\":\"status\",\"data\":{\"stage\":\"x\"}} | data.stage must be",
        "{\"seq\":1,\"type\":\"status\",\"data\":{\"status\":\"x\"}} | data.status must be",
        "{\"seq\":1,\"type\":\"status\",\"data\":{\"status\":\"deploying\",\"stage\":\"cloning_repo\"}}"
            + " | stage cloning_repo is not of status deploying",
        "{\"seq\":1,\"type\":\"status\",\"data\":{\"stage\":\"cloning_repo\",\"progress\":101}}"
            + " | data.progress must be 0 to 100",
      })
  void whatIsNoEventIsRejectedWithItsLine(String event, String reason) throws Exception {
    RejectedException rejected =
        catchThrowableOfType(RejectedException.class, () -> take(event + "\n"));
    assertThat(rejected).hasMessageStartingWith("line 1: " + reason);
    assertThat(rejected.isConflict()).isFalse();
    assertThat(rejected.lastSeq()).isZero();
    assertThat(told()).hasSize(1);
    assertThat(take(CLONING)).isEqualTo(1); // the number is still free
  }

  @Test
  void aStageThatGoesBackIsRejected() throws Exception {
    take("{\"seq\":1,\"type\":\"status\",\"data\":{\"stage\":\"starting_new\"}}");
    RejectedException back =
        catchThrowableOfType(
            RejectedException.class, () -> take(CLONING.replace("\"seq\":1", "\"seq\":2")));
    assertThat(back).hasMessageContaining("stage cloning_repo cannot follow starting_new");
  }

  @Test
  void aSecondErrorIsRejected() throws Exception {
    take(CLONING + LINE + "{\"seq\":3,\"type\":\"error\",\"data\":{\"message\":\"no luck\"}}");
    String again = "{\"seq\":4,\"type\":\"error\",\"data\":{\"message\":\"again\"}}";
    RejectedException rejected = catchThrowableOfType(RejectedException.class, () -> take(again));
    assertThat(rejected).hasMessage("line 1: an error has been told already");
    take("{\"seq\":4,\"type\":\"status\",\"data\":{\"status\":\"failed\"}}");
    assertThat(told()).hasSize(6);
  }

  @Test
  void anEventHasALimit() throws Exception {
    String event = "{\"seq\":1,\"type\":\"log\",\"data\":{\"line\":\"%s\"}}";
    int room = DeploymentEvents.MAX_EVENT_BYTES - event.length() + 2;
    assertThat(take(event.formatted("x".repeat(room)))).isEqualTo(1);
    RejectedException tooLong =
        catchThrowableOfType(
            RejectedException.class, () -> take(event.formatted("x".repeat(room + 1))));
    assertThat(tooLong).hasMessageContaining("is longer than 8388608 bytes");
  }

  @Test
  void onlyReportedDeploymentsTakeEvents() throws Exception {
    ScriptedDeployer deployer = new ScriptedDeployer();
    try (Deployments own = Deployments.builder(journal, deployer).build()) {
      long carriedOut = own.start(1);
      deployer.awaitStart(1);
      assertThat(catchThrowableOfType(StreamException.class, () -> own.events(carriedOut)))
          .hasMessageContaining("is not reported from outside");
    }
    assertThat(deployments.events(99)).isNull();
  }

  @Test
  void aReporterThatFallsSilentFails() throws Exception {
    try (Deployments impatient =
        Deployments.builder(journal, new ScriptedDeployer())
            .silence(Duration.ofMillis(50))
            .build()) {
      id = impatient.report(3).deploymentId();
      try (Watcher watcher = new Watcher(journal.open(id, null))) {
        assertThat(watcher.awaitEnd().get(2))
            .contains("\"status\":\"failed\"", "Nothing was reported for");
      }
    }
  }
}
