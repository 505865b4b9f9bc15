package io.miststream.docker;

import static io.miststream.docker.DockerTests.await;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.Follow;
import io.miststream.core.LogRequest;
import io.miststream.testkit.RecordingSubscriber;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What a follower does in moments that a real engine hardly ever gives. */
class ContainerFollowerTest {
  private static final String ID = "abcdef012345";
  private static final String START = "2025-01-15T10:00:00Z";
  private static final String NEVER = "0001-01-01T00:00:00Z";
  private static final LogRequest FOLLOW = LogRequest.of(1).withTail(LogRequest.ALL);

  private final FakeEngine engine =
      new FakeEngine().containers(FakeEngine.container(ID, "running", START));

  private static byte[] chunk(String line) {
    // Each at a time of its own.
    return new LogBytes(false).chunk(1, line.hashCode() & 0xFFFFFF, line + "\n").bytes();
  }

  private static ContainerInfo info() throws IOException {
    byte[] json = FakeEngine.container(ID, "running", START).getBytes(UTF_8);
    return ContainerInfo.of(EngineApi.parse(json, 0, json.length), "Up");
  }

  private static String event(String action, Instant time) {
    String text = "{'Action':'%s','timeNano':%d,'Actor':{'ID':'%s'}}\n".replace('\'', '"');
    return String.format(text, action, Progress.nanos(time), ID);
  }

  private static byte[] start() {
    return event("start", Instant.EPOCH).getBytes(UTF_8);
  }

  private static byte[] die(Instant time) {
    return event("die", time).getBytes(UTF_8);
  }

  @Test
  void stoppingWhileAFollowIsBeingOpenedStopsIt() throws InterruptedException {
    CountDownLatch opening = new CountDownLatch(1);
    CountDownLatch open = new CountDownLatch(1);
    engine
        .on("follow=0", FakeEngine.json(""))
        .on(
            "follow=1",
            path -> {
              opening.countDown();
              awaitQuietly(open);
              return FakeEngine.silent();
            });
    try (DockerLogSource source = engine.source().build()) {
      // The end of what was asked for comes while the answer is on its way.
      LogRequest request = FOLLOW.withTimes(null, Instant.now().plusSeconds(3));
      RecordingSubscriber reader = RecordingSubscriber.to(source.logs(request));
      opening.await();
      await().until(() -> Instant.now().isAfter(request.until()));
      await().during(Duration.ofMillis(200)).until(() -> !reader.isComplete());
      open.countDown();
      reader.awaitComplete();
    }
  }

  @Test
  @Timeout(60)
  void cancellingDoesNotWaitForAConnectionToClose() throws InterruptedException {
    CountDownLatch closing = new CountDownLatch(1);
    CountDownLatch canClose = new CountDownLatch(1);
    FakeEngine.Blocking log = new FakeEngine.Blocking();
    log.say(chunk("line"));
    InputStream slow =
        new FilterInputStream(log) {
          @Override
          public void close() throws IOException {
            closing.countDown();
            awaitQuietly(canClose);
            super.close();
          }
        };
    engine.on("follow=0", FakeEngine.json("")).on("follow=1", FakeEngine.of(slow));
    try (DockerLogSource source = engine.source().build()) {
      RecordingSubscriber reader = RecordingSubscriber.to(source.logs(FOLLOW));
      reader.awaitLine("line");
      reader.cancel();
      closing.await();
      assertThat(log.isClosed()).isFalse();
      canClose.countDown();
    }
  }

  @Test
  void theEndOfAnEarlierRunThatIsHeardOfLateDoesNotStopTheNextOne() {
    FakeEngine.Blocking events = new FakeEngine.Blocking();
    FakeEngine.Blocking log = new FakeEngine.Blocking();
    log.say(chunk("line 1"));
    engine
        .on("follow=0", FakeEngine.json(""))
        .on("follow=1", FakeEngine.of(log))
        .on("/events", FakeEngine.of(events));
    try (DockerLogSource source = engine.source().build()) {
      RecordingSubscriber reader =
          RecordingSubscriber.to(source.logs(FOLLOW.withFollow(Follow.APP)));
      reader.awaitLine("line 1");
      long asked = engine.asked(ID + "/json");
      events.say(die(Instant.parse(START).minusNanos(1)));
      await().until(() -> engine.asked(ID + "/json") > asked); // the event has been heard
      await().during(Duration.ofMillis(200)).until(() -> !log.isClosed());
      log.say(chunk("line 2"));
      reader.awaitLine("line 2");
      reader.cancel();
    }
  }

  /** The engine can print what a container says before it calls that running. */
  @Test
  void aNewContainerIsRunningBeforeItsFirstLine() {
    String fresh = "fedcba543210";
    FakeEngine.Blocking events = new FakeEngine.Blocking();
    FakeEngine.Blocking log = new FakeEngine.Blocking();
    log.say(chunk("old"));
    engine
        .on("follow=0", FakeEngine.json(""))
        .on("follow=1", FakeEngine.of(log))
        .on("/events", FakeEngine.of(events));
    try (DockerLogSource source = engine.source().build()) {
      RecordingSubscriber reader =
          RecordingSubscriber.to(source.logs(FOLLOW.withFollow(Follow.APP)));
      reader.awaitLine("old");
      String old = FakeEngine.container(ID, "running", START);
      engine
          .containers(old, FakeEngine.container(fresh, "created", NEVER))
          .on("/events", FakeEngine.of(events))
          .on(fresh + "/logs", path -> FakeEngine.silent(chunk("new")));
      events.say(start());
      reader.await("created", () -> reader.states().contains("created"));
      long lists = engine.asked("/containers/json");
      events.say(start());
      await().until(() -> engine.asked("/containers/json") > lists);
      assertThat(engine.asked(fresh + "/logs")).isZero();
      engine
          .containers(old, FakeEngine.container(fresh, "running", START))
          .on(fresh + "/logs", path -> FakeEngine.silent(chunk("new")));
      events.say(start());
      reader.awaitLine("new");
      assertThat(reader.states()).containsExactly("running", "created", "running");
      reader.cancel();
    }
  }

