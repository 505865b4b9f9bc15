package io.miststream.core.deployment;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.miststream.core.DeploymentError;
import io.miststream.core.DeploymentLine;
import io.miststream.core.DeploymentStage;
import io.miststream.core.DeploymentState;
import io.miststream.core.DeploymentStatus;
import io.miststream.core.LogLine;
import io.miststream.core.LogStream;
import io.miststream.core.StreamEnd;
import io.miststream.core.StreamMessage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeploymentReporterTest {
  @TempDir private Path directory;
  private DeploymentJournal journal;
  private DeploymentReporter report;

  @BeforeEach
  void open() throws IOException {
    journal = DeploymentJournal.open(directory);
    report = journal.begin(3, "Deployment queued");
  }

  @AfterEach
  void close() {
    journal.close();
  }

  private List<StreamMessage> told() throws IOException {
    if (!report.isOver()) {
      report.flush();
    }
    try (InputStream in = journal.read(report.deploymentId())) {
      return new String(in.readAllBytes(), UTF_8).lines().map(Watcher::message).toList();
    }
  }

  private DeploymentStatus lastStatus() throws IOException {
    List<DeploymentStatus> all =
        told().stream()
            .filter(DeploymentStatus.class::isInstance)
            .map(DeploymentStatus.class::cast)
            .toList();
    return all.get(all.size() - 1);
  }

  private List<DeploymentLine> lines() throws IOException {
    return told().stream()
        .filter(DeploymentLine.class::isInstance)
        .map(DeploymentLine.class::cast)
        .toList();
  }

  @Test
  void progressNeverGoesBackAndStaysWithinItsStage() throws IOException {
    assertThat(lastStatus().progress()).isZero();
    report.status(DeploymentStage.CLONING_REPO, 0, "");
    assertThat(lastStatus().progress()).isEqualTo(25);
    report.status(DeploymentStage.CLONING_REPO, 99, "");
    assertThat(lastStatus().progress()).isEqualTo(40);
    report.status(DeploymentStage.CLONING_REPO, 30, "");
    assertThat(lastStatus().progress()).isEqualTo(40);
    report.status(DeploymentStage.BUILDING_IMAGE, 57, "");
    assertThat(lastStatus().state()).isEqualTo(DeploymentState.BUILDING);
    assertThat(lastStatus().progress()).isEqualTo(57);
    report.status(DeploymentStage.STARTING_NEW, 85, "");
    assertThat(lastStatus().state()).isEqualTo(DeploymentState.DEPLOYING);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> report.status(DeploymentStage.BUILDING_IMAGE, 85, ""));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> report.status(DeploymentStage.NONE, 85, ""));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> report.status(DeploymentStage.COMPLETED, 100, ""));
    report.succeed("Deployment complete");
    assertThat(lastStatus())
        .matches(s -> s.progress() == 100 && s.stage() == DeploymentStage.COMPLETED);
    assertThat(lastStatus().durationMillis()).isNotNull();
    assertThat(told().get(told().size() - 1)).isInstanceOf(StreamEnd.class);
  }

  @Test
  void aStagesProgressIsAShareOfIt() {
    assertThat(DeploymentStage.BUILDING_IMAGE.progress(0)).isEqualTo(40);
    assertThat(DeploymentStage.BUILDING_IMAGE.progress(3 / 8.0)).isEqualTo(53);
    assertThat(DeploymentStage.BUILDING_IMAGE.progress(7)).isEqualTo(75);
    assertThat(DeploymentStage.BUILDING_IMAGE.progress(-1)).isEqualTo(40);
  }

  @Test
  void aFailureIsToldOnceAndStandsWhereItWas() throws IOException {
    report.status(DeploymentStage.BUILDING_IMAGE, 50, "Building");
    report.fail("Docker build failed: exit code 1");
    List<StreamMessage> all = told();
    assertThat(((DeploymentError) all.get(2)).message())
        .isEqualTo("Docker build failed: exit code 1");
    assertThat(lastStatus())
        .matches(
            s ->
                s.state() == DeploymentState.FAILED
                    && s.stage() == DeploymentStage.BUILDING_IMAGE
                    && s.progress() == 50
                    && s.errorMessage().equals("Docker build failed: exit code 1"));
    assertThat(all).hasSize(5);
    assertThat(report.isOver()).isTrue();
    assertThatIllegalStateException().isThrownBy(() -> report.log(LogStream.STDOUT, "late"));
    assertThatIllegalStateException().isThrownBy(() -> report.fail("again"));
    assertThatIllegalStateException().isThrownBy(() -> report.succeed("after all"));
    assertThat(told()).hasSize(5);
  }

  @Test
  void secretsAreHiddenEverywhere() throws IOException {
    report.secrets(List.of("hunter2", "hunter2-long", "line one\nline two\n"));
    report.status(DeploymentStage.CLONING_REPO, 25, "from https://u:hunter2@git.example");
    report.log(LogStream.STDOUT, "token hunter2, hunter2-long and line two");
    report.fail("refused: hunter2");
    assertThat(told().stream().map(Object::toString).collect(Collectors.joining()))
        .doesNotContain("hunter2", "line two")
        .contains("https://u:***@git.example", "token ***, *** and ***", "refused: ***");
  }

  @Test
  void lineEndsMakeLines() throws IOException {
    report.log(LogStream.STDERR, "one\ntwo\r\n\nfour");
    report.log(LogStream.STDOUT, "");
    assertThat(lines().stream().map(DeploymentLine::line))
        .containsExactly("one", "two", "", "four", "");
    assertThat(lines().get(0).stream()).isEqualTo(LogStream.STDERR);
  }

  @Test
  void longLinesComeInPieces() throws IOException {
    String fits = "x".repeat(LogLine.MAX_BYTES);
    report.log(LogStream.STDOUT, fits);
    assertThat(lines()).hasSize(1);
    String emoji = "\ud83d\ude80";
    for (String tooLong :
        List.of(fits + "y", emoji.repeat(LogLine.MAX_BYTES / 2), "é".repeat(LogLine.MAX_BYTES))) {
      int before = lines().size();
      report.log(LogStream.STDOUT, tooLong);
      List<DeploymentLine> pieces = lines().subList(before, lines().size());
      assertThat(pieces).hasSizeGreaterThan(1);
      assertThat(pieces)
          .allMatch(piece -> piece.line().getBytes(UTF_8).length <= LogLine.MAX_BYTES);
      assertThat(pieces.stream().map(DeploymentLine::line).collect(Collectors.joining()))
          .isEqualTo(tooLong);
      assertThat(pieces.get(pieces.size() - 1).partial()).isFalse();
      assertThat(pieces.subList(0, pieces.size() - 1)).allMatch(DeploymentLine::partial);
    }
  }

  @Test
  void aLongMessageIsCut() throws IOException {
    report.fail("x".repeat(DeploymentReporter.MAX_MESSAGE + 1));
    assertThat(lastStatus().errorMessage()).hasSize(DeploymentReporter.MAX_MESSAGE).endsWith("x…");
  }
}
