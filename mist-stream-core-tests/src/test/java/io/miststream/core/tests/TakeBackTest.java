package io.miststream.core.tests;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.ContainerStatus;
import io.miststream.core.Follow;
import io.miststream.core.Gap;
import io.miststream.core.LogRequest;
import io.miststream.core.topic.LogTopics;
import io.miststream.core.topic.Viewer;
import io.miststream.core.wire.Frames;
import io.miststream.core.wire.WireCodec;
import io.miststream.testkit.InMemoryLogSource;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Sockets that do not take all that a viewer had for them. */
class TakeBackTest {
  private static final LogRequest APP = LogRequest.of(1).withTail(300).withFollow(Follow.APP);

  private final InMemoryLogSource source = InMemoryLogSource.create();
  private final InMemoryLogSource.Container web = source.run(1, "web");
  private final List<AutoCloseable> toClose = new ArrayList<>();
  private final LogTopics topics = keep(LogTopics.create(source));

  private <T extends AutoCloseable> T keep(T closeable) {
    toClose.add(0, closeable);
    return closeable;
  }

  @AfterEach
  void closeAll() throws Exception {
    for (AutoCloseable closeable : toClose) {
      closeable.close();
    }
  }

  private void print(int from, int to) {
    IntStream.range(from, to).forEach(i -> web.print("line " + i));
  }

  /** A socket that takes whatever number of bytes, mostly in the middle of a frame. */
  @Test
  void whatASocketDoesNotTakeIsGivenAgain() throws Exception {
    print(0, 300);
    ViewerReader whole = new ViewerReader(keep(topics.open(APP))).untilLine("line 299");
    Viewer viewer = keep(topics.open(APP));
    ByteArrayOutputStream received = new ByteArrayOutputStream();
    List<ByteBuffer> slices = new ArrayList<>();
    int room = 0;
    viewer.poll(slices, 4000);
    while (!slices.isEmpty()) {
      int length = slices.stream().mapToInt(ByteBuffer::remaining).sum();
      int sent = Math.min(length, room++ * 7 % 2000);
      ByteBuffer gathered = ByteBuffer.allocate(length);
      slices.forEach(slice -> gathered.put(slice.duplicate()));
      received.write(gathered.array(), 0, sent);
      if (sent < length) {
        ByteBuffer rest = viewer.takeBack(slices, sent);
        // The first status is for this viewer alone, and what is polled with it stays with it.
        assertThat(rest.remaining()).isBetween(1, received.size() == 0 ? 4000 : 500);
        received.write(bytesOf(rest));
      }
      slices.clear();
      viewer.poll(slices, 4000);
    }
    byte[] bytes = received.toByteArray();
    List<String> texts = new ArrayList<>();
    int length;
    for (int at = 0; at < bytes.length; at += length) {
      length = Frames.length(bytes, at);
      texts.add(Frames.text(bytes, at, length));
    }
    assertThat(texts.stream().map(WireCodec::decode).toList()).isEqualTo(whole.messages());
    assertThat(topics.traffic().messages()).isEqualTo(2L * whole.messages().size());
    assertThat(topics.traffic().bytes()).isEqualTo(2L * bytes.length);
  }

  @Test
  void whatWasTakenBackCountsAsMissedOnceItIsGone() throws Exception {
    LogTopics small = keep(LogTopics.builder(source).ringBytes(64 << 10).build());
    ViewerReader other =
        new ViewerReader(keep(small.open(APP.withTail(0))))
            .until(ContainerStatus.class::isInstance);
    Viewer viewer = keep(small.open(APP.withTail(0)));
    assertThat(viewer.pollText()).contains("status");
    print(0, 100);
    other.untilLine("line 99");
    List<ByteBuffer> slices = new ArrayList<>();
    viewer.poll(slices, 64 << 10);
    int length = slices.stream().mapToInt(ByteBuffer::remaining).sum();
    ByteBuffer rest = viewer.takeBack(slices, length / 2);
    assertThat(rest.remaining()).isPositive();
    print(100, 2000);
    other.untilLine("line 1999");

    ViewerReader slow = new ViewerReader(viewer).untilLine("line 1999");

    Gap gap = slow.all(Gap.class).get(0);
    long sentLines = linesOf(slices, length / 2);
    assertThat(sentLines).isBetween(40L, 60L);
    assertThat(sentLines + gap.missed() + slow.lines().size()).isEqualTo(2000);
    assertThat(gap.after()).isNotNull();
  }

  private static byte[] bytesOf(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }

  /** How many lines begin in the first {@code sent} bytes. */
  private static long linesOf(List<ByteBuffer> slices, int sent) {
    long lines = 0;
    int before = 0;
    for (ByteBuffer slice : slices) {
      byte[] frames = bytesOf(slice);
      int at = 0;
      while (at < frames.length && before < sent) {
        int length = Frames.length(frames, at);
        lines++;
        before += length;
        at += length;
      }
    }
    return lines;
  }
}
