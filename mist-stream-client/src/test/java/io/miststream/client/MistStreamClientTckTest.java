package io.miststream.client;

import io.miststream.core.LogRequest;
import io.miststream.core.StreamMessage;
import io.miststream.testkit.ScriptedServer;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.Flow;
import org.reactivestreams.tck.TestEnvironment;
import org.reactivestreams.tck.flow.FlowPublisherVerification;
import org.testng.SkipException;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.Test;

/** The rules of Reactive Streams, as their own kit checks them. */
@Test
public class MistStreamClientTckTest extends FlowPublisherVerification<StreamMessage> {

  private ScriptedServer server;

  public MistStreamClientTckTest() {
    super(new TestEnvironment(1000, 200));
  }

  @BeforeClass
  public void startServer() throws IOException {
    server =
        new ScriptedServer(
            peer -> {
              peer.accept();
              int messages = Integer.parseInt(peer.parameter("tail"));
              for (int i = 1; i < messages; i++) {
                peer.message(Samples.line(i));
              }
              peer.message(Samples.end(messages));
              peer.awaitEnd();
            });
  }

  @AfterClass
  public void stopServer() throws IOException {
    server.close();
  }

  @Override
  public Flow.Publisher<StreamMessage> createFlowPublisher(long elements) {
    int messages = (int) Math.min(elements, Integer.MAX_VALUE - 1);
    return MistStreamClient.create(server.uri()).logs(LogRequest.of(1).withTail(messages));
  }

  @Override
  public Flow.Publisher<StreamMessage> createFailedFlowPublisher() {
    return MistStreamClient.builder(URI.create("ws://127.0.0.1:1"))
        .giveUpAfter(Duration.ZERO)
        .build()
        .logs(LogRequest.of(1));
  }

  @Override
  public void optional_spec105_emptyStreamMustTerminateBySignallingOnComplete() {
    throw new SkipException("a stream has at least its end");
  }
}