  @Test
  void historyHasNothingOfAContainerThatHasNotRun() {
    engine
        .containers(FakeEngine.container(ID, "created", NEVER))
        .on("/logs", path -> FakeEngine.log(new LogBytes(false).chunk(1, 5, "too early\n")));
    try (DockerLogSource source = engine.source().build()) {
      RecordingSubscriber reader =
          RecordingSubscriber.to(source.logs(FOLLOW.withFollow(Follow.NONE))).awaitComplete();
      assertThat(reader.states()).containsExactly("created");
      assertThat(reader.lines()).isEmpty();
    }
  }

  @Test
  void howLateALineIsIsToldByTheEnginesClock() {
    // Ours stands still, so that a busy machine makes no line late.
    Clock clock = Clock.fixed(Instant.parse(START), ZoneOffset.UTC);
    Instant now = clock.instant().plus(Duration.ofHours(1)); // by the engine's
    FakeEngine.Blocking log = new FakeEngine.Blocking();
    String rotates =
        FakeEngine.container(ID, "running", START).replace("{}}}", "{'max-size':'8m'}}}");
    engine
        .containers(rotates.replace('\'', '"'))
        .on("/info", path -> FakeEngine.json("{\"SystemTime\":\"" + now + "\"}"))
        .on("follow=0", path -> FakeEngine.json(""))
        .on("follow=1", FakeEngine.of(log));
    try (DockerLogSource source = engine.source().clock(clock).build()) {
      RecordingSubscriber reader = RecordingSubscriber.to(source.logs(FOLLOW));
      await().until(() -> engine.asked("follow=1") == 1);
      log.say(new LogBytes(false).chunk(1, now, "in time\n").bytes());
      reader.awaitLine("in time");
      assertThat(engine.asked("follow=1")).isEqualTo(1);
      // By our clock this one is of the future. By the engine's it is late, and may not be all.
      Instant late = now.minusSeconds(5);
      LogBytes all =
          new LogBytes(false)
              .chunk(1, now.plusMillis(1), "missed\n")
              .chunk(1, late.plusSeconds(6), "late\n");
      engine
          .on("follow=0", path -> FakeEngine.log(all))
          .on("follow=1", path -> FakeEngine.silent());
      log.say(new LogBytes(false).chunk(2, late, "late\n").bytes());
      reader.awaitLine("late");
      assertThat(reader.lines()).containsExactly("in time", "missed", "late");
      reader.cancel();
    }
  }

  @Test
  void aFollowThatIsReplacedIsNotTheEndOfTheContainer() throws Exception {
    OwnThreads.run(
        threads -> {
          engine.on(
              "follow=1",
              path -> {
                if (engine.asked("follow=1") > 1) {
                  // The old one has seen its end.
                  await().until(() -> threads.named("mist-docker-signal-").isEmpty());
                }
                return FakeEngine.silent(chunk("news"));
              });
          try (EngineApi api = new EngineApi(engine, engine, false, Duration.ofSeconds(10));
              LogPoller poller = new LogPoller(new Streams(api), info())) {
            boolean more = true;
            while (more && engine.asked("follow=1") < 2) {
              more = poller.awaitNews(0);
            }
            assertThat(more).isTrue();
            assertThat(poller.awaitNews(0)).isTrue();
          }
        });
  }

  @Test
  void anAnswerThatNobodyWaitsForIsClosedWheneverItComes() {
    for (boolean late : new boolean[] {true, false}) {
      FakeEngine.Blocking body = new FakeEngine.Blocking();
      EngineApi.Opening opening = new EngineApi.Opening();
      if (late) {
        opening.giveUp();
      }
      opening.opened(new EngineStream(FakeEngine.of(body)));
      opening.giveUp();
      assertThat(body.isClosed()).isTrue();
    }
  }

  @Test
  void aListenerThatFailsDoesNotEndTheEvents() throws IOException {
    byte[] two = (event("start", Instant.EPOCH) + event("die", Instant.EPOCH)).getBytes(UTF_8);
    engine.on("/events", FakeEngine.silent(two));
    List<String> heard = new CopyOnWriteArrayList<>();
    EngineEvents.Listener failing =
        new EngineEvents.Listener() {
          @Override
          public void event(EngineEvents.Event event) {
            heard.add(event.action());
            throw new IllegalStateException("for the test");
          }

          @Override
          public void missed() {
            heard.add("missed");
          }
        };
    try (EngineApi api = new EngineApi(engine, engine, false, Duration.ofSeconds(10))) {
      EngineEvents events = new EngineEvents(api);
      events.add(failing);
      await().until(() -> heard.size() == 5);
      assertThat(heard).containsExactly("missed", "start", "missed", "die", "missed");
      events.remove(failing);
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
