package io.miststream.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.miststream.core.BlockingPublisher;
import io.miststream.core.Cursor;
import io.miststream.core.ErrorCode;
import io.miststream.core.Gap;
import io.miststream.core.LogLine;
import io.miststream.core.LogSource;
import io.miststream.core.LogStream;
import io.miststream.core.StreamEnd;
import io.miststream.core.StreamError;
import io.miststream.core.StreamException;
import io.miststream.core.StreamMessage;
import io.miststream.core.wire.WireCodec;
import io.miststream.server.security.AccessPolicy;
import io.miststream.server.security.Audit;
import io.miststream.server.security.Identity;
import io.miststream.testkit.RawClient;
import io.miststream.testkit.RawClient.Response;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An app's logs over HTTP. */
@Timeout(120) // what should not wait would wait for ever
@Execution(ExecutionMode.CONCURRENT)
class LogDownloadTest {
  private static final String PATH = "/api/apps/1/logs";

  private final MemoryLogSource logs = new MemoryLogSource();
  private final List<Audit.Event> audit = new CopyOnWriteArrayList<>();
  private final HttpClient client = HttpClient.newHttpClient();
  private MistStreamServer server;

  private record User(String getName) implements Identity {
    @Override
    public boolean isValid() {
      return true;
    }
  }

  private void start(UnaryOperator<MistStreamServer.Builder> more) {
    server =
        more.apply(
                MistStreamServer.builder()
                    .logs(logs)
                    .audit(audit::add)
                    .stallTimeout(Duration.ofSeconds(3))
                    .port(0))
            .start();
  }

  @AfterEach
  void close() {
    server.close();
  }

