package io.miststream.examples;

import io.miststream.client.MistStreamClient;
import io.miststream.core.LogLine;
import io.miststream.core.LogRequest;
import io.miststream.core.StreamMessage;
import java.net.URI;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;

/** Prints the lines of app 1 until its container ends. */
public final class FollowLogs {
  private FollowLogs() {}

  /** Connects to a server on this machine. */
  public static void main(String[] arguments) throws InterruptedException {
    CountDownLatch done = new CountDownLatch(1);
    MistStreamClient.create(URI.create("ws://127.0.0.1:8080"))
        .logs(LogRequest.of(1))
        .subscribe(new Printer(done));
    done.await();
  }

  private record Printer(CountDownLatch done) implements Flow.Subscriber<StreamMessage> {
    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      subscription.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(StreamMessage message) {
      if (message instanceof LogLine line) {
        System.out.println(line.line());
      }
    }

    @Override
    public void onError(Throwable problem) {
      System.err.println(problem.getMessage());
      done.countDown();
    }

    @Override
    public void onComplete() {
      done.countDown();
    }
  }
}
