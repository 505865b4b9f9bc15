package io.miststream.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.miststream.core.metrics.MetricsTopic;
import io.miststream.core.metrics.StatsTopics;
import io.miststream.testkit.RawClient;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Flow;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrometheusTest {
  // The grammar of https://prometheus.io/docs/instrumenting/exposition_formats, without timestamps.
  private static final Pattern HELP = Pattern.compile("# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)");
  private static final Pattern TYPE =
      Pattern.compile("# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|summary|histogram)");
  private static final Pattern SAMPLE =
      Pattern.compile(
          "([a-zA-Z_:][a-zA-Z0-9_:]*)"
              + "(\\{[a-zA-Z_]\\w*=\"(?:[^\"\\\\]|\\\\[\\\\n\"])*\""
              + "(?:,[a-zA-Z_]\\w*=\"(?:[^\"\\\\]|\\\\[\\\\n\"])*\")*,?\\})?"
              + " ([-+]?(?:\\d+(?:\\.\\d+)?(?:[eE][-+]?\\d+)?|Inf)|NaN)");

  private static final Pattern DOCUMENTED = Pattern.compile("`(miststream_\\w+)(?:\\{.*?})?`");

  /** A metric of which a query asks for some labels. */
  private static final Pattern QUERIED = Pattern.compile("(\\w+)\\{");

  @TempDir private Path directory;
  private final MemoryLogSource source = new MemoryLogSource();
  private final MetricsTopic metrics = MetricsTopic.create(new ScriptedMetrics());
  private final StatsTopics stats =
      StatsTopics.create(appId -> subscriber -> subscriber.onSubscribe(new Silence()));
  private DeploymentServer server;

  /** Nothing comes of it. */
  private static final class Silence implements Flow.Subscription {
    @Override
    public void request(long n) {}

    @Override
    public void cancel() {}
  }

  @BeforeEach
  void start() throws IOException {
    server =
        new DeploymentServer(
            directory, builder -> builder.logs(source).metrics(metrics).stats(stats));
  }

  @AfterEach
  void stop() {
    server.close();
    metrics.close();
    stats.close();
  }

  private String page() throws Exception {
    HttpResponse<String> response = server.get("/metrics");
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.headers().firstValue("Content-Type"))
        .contains("text/plain; version=0.0.4; charset=utf-8");
    return response.body();
  }

  private Map<String, Double> samples() throws Exception {
    return parse(page());
  }

  @Test
  void whatIsExposedIsWhatIsDocumented() throws Exception {
    Set<String> documented =
        DOCUMENTED
            .matcher(Files.readString(Path.of("../docs/PROMETHEUS.md")))
            .results()
            .map(match -> match.group(1))
            .collect(Collectors.toCollection(TreeSet::new));
    Map<String, Double> samples = samples();
    assertThat(samples.keySet())
        .anyMatch(name -> name.startsWith("jvm_memory_used_bytes{"))
        .contains("process_uptime_seconds");
    Set<String> exposed =
        samples.keySet().stream()
            .map(name -> name.replaceFirst("\\{.*", ""))
            .filter(name -> name.startsWith("miststream_"))
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(exposed).isEqualTo(documented);
  }

  @Test
  void theDashboardAsksForWhatIsExposed() throws Exception {
    Set<String> exposed =
        samples().keySet().stream()
            .map(name -> name.replaceFirst("\\{.*", ""))
            .collect(Collectors.toCollection(TreeSet::new));
    JsonNode dashboard =
        new ObjectMapper().readTree(Path.of("../docs/grafana-dashboard.json").toFile());
    List<String> queries = dashboard.findValuesAsText("expr");
    assertThat(queries).hasSizeGreaterThan(15);
    Set<String> asked = new TreeSet<>();
    for (String query : queries) {
      QUERIED.matcher(query).results().forEach(match -> asked.add(match.group(1)));
    }
    assertThat(exposed).containsAll(asked);
    assertThat(asked)
        .containsAll(exposed.stream().filter(name -> name.startsWith("miststream_")).toList());
    // Labels, too.
    for (String query : queries) {
      Matcher by = Pattern.compile("sum by \\((\\w+)\\) \\((?:rate\\()?(\\w+)").matcher(query);
      if (by.find() && !by.group(1).equals("instance")) {
        assertThat(samples().keySet())
            .as(query)
            .anyMatch(name -> name.startsWith(by.group(2) + "{" + by.group(1) + "="));
      }
    }
  }

  @Test
  void viewersAndWhatTheyAreSentAreCounted() throws Exception {
    MemoryLogSource.App app = source.app(1);
    try (RawClient one = RawClient.open(server.port(), "/ws/container/logs?appId=1");
        RawClient other = RawClient.open(server.port(), "/ws/container/logs?appId=1")) {
      long bytes = 0;
      long messages = 0;
      app.print("hello");
      for (RawClient viewer : List.of(one, other)) {
        String text;
        do {
          text = viewer.readText();
          messages++;
          // the frame's header: two bytes more from 126 on
          bytes += text.length() + (text.length() < 126 ? 2 : 4);
        } while (!text.contains("hello"));
      }
      Map<String, Double> now = samples();
      assertThat(now)
          .containsEntry("miststream_viewers{kind=\"logs\"}", 2.0)
          .containsEntry("miststream_topics{kind=\"logs\"}", 1.0)
          .containsEntry("miststream_connections", 2.0)
          .containsEntry("miststream_handshakes_accepted_total", 2.0)
          .containsEntry("miststream_source_reads", 1.0)
          .containsEntry("miststream_sent_messages_total{kind=\"logs\"}", (double) messages)
          .containsEntry("miststream_sent_bytes_total{kind=\"logs\"}", (double) bytes);
    }
    await().until(() -> samples().get("miststream_viewers{kind=\"logs\"}") == 0);
  }

  @Test
  void viewersOfMetricsAndStatsAreCounted() throws Exception {
    try (RawClient host = RawClient.open(server.port(), "/ws/metrics");
        RawClient app = RawClient.open(server.port(), "/ws/container/stats?appId=1")) {
      host.readText();
      assertThat(samples())
          .containsEntry("miststream_viewers{kind=\"metrics\"}", 1.0)
          .containsEntry("miststream_topics{kind=\"metrics\"}", 1.0)
          .containsEntry("miststream_viewers{kind=\"stats\"}", 1.0)
          .containsEntry("miststream_topics{kind=\"stats\"}", 1.0)
          .hasEntrySatisfying(
              "miststream_sent_messages_total{kind=\"metrics\"}",
              sent -> assertThat(sent).isPositive());
      app.close();
    }
    await().until(() -> samples().get("miststream_viewers{kind=\"stats\"}") == 0);
  }

  @Test
  void refusedHandshakesAreCountedByReason() throws Exception {
    for (String path : List.of("/ws/container/logs?appId=x", "/ws/container/logs", "/nothing")) {
      try (RawClient socket = RawClient.connect(server.port())) {
        socket.send(socket.handshake(path));
        assertThat(socket.readResponse(true).status()).isBetween(400, 404);
      }
    }
    assertThat(samples())
        .containsEntry("miststream_handshakes_refused_total{reason=\"invalid_request\"}", 2.0)
        .containsEntry("miststream_handshakes_refused_total{reason=\"not_found\"}", 1.0)
        .containsEntry("miststream_handshakes_refused_total{reason=\"forbidden\"}", 0.0)
        .containsEntry("miststream_handshakes_accepted_total", 0.0);
  }

  @Test
  void deploymentsAreCountedByStatus() throws Exception {
    long id = server.startReported(1);
    assertThat(samples())
        .containsEntry("miststream_deployments{status=\"pending\"}", 1.0)
        .containsEntry("miststream_topics{kind=\"deployments\"}", 1.0);
    assertThat(server.post("/api/deployments/" + id + "/stop", "").statusCode())
        .isBetween(200, 202);
    await().until(() -> samples().get("miststream_deployments{status=\"stopped\"}") == 1);
    assertThat(samples())
        .containsEntry("miststream_deployments{status=\"pending\"}", 0.0)
        .containsEntry("miststream_topics{kind=\"deployments\"}", 0.0)
        .hasEntrySatisfying("miststream_journal_bytes", size -> assertThat(size).isPositive());
  }

  /** The samples by name and labels, after a check of every line. */
  private static Map<String, Double> parse(String page) {
    Map<String, String> types = new HashMap<>();
    List<String> helped = new ArrayList<>();
    Map<String, Double> samples = new HashMap<>();
    assertThat(page).endsWith("\n");
    for (String line : page.lines().toList()) {
      Matcher help = HELP.matcher(line);
      Matcher type = TYPE.matcher(line);
      Matcher sample = SAMPLE.matcher(line);
      if (help.matches()) {
        assertThat(helped).doesNotContain(help.group(1));
        helped.add(help.group(1));
      } else if (type.matches()) {
        assertThat(types.put(type.group(1), type.group(2))).isNull();
      } else {
        assertThat(sample.matches()).as(line).isTrue();
        String name = sample.group(1);
        String family =
            types.containsKey(name) ? name : name.replaceFirst("_(sum|count|bucket)$", "");
        assertThat(types).as(line).containsKey(family);
        assertThat(helped).as(line).contains(family);
        // As promtool looks at names.
        if (types.get(family).equals("counter")) {
          assertThat(name).endsWith("_total");
        }
        if (types.get(family).equals("gauge")) {
          assertThat(name).doesNotMatch(".*_(sum|count|bucket|total)");
        }
        assertThat("_" + name + "_").doesNotMatch(".*_(ns|us|ms|s|sec|secs|b|kb|mb|gb|pct)_.*");
        String labels = sample.group(2) == null ? "" : sample.group(2);
        Double value = Double.valueOf(sample.group(3).replace("Inf", "Infinity"));
        assertThat(samples.put(name + labels, value)).as(line).isNull();
      }
    }
    return samples;
  }
}