  private HttpResponse<String> get(String target, String... headers) throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + target));
    return client.send(
        (headers.length == 0 ? request : request.headers(headers)).build(),
        BodyHandlers.ofString());
  }

  private static String lines(int from, int to) {
    return IntStream.range(from, to)
        .mapToObj(i -> "line " + i + "\n")
        .collect(Collectors.joining());
  }

  private void print(int from, int to) {
    logs.app(1).print(lines(from, to).split("\n", -1));
  }

  @Test
  void allOfItAsItWasPrinted() throws Exception {
    start(server -> server);
    logs.app(1).print("first", "", "\u001b[1mbold\u001b[0m \u00e4\ud83d\ude00").printError("last");
    HttpResponse<String> response = get(PATH);
    assertThat(response.statusCode()).isEqualTo(200);
    assertThat(response.body())
        .isEqualTo("first\n\n\u001b[1mbold\u001b[0m \u00e4\ud83d\ude00\nlast\n");
    assertThat(response.headers().firstValue("Content-Type")).hasValue("text/plain; charset=utf-8");
    assertThat(response.headers().firstValue("Content-Disposition"))
        .hasValue("attachment; filename=\"app-1.log\"");
    await().until(() -> audit.size() == 2);
    assertThat(audit)
        .extracting(Audit.Event::kind)
        .containsExactly(Audit.Kind.VIEWER_OPENED, Audit.Kind.VIEWER_CLOSED);
    assertThat(audit).extracting(Audit.Event::path).containsOnly(PATH);
    assertThat(audit).extracting(Audit.Event::appId).containsOnly(1L);
  }

  @Test
  void anAppThatPrintsNothing() throws Exception {
    start(server -> server);
    logs.app(1);
    assertThat(get(PATH).body()).isEmpty();
    assertThat(get(PATH + "?format=ndjson").body().lines()).hasSize(2); // status and end
    logs.app(1).print("one").stop();
    assertThat(get(PATH).body()).isEqualTo("one\n"); // of one that is stopped too
  }

  @Test
  void moreThanFitsAnywhere() throws Exception {
    start(server -> server);
    print(0, 50_000);
    assertThat(get(PATH).body()).isEqualTo(lines(0, 50_000) + "\n");
  }

  @Test
  void asMessages() throws Exception {
    start(server -> server);
    print(0, 1000);
    HttpResponse<String> response = get(PATH + "?format=ndjson&tail=10");
    assertThat(response.headers().firstValue("Content-Type")).hasValue("application/x-ndjson");
    List<String> all = response.body().lines().toList();
    assertThat(all).hasSize(12);
    assertThat(all.get(0)).contains("\"type\":\"status\"");
    LogLine fifth = (LogLine) WireCodec.decode(all.get(5));
    assertThat(fifth.line()).isEqualTo("line 995");
    assertThat(WireCodec.decode(all.get(11))).isInstanceOf(StreamEnd.class);
    assertThat(get(PATH + "?after=" + fifth.cursor()).body()).isEqualTo(lines(996, 1000) + "\n");
  }

  @Test
  void theSameParametersAsTheSocket() throws Exception {
    start(server -> server);
    print(0, 100);
    logs.app(1).printError("error 1");
    assertThat(get(PATH + "?tail=1").body()).isEqualTo("error 1\n");
    assertThat(get(PATH + "?stream=stderr").body()).isEqualTo("error 1\n");
    assertThat(get(PATH + "?grep=9$&exclude=%5B1-8%5D&follow=none").body())
        .isEqualTo("line 9\nline 99\n");
    assertThat(get(PATH + "?until=2025-01-15T10:30:00.000002Z").body())
        .isEqualTo("line 0\nline 1\nline 2\n");
  }

  @ParameterizedTest
  @CsvSource({
    "/api/apps/1/logs?follow=app, 400, a download has an end",
    "/api/apps/1/logs?format=xml, 400, 'format must be one of text, ndjson'",
    "/api/apps/1/logs?grep=(, 400, grep is not a valid regular expression",
    "/api/apps/1/logs?tail=100001, 400, tail must be 0 to 100000 or all",
    "/api/apps/0/logs, 400, must be a positive integer",
    "/api/apps/x/logs, 400, must be a positive integer",
    "/api/apps/2/logs, 404, Container not found",
    "/api/apps/3/logs, 409, no reading of these",
    "/api/apps/4/logs, 503, Docker is unreachable"
  })
  void whatCannotBeHadIsSaidBeforeAnythingElse(String target, int status, String words)
      throws Exception {
    start(server -> server);
    logs.app(1);
    logs.app(3).fail(ErrorCode.LOGS_NOT_READABLE, "no reading of these");
    logs.app(4).fail(ErrorCode.SOURCE_UNAVAILABLE, "Docker is unreachable: no");
    HttpResponse<String> response = get(target.replace("(", "%28"));
    assertThat(response.statusCode()).isEqualTo(status);
    assertThat(response.body()).contains("{\"error\":{\"code\":", words);
    assertThat(response.headers().firstValue("Retry-After").isPresent()).isEqualTo(status == 503);
  }

  private static LogLine line(int number, String text, LogStream stream, boolean partial) {
    return new LogLine(Instant.EPOCH, cursor(number), text, stream, "", partial);
  }

  private static Cursor cursor(int number) {
    return Cursor.of(Cursor.Mark.of(1, 0, number, 0));
  }

  private static LogSource source(StreamMessage... messages) {
    return request ->
        new BlockingPublisher(
            task -> new Thread(task, "test-source"),
            out -> {
              for (StreamMessage message : messages) {
                out.emit(message);
              }
            });
  }

  @Test
  void whatIsMissingIsToldAndPiecesOfALineAreJoined() throws Exception {
    StreamMessage[] all = {
      line(1, "one", LogStream.STDOUT, false),
      new Gap(Instant.EPOCH, cursor(3), Gap.Reason.LOG_ROTATED, 2L, cursor(1), cursor(4)),
      line(4, "be", LogStream.STDOUT, true),
      line(5, "gun", LogStream.STDOUT, false),
      line(6, "half", LogStream.STDOUT, true),
      new Gap(Instant.EPOCH, cursor(7), Gap.Reason.SOURCE_RESTARTED, null, cursor(6), null),
      line(8, "half", LogStream.STDOUT, true),
      line(9, "other", LogStream.STDERR, false),
      new StreamEnd(Instant.EPOCH, cursor(9), "Log stream ended")
    };
    start(server -> server.logs(source(all)));
    assertThat(get(PATH).body())
        .isEqualTo(
            """
            one
            [mist-stream] 2 lines are missing here (log_rotated)
            begun
            half
            [mist-stream] some lines are missing here (source_restarted)
            half
            other
            """);
    assertThat(get(PATH + "?format=ndjson").body().lines()).hasSize(all.length);
  }

  @Test
  void aSourceThatIsLostOnTheWayIsTold() throws Exception {
    start(
        server ->
            server.logs(
                request ->
                    new BlockingPublisher(
                        task -> new Thread(task, "test-source"),
                        out -> {
                          out.emit(line(1, "one", LogStream.STDOUT, false));
                          throw new StreamException(
                              ErrorCode.SOURCE_UNAVAILABLE, "Docker is unreachable: gone");
                        })));
    assertThat(get(PATH).body())
        .isEqualTo(
            "one\n[mist-stream] Docker is unreachable: gone; it goes on with after="
                + cursor(1)
                + "\n");
    assertThat(get(PATH + "?format=ndjson").body()).contains("\"code\":\"source_unavailable\"");
  }

  @Test
  void theLimitEndsItBehindALineAndSaysHowToGoOn() throws Exception {
    start(server -> server.maxDownloadBytes(1000));
    print(0, 500);
    List<String> all = new ArrayList<>();
    String target = PATH;
    while (target != null) {
      String body = get(target).body();
      int note = body.indexOf("[mist-stream] The download ends here, with ");
      all.add(note < 0 ? body : body.substring(0, note));
      assertThat(all.get(all.size() - 1).length()).isLessThanOrEqualTo(1000);
      target =
          note < 0 ? null : PATH + "?after=" + body.substring(body.indexOf("after=") + 6).strip();
    }
    assertThat(all).hasSizeGreaterThan(3);
    assertThat(String.join("", all)).isEqualTo(lines(0, 500) + "\n");

    List<String> messages = get(PATH + "?format=ndjson").body().lines().toList();
    StreamError last = (StreamError) WireCodec.decode(messages.get(messages.size() - 1));
    assertThat(last.code()).isEqualTo(ErrorCode.TOO_LARGE);
    assertThat(last.message()).matches("The download ends here, with \\d+ of at most 1000 bytes");
  }

  @Test
  void theLimitAtItsEdge() throws Exception {
    logs.app(1).print("12345", "67890");
    start(server -> server.maxDownloadBytes(12));
    assertThat(get(PATH).body()).isEqualTo("12345\n67890\n");
    server.close();
    start(server -> server.maxDownloadBytes(11));
    assertThat(get(PATH).body())
        .startsWith("12345\n[mist-stream] The download ends here, with 6 of");
    server.close();
    start(server -> server.maxDownloadBytes(1)); // a line at a time is the least
    assertThat(get(PATH).body()).startsWith("12345\n[mist-stream] ");
  }

  private RawClient stalled(String... headers) throws IOException {
    RawClient socket = RawClient.connect(server.port(), 8192);
    socket.send(
        "GET "
            + PATH
            + " HTTP/1.1\r\nHost: 127.0.0.1:"
            + server.port()
            + "\r\n"
            + String.join("", List.of(headers))
            + "\r\n");
    assertThat(socket.readResponse(false).status()).isEqualTo(200);
    return socket;
  }

  private void printMegabytes(int count) {
    for (int i = 0; i < count; i++) {
      logs.app(1).print(i + "x".repeat(1 << 20).substring(10));
    }
  }

  @Test
  void whoDoesNotReadHoldsUpNobodyAndIsDropped() throws Exception {
    start(server -> server);
    printMegabytes(12);
    List<RawClient> stalled = List.of(stalled(), stalled());
    assertThat(get(PATH).body()).hasSizeGreaterThan(12_000_000);
    await()
        .atMost(Duration.ofMinutes(1))
        .until(() -> audit.stream().filter(e -> e.kind() == Audit.Kind.VIEWER_CLOSED).count() == 3);
    for (RawClient socket : stalled) {
      socket.close();
    }
  }

  @Test
  void soManyAtOnceAndNoMore() throws Exception {
    start(server -> server.maxDownloads(2).stallTimeout(Duration.ofMinutes(1)));
    printMegabytes(12);
    try (RawClient first = stalled();
        RawClient second = stalled()) {
      HttpResponse<String> tooMany = get(PATH);
      assertThat(tooMany.statusCode()).isEqualTo(503);
      assertThat(tooMany.headers().firstValue("Retry-After")).hasValue("5");
      second.reset();
      await().until(() -> get(PATH).statusCode() == 200);
      assertThat(first).isNotNull();
    }
  }

  @Test
  void oneUserHasSoManyAndOthersHaveTheirs() throws Exception {
    start(
        server ->
            server
                .authentication(User::new, AccessPolicy.ALL)
                .maxDownloads(3)
                .maxDownloadsPerUser(2)
                .stallTimeout(Duration.ofMinutes(1)));
    printMegabytes(12);
    String ann = "Authorization: Bearer ann\r\n";
    try (RawClient first = stalled(ann);
        RawClient second = stalled(ann)) {
      HttpResponse<String> tooMany = get(PATH, "Authorization", "Bearer ann");
      assertThat(tooMany.statusCode()).isEqualTo(429);
      assertThat(tooMany.headers().firstValue("Retry-After")).hasValue("5");
      assertThat(get(PATH, "Authorization", "Bearer bob").statusCode()).isEqualTo(200);
      assertThat(first).isNotEqualTo(second);
    }
  }

  @Test
  void closingDoesNotWaitForDownloadsAndTheyDoNotLookComplete() throws Exception {
    start(server -> server.stallTimeout(Duration.ofMinutes(10)));
    printMegabytes(12);
    try (RawClient one = stalled()) {
      server.close();
      String rest = "";
      try {
        rest = one.readAll();
      } catch (IOException e) {
        // reset, as good
      }
      assertThat(rest).doesNotEndWith("0\r\n\r\n");
    }
  }

  @Test
  void headHasNoBody() throws Exception {
    start(server -> server);
    print(0, 10);
    try (RawClient socket = RawClient.connect(server.port())) {
      Response response =
          socket
              .send("HEAD " + PATH + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
              .readResponse(false);
      assertThat(response.status()).isEqualTo(200);
      assertThat(socket.readAll()).isEmpty();
    }
    await().until(() -> audit.size() == 2);
  }
}
