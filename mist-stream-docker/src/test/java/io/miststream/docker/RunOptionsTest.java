package io.miststream.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.miststream.core.App;
import io.miststream.core.deployment.DeploymentFailedException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RunOptionsTest {

  private static App.Run run(List<String> ports, List<String> volumes) {
    return new App.Run(Map.of("A", "b=c"), ports, volumes, Duration.ofSeconds(1));
  }

  @Test
  void theEngineGetsWhatTheCatalogueSays() throws Exception {
    assertThat(
            RunOptions.of(
                    run(
                        List.of("3000:80", "127.0.0.1:3001:80", "5353:53/udp", "9000"),
                        List.of("data:/data", "/host/path:/etc/x:ro")))
                .toString())
        .isEqualTo(
            """
            {"Env":["A=b=c"],\
            "HostConfig":{"PortBindings":{\
            "80/tcp":[{"HostIp":"","HostPort":"3000"},{"HostIp":"127.0.0.1","HostPort":"3001"}],\
            "53/udp":[{"HostIp":"","HostPort":"5353"}],\
            "9000/tcp":[{"HostIp":"","HostPort":""}]},\
            "Binds":["data:/data","/host/path:/etc/x:ro"],\
            "RestartPolicy":{"Name":"no"}},\
            "ExposedPorts":{"80/tcp":{},"53/udp":{},"9000/tcp":{}}}""");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "80:x", "70000:80", "80:70000", "80:0", "1:2:3:4", "80:80/foo"})
  void aBadPortIsNamed(String port) {
    assertThatThrownBy(() -> RunOptions.of(run(List.of(port), List.of())))
        .isInstanceOf(DeploymentFailedException.class)
        .hasMessageContaining("\"" + port + "\" in run.ports");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/data", "data:data", "./a:/b", "a b:/c", "/a:/b:nonsense"})
  void aBadVolumeIsNamed(String volume) {
    assertThatThrownBy(() -> RunOptions.of(run(List.of(), List.of(volume))))
        .isInstanceOf(DeploymentFailedException.class)
        .hasMessageContaining("\"" + volume + "\" in run.volumes");
  }
}
