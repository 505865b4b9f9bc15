package io.miststream.server.security;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.server.security.Audit.Kind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class AuditLogTest {
  private final List<String> lines = new ArrayList<>();
  private final AtomicLong now = new AtomicLong();
  private final AuditLog log = new AuditLog(lines::add, now::get);

  @Test
  void anEventIsALineOfJson() {
    log.record(
        new Audit.Event(
            Kind.VIEWER_CLOSED,
            "ann",
            "192.0.2.1",
            "/ws/container/logs",
            7,
            0,
            null,
            Duration.ofMillis(1500)));
    log.record(
        Audit.Event.of(Kind.REFUSED, null, "", "/metrics", AccessPolicy.NO_APP)
            .ofDeployment(3)
            .because("Permission denied"));
    assertThat(lines)
        .containsExactly(
            "{\"event\":\"viewer_closed\",\"user\":\"ann\",\"address\":\"192.0.2.1\","
                + "\"path\":\"/ws/container/logs\",\"app\":7,\"duration_ms\":1500}",
            "{\"event\":\"refused\",\"user\":null,\"address\":\"\",\"path\":\"/metrics\","
                + "\"deployment\":3,\"reason\":\"Permission denied\"}");
  }

  @Test
  void nobodyCanWriteALineOrMoveTheCursor() {
    StringBuilder name = new StringBuilder("ü\u2028\u202e");
    for (char c = 0; c < 0x100; c++) {
      name.append(c);
    }
    log.record(new Audit.Event(Kind.LOGIN_REFUSED, name.toString(), "", "/", 0, 0, null, null));
    assertThat(lines.get(0)).matches("[ -~]+").contains("\\u001B", "\\n", "\\u007F", "\\u202E");
    log.record(new Audit.Event(Kind.LOGIN_REFUSED, "x".repeat(100_000), "", "/", 0, 0, null, null));
    assertThat(lines.get(1)).hasSizeLessThan(500).contains("xxx...");
  }

  private void refuse(String address, int times) {
    for (int i = 0; i < times; i++) {
      log.record(Audit.Event.of(Kind.REFUSED, null, address, "/", AccessPolicy.NO_APP));
    }
  }

  private List<String> told() {
    List<String> told =
        lines.stream().map(line -> line.replaceAll(".*\"path\":\"/\",?(.*)}", "$1")).toList();
    lines.clear();
    return told;
  }

  @Test
  void aFloodOfRefusalsIsToldInFewLines() {
    refuse("192.0.2.1", 60);
    assertThat(told()).hasSize(60).containsOnly("");
    refuse("192.0.2.1", 1000);
    assertThat(told()).containsExactly("\"more\":\"left out\"");
    refuse("192.0.2.2", 60);
    assertThat(told()).hasSize(60).containsOnly("");
    now.addAndGet(1_000_000_000);
    refuse("192.0.2.1", 3);
    assertThat(told()).containsExactly("\"left_out\":999", "\"more\":\"left out\"");
    log.record(Audit.Event.of(Kind.LOGIN, null, "192.0.2.1", "/", AccessPolicy.NO_APP));
    assertThat(told()).containsExactly("");
  }

  @Test
  void norDoManyAddressesTogether() {
    for (int i = 0; i < 5000; i++) {
      refuse("192.0.2." + i, 1);
    }
    assertThat(told()).hasSize(1001).endsWith("\"more\":\"left out\"");
    now.addAndGet(10_000_000);
    refuse("198.51.100.1", 1);
    assertThat(told()).containsExactly("\"left_out_of_others\":3999");
  }
}
