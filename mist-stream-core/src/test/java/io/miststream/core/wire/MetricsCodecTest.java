package io.miststream.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.miststream.core.DockerCounts;
import io.miststream.core.ErrorCode;
import io.miststream.core.HostMetrics;
import io.miststream.core.StreamException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MetricsCodecTest {
  private static final Instant TIME = Instant.parse("2025-01-15T10:30:00Z");

  static final Map<String, HostMetrics> SAMPLES =
      Map.of(
          "metrics",
          new HostMetrics(
              TIME,
              new HostMetrics.Cpu(25.5, 4, List.of(51.0, 0.0, 25.5, 25.5)),
              new HostMetrics.Memory(4294967296L, 17179869184L, 25.0, 12884901888L),
              HostMetrics.Space.of(53687091200L, 536870912000L),
              new DockerCounts(5, 8, 12, null),
              HostMetrics.Space.of(0, 0),
              List.of(0.5, 1.25, 2.0),
              List.of(new HostMetrics.Mount("/", "ext4", 53687091200L, 536870912000L, 10.0)),
              List.of(new HostMetrics.DiskRate("sda", 4096, 8192)),
              List.of(new HostMetrics.NetworkRate("eth0", 1500, 60)),
              45.5,
              86400L,
              123,
              new HostMetrics.Cgroup(1.5, 66.7, 104857600L, 536870912L, 19.5),
              Map.of()),
          "metrics-failing",
          new HostMetrics(
              TIME,
              new HostMetrics.Cpu(null, 4, null),
              new HostMetrics.Memory(null, null, null, null),
              HostMetrics.Space.UNKNOWN,
              DockerCounts.unknown("Docker is unreachable: gone"),
              null,
              null,
              null,
              null,
              null,
              null,
              null,
              null,
              null,
              Map.of("disks", "no answer within 500 ms")));

  private static String golden(String name) throws IOException {
    try (InputStream in = MetricsCodecTest.class.getResourceAsStream("/wire/" + name + ".json")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
    }
  }

  @Test
  void theyLookAsDocumentedAndAreReadBack() throws IOException {
    for (Map.Entry<String, HostMetrics> sample : SAMPLES.entrySet()) {
      String text = golden(sample.getKey());
      assertThat(WireCodec.encode(sample.getValue())).isEqualTo(text);
      assertThat(WireCodec.decode(text)).isEqualTo(sample.getValue());
      byte[] frame = MessageEncoder.frame(sample.getValue(), true);
      assertThat(Frames.length(frame, 0)).isEqualTo(frame.length);
      assertThat(Frames.text(frame, 0, frame.length)).isEqualTo(text);
    }
  }

  @Test
  void whatMistItselfSendsIsRead() {
    HostMetrics read =
        (HostMetrics)
            WireCodec.decode(
                "{\"timestamp\":\"2025-01-15T10:30:00Z\",\"cpu\":{\"usage\":25.5,\"cores\":4},"
                    + "\"memory\":{\"used\":4294967296,\"total\":17179869184,\"percent\":25.0},"
                    + "\"disk\":{\"used\":53687091200,\"total\":536870912000,\"percent\":10.0},"
                    + "\"docker\":{\"containers_running\":5,\"containers_total\":8,\"images\":12},"
                    + "\"more\":[{\"a\":true}]}");
    assertThat(read.cpu()).isEqualTo(new HostMetrics.Cpu(25.5, 4, null));
    assertThat(read.memory())
        .isEqualTo(new HostMetrics.Memory(4294967296L, 17179869184L, 25.0, null));
    assertThat(read.disk()).isEqualTo(HostMetrics.Space.of(53687091200L, 536870912000L));
    assertThat(read.docker()).isEqualTo(new DockerCounts(5, 8, 12, null));
    assertThat(read.errors()).isEmpty();
    assertThat(read.disks()).isNull();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{",
        "{}",
        "{\"timestamp\":\"now\"}",
        "{\"timestamp\":\"2025-01-15T10:30:00Z\",\"cpu\":{\"cores\":\"4\"}}",
      })
  void whatIsNoneIsAnError(String text) {
    assertThatThrownBy(() -> WireCodec.decode(text))
        .isInstanceOfSatisfying(
            StreamException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INTERNAL));
  }

  @Test
  void percentagesHaveOneDecimalAndStayWithinTheirRange() {
    assertThat(HostMetrics.percentOf(1, 3)).isEqualTo(33.3);
    assertThat(HostMetrics.percentOf(5, 3)).isEqualTo(100);
    assertThat(HostMetrics.percentOf(-1, 3)).isZero();
    assertThat(HostMetrics.percentOf(0, 0)).isZero();
  }
}
