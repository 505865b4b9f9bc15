package io.miststream.core.topic;

import io.miststream.core.LogRequest;
import io.miststream.core.LogSource;
import io.miststream.core.StreamMessage;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/** A source whose reads are counted, from their subscription to their end or cancellation. */
final class CountedSource implements LogSource {
  private final LogSource source;
  private final LogFigures figures;

  CountedSource(LogSource source, LogFigures figures) {
    this.source = source;
    this.figures = figures;
  }

  @Override
  public Flow.Publisher<StreamMessage> logs(LogRequest request) {
    Flow.Publisher<StreamMessage> logs = source.logs(request);
    return subscriber -> logs.subscribe(new Read(subscriber));
  }

  @Override
  public long reopenings() {
    return source.reopenings();
  }

  private final class Read implements Flow.Subscriber<StreamMessage>, Flow.Subscription {
    private final Flow.Subscriber<? super StreamMessage> subscriber;
    private final AtomicBoolean over = new AtomicBoolean();
    private volatile Flow.@Nullable Subscription subscription;

    Read(Flow.Subscriber<? super StreamMessage> subscriber) {
      this.subscriber = subscriber;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscribed) {
      subscription = subscribed;
      figures.opened();
      subscriber.onSubscribe(this);
    }

    @Override
    public void onNext(StreamMessage message) {
      subscriber.onNext(message);
    }

    @Override
    public void onError(Throwable problem) {
      over();
      subscriber.onError(problem);
    }

    @Override
    public void onComplete() {
      over();
      subscriber.onComplete();
    }

    @Override
    public void request(long n) {
      Flow.Subscription now = subscription;
      if (now != null) {
        now.request(n);
      }
    }

    @Override
    public void cancel() {
      over();
      Flow.Subscription now = subscription;
      if (now != null) {
        now.cancel();
      }
    }

    private void over() {
      if (subscription != null && over.compareAndSet(false, true)) {
        figures.closed();
      }
    }
  }
}
