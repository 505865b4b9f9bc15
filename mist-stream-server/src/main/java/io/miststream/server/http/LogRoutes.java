package io.miststream.server.http;

import io.miststream.core.ErrorCode;
import io.miststream.core.Follow;
import io.miststream.core.LogRequest;
import io.miststream.core.StreamException;
import io.miststream.core.topic.LogTopics;
import io.miststream.server.http.LogDownload.Format;
import io.miststream.server.http.Route.Call;
import io.miststream.server.query.QueryString;
import io.miststream.server.security.Action;
import io.miststream.server.security.Audit.Kind;
import io.miststream.server.security.Tally;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Logs to take home. */
final class LogRoutes {
  private final LogTopics topics;
  private final BiFunction<QueryString, Long, LogRequest> requests;
  private final HttpLimits limits;
  private final Executor threads;
  private final Semaphore all;
  private final Tally each;

  LogRoutes(
      LogTopics topics,
      BiFunction<QueryString, Long, LogRequest> requests,
      HttpLimits limits,
      Executor threads) {
    this.topics = topics;
    this.requests = requests;
    this.limits = limits;
    this.threads = threads;
    this.all = new Semaphore(limits.maxDownloads());
    this.each = new Tally(limits.maxDownloadsEach());
  }

  List<Route> routes() {
    return List.of(Route.later("/api/apps/" + Route.ID + "/logs", this::download));
  }

  private void download(Call call, Consumer<Answer> answer) throws RefusedException {
    Caller caller = call.caller();
    caller.require(Action.LOGS, call.id());
    QueryString query = call.query();
    Format format = format(query.one("format"));
    if (query.one("follow") != null && !Follow.NONE.wire().equals(query.one("follow"))) {
      throw invalid("a download has an end: follow must be none");
    }
    LogRequest request = requests.apply(query, call.id()).withFollow(Follow.NONE);
    if (query.one("tail") == null) {
      request = request.withTail(LogRequest.ALL);
    }
    Runnable leave = enter(caller);
    caller.audit().record(caller.event(Kind.VIEWER_OPENED, call.id()));
    long begun = System.nanoTime();
    String type = format == Format.NDJSON ? Json.LINES : "text/plain; charset=utf-8";
    String name = "app-" + call.id() + (format == Format.NDJSON ? ".ndjson" : ".log");
    new LogDownload(
            topics.open(request),
            format,
            limits.maxDownloadBytes(),
            body ->
                answer.accept(
                    Answer.stream(type, body)
                        .with("Content-Disposition", "attachment; filename=\"" + name + "\"")),
            problem -> answer.accept(Answer.of(problem)),
            () -> {
              leave.run();
              caller
                  .audit()
                  .record(
                      caller
                          .event(Kind.VIEWER_CLOSED, call.id())
                          .after(Duration.ofNanos(System.nanoTime() - begun)));
            })
        .start(threads);
  }

  /** Counts a download; returns what to do at its end. */
  private Runnable enter(Caller caller) throws RefusedException {
    if (!all.tryAcquire()) {
      throw new RefusedException(Answer.unavailable("unavailable", "Too many downloads"));
    }
    Tally.Share share =
        each.enter(
            caller.identity() == null ? caller.client().address() : caller.identity().getName());
    if (share == null) {
      all.release();
      throw new RefusedException(Answer.tooMany("Too many downloads of one user", 5));
    }
    return () -> {
      each.leave(share);
      all.release();
    };
  }

  private static Format format(@Nullable String value) {
    if (value == null || value.equals("text")) {
      return Format.TEXT;
    } else if (value.equals("ndjson")) {
      return Format.NDJSON;
    }
    throw invalid("format must be one of text, ndjson");
  }

  private static StreamException invalid(String message) {
    return new StreamException(ErrorCode.INVALID_REQUEST, message);
  }
}
