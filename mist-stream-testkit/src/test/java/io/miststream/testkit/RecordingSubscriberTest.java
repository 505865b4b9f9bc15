package io.miststream.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.concurrent.Flow;
import org.junit.jupiter.api.Test;

class RecordingSubscriberTest {
  private final RecordingSubscriber subscriber = RecordingSubscriber.create();

  private void subscribe() {
    subscriber.onSubscribe(
        new Flow.Subscription() {
          @Override
          public void request(long n) {}

          @Override
          public void cancel() {}
        });
  }

  @Test
  void signalsOneAfterTheOtherAreFine() {
    subscribe();
    subscriber.onComplete();
    assertThat(subscriber.violations()).isZero();
  }

  @Test
  void signalsBehindTheTerminalOneAndBeforeTheFirstAreCounted() {
    subscriber.onComplete();
    subscribe();
    subscriber.onComplete();
    assertThat(subscriber.violations()).isEqualTo(2);
  }

  @Test
  void overlappingSignalsAreCounted() throws InterruptedException {
    subscribe();
    Thread other = new Thread(subscriber::onComplete);
    synchronized (subscriber) { // so that the other signal is still being received
      other.start();
      await().until(() -> other.getState() == Thread.State.BLOCKED);
      subscriber.onComplete();
    }
    other.join();
    assertThat(subscriber.violations()).as("at once, and behind the end").isEqualTo(2);
  }
}
