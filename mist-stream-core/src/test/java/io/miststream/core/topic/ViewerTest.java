package io.miststream.core.topic;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.ErrorCode;
import io.miststream.core.StreamError;
import io.miststream.core.wire.MessageEncoder;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What all viewers have in common. */
class ViewerTest {
  private static final StreamError EXPIRED =
      new StreamError(Instant.EPOCH, "Session expired", ErrorCode.SESSION_EXPIRED);
  private static final byte[] FRAME = MessageEncoder.frame(EXPIRED, false);

  private final Traffic traffic = new Traffic();
  private final Endless viewer = new Endless();
  private final List<ByteBuffer> out = new ArrayList<>();
  private int wakes;

  /** Always has one byte more. */
  private final class Endless extends Viewer {
    private boolean quiet;
    private int left;

    Endless() {
      super(Runnable::run, traffic);
    }

    @Override
    protected boolean fill(List<ByteBuffer> to, int maxBytes) {
      if (quiet) {
        return false;
      }
      to.add(ByteBuffer.wrap(new byte[] {1, 2}));
      took(1);
      return true;
    }

    @Override
    protected ByteBuffer putBack(List<ByteBuffer> polled, int sent) {
      return polled.get(0).slice(sent, 2 - sent);
    }

    @Override
    protected boolean hasNews() {
      return false;
    }

    @Override
    protected void leave() {
      left++;
    }
  }

  private byte[] poll() {
    out.clear();
    viewer.poll(out, 100);
    return out.isEmpty() ? new byte[0] : bytes(out.get(0));
  }

  private static byte[] bytes(ByteBuffer slice) {
    byte[] bytes = new byte[slice.remaining()];
    slice.duplicate().get(bytes);
    return bytes;
  }

  @Test
  void whoIsRefusedGetsTheReasonAndNothingElse() {
    assertThat(poll()).hasSize(2);
    viewer.refuse(EXPIRED);
    assertThat(viewer.left).isEqualTo(1);
    assertThat(viewer.ended()).isNull(); // not before the reason is out
    assertThat(poll()).isEqualTo(FRAME);
    assertThat(viewer.ended()).isEqualTo(new StreamClose(4401, "session_expired"));
    assertThat(poll()).isEmpty();
    viewer.refuse(new StreamError(Instant.EPOCH, "again", ErrorCode.PERMISSION_DENIED));
    assertThat(poll()).isEmpty();
    assertThat(viewer.ended()).isEqualTo(new StreamClose(4401, "session_expired"));
  }

  @Test
  void oneThatWaitsIsWoken() {
    viewer.quiet = true;
    viewer.onReady(() -> wakes++);
    assertThat(poll()).isEmpty();
    viewer.refuse(EXPIRED);
    assertThat(wakes).isEqualTo(2);
    assertThat(poll()).isEqualTo(FRAME);
  }

  @Test
  void whatHasNotGoneOutComesBack() {
    poll();
    viewer.refuse(EXPIRED);
    assertThat(bytes(viewer.takeBack(out, 1))).containsExactly(2); // of before
    poll();
    byte[] rest = bytes(viewer.takeBack(out, 5));
    assertThat(rest).isEqualTo(java.util.Arrays.copyOfRange(FRAME, 5, FRAME.length));
    assertThat(viewer.ended()).isNotNull();
  }

  @Test
  void oneThatIsClosedOrOverIsLeftAlone() {
    viewer.close();
    viewer.refuse(EXPIRED);
    assertThat(poll()).isEmpty();
  }
}
