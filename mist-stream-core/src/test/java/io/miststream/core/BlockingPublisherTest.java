package io.miststream.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What the kit of Reactive Streams does not ask: several threads that read for one subscriber. */
class BlockingPublisherTest {
  private static final StreamMessage MESSAGE = new StreamEnd(Instant.EPOCH, null, "message");

  @Test
  void aFailureIsNotHeldUpByAnotherThreadThatWaitsForDemand() throws Exception {
    CompletableFuture<Thread> helper = new CompletableFuture<>();
    CompletableFuture<String> helperEnded = new CompletableFuture<>();
    BlockingPublisher publisher =
        new BlockingPublisher(
            Thread::new,
            out -> {
              Thread second =
                  new Thread(
                      () -> {
                        try {
                          out.emit(MESSAGE);
                          helperEnded.complete("emitted");
                        } catch (BlockingPublisher.CancelledException e) {
                          helperEnded.complete("cancelled");
                        }
                      });
              second.start();
              while (second.getState() != Thread.State.WAITING) {
                Thread.onSpinWait();
              }
              helper.complete(second);
              throw new StreamException(ErrorCode.SOURCE_UNAVAILABLE, "gone");
            });
    CompletableFuture<Throwable> failure = new CompletableFuture<>();
    AtomicInteger messages = new AtomicInteger();
    publisher.subscribe(
        new Flow.Subscriber<>() {
          @Override
          public void onSubscribe(Flow.Subscription subscription) {
            // asks for nothing
          }

          @Override
          public void onNext(StreamMessage item) {
            messages.incrementAndGet();
          }

          @Override
          public void onError(Throwable throwable) {
            failure.complete(throwable);
          }

          @Override
          public void onComplete() {
            failure.complete(new AssertionError("completed"));
          }
        });
    assertThat(failure.get(60, TimeUnit.SECONDS)).hasMessage("gone");
    assertThat(helperEnded.get(60, TimeUnit.SECONDS)).isEqualTo("cancelled");
    helper.get().join();
    assertThat(messages).hasValue(0);
  }
}
