package io.miststream.docker;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.App;
import io.miststream.core.DeploymentStage;
import io.miststream.core.deployment.Deployment;
import io.miststream.docker.testing.TestDirectory;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Builds that fail, and images that go. */
class ITDockerDeployerBuild extends DeployerTests {
  @Test
  void aStepThatFailsIsNamedWithItsExitCode() throws Exception {
    directory(dockerfile("echo working; echo broken >&2; exit 3", SERVE));

    Deployment failed = deploy();

    assertThat(failed.stage()).isEqualTo(DeploymentStage.BUILDING_IMAGE);
    assertThat(failed.errorMessage())
        .isEqualTo(
            "Docker build failed: exit code 3 in step 5/8:"
                + " RUN echo working; echo broken >&2; exit 3");
    assertThat(logged(failed.id())).contains("stdout: working", "stderr: broken");
    assertNothingLeft();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          RUN --mount=type=cache,target=/x true | Docker build failed: this needs BuildKit
          COPY nothere /                        | Docker build failed: COPY failed
          NONSENSE                              | Docker build failed: dockerfile parse error
          FROM registry.invalid/nothing:here    | Docker build failed:
          """)
  void whatTheBuilderRefusesIsSaid(String instruction, String message) throws Exception {
    directory(dockerfile("true", SERVE) + instruction + "\n");

    assertThat(deploy().errorMessage()).startsWith(message);
    assertNothingLeft();
  }

  @Test
  void aBadPortFailsBeforeAnythingIsBuilt() throws Exception {
    App app = directory(dockerfile("true", SERVE));
    with(app, App.Build.DEFAULT, run(List.of("eighty"), Duration.ofSeconds(1)));

    Deployment failed = deploy();

    assertThat(failed.errorMessage()).contains("\"eighty\" in run.ports");
    assertThat(told(failed.id())).doesNotContain("building_image");
    assertNothingLeft();
  }

  @Test
  void theNextOneTakesTheOldOnesPlaceAndPort() throws Exception {
    App app = directory(dockerfile("echo one", SERVE));
    app = with(app, App.Build.DEFAULT, run(List.of(freePort() + ":80"), Duration.ofSeconds(5)));
    Deployment first = deployWell();
    String old = inspect(name(), "{{.Id}}");

    TestDirectory.write(app.path().resolve("file"), "two");
    Deployment second = deployWell();

    assertThat(inspect(name(), "{{.Id}}")).isNotEqualTo(old);
    assertThat(containers()).hasSize(1);
    assertThat(told(second.id())).contains("Stopping previous container...");
    assertThat(tags()).containsExactly("deployment-" + first.id(), "deployment-" + second.id());

    TestDirectory.write(app.path().resolve("file"), "three");
    Deployment third = deployWell();
    assertThat(tags()).containsExactly("deployment-" + second.id(), "deployment-" + third.id());
    assertThat(images("{{.ID}}", "dangling=true", "label=" + LABEL + "=" + appId)).isEmpty();
  }

  @Test
  void earlierBuildStagesGoWithTheirImage() throws Exception {
    String stages =
        "FROM %s AS made\nLABEL %s=%d\nRUN echo $RANDOM > /made\n"
            .formatted("mist-test-busybox", LABEL, appId);
    App app = directory(stages + dockerfile("true", SERVE) + "COPY --from=made /made /made\n");
    long first = deployWell().id();
    assertThat(tags()).containsExactly("deployment-" + first, "deployment-" + first + "-stage-1");
    for (int i = 0; i < 2; i++) {
      TestDirectory.write(
          app.path().resolve("Dockerfile"),
          stages.replace("/made", i + "/made").replace("$RANDOM > " + i, i + " > ")
              + dockerfile("echo " + i, SERVE)
              + "COPY --from=made /made /made\n");
      deployWell();
    }
    assertThat(tags()).hasSize(4).noneMatch(tag -> tag.startsWith("deployment-" + first));
    assertThat(images("{{.ID}}", "dangling=true", "label=" + LABEL + "=" + appId)).isEmpty();
  }
}
