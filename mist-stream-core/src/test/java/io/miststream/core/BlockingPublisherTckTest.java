package io.miststream.core;

import java.time.Instant;
import java.util.concurrent.Flow;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.flow.FlowPublisherVerification;
import org.testng.annotations.Test;

/** The rules of Reactive Streams, as their own kit checks them. */
@Test
public class BlockingPublisherTckTest extends FlowPublisherVerification<StreamMessage> {

  public BlockingPublisherTckTest() {
    super(new TestEnvironment(1000, 200));
  }

  @Override
  public Flow.Publisher<StreamMessage> createFlowPublisher(long elements) {
    return new BlockingPublisher(
        Thread::new,
        out -> {
          for (long i = 0; i < elements; i++) {
            out.emit(new StreamEnd(Instant.ofEpochSecond(i), null, "element"));
          }
        });
  }

  @Override
  public Flow.Publisher<StreamMessage> createFailedFlowPublisher() {
    return new BlockingPublisher(
        Thread::new,
        out -> {
          throw new StreamException(ErrorCode.SOURCE_UNAVAILABLE, "failed as wanted");
        });
  }
}
