package io.miststream.server.tyrus;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.topic.StreamClose;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class CloseFramesTest {

  @Test
  void codeAndReasonFollowTheHeader() {
    ByteBuffer frame = CloseFrames.encode(new StreamClose(1001, "bye"));
    byte[] expected = {(byte) 0x88, 5, 3, (byte) 0xE9, 'b', 'y', 'e'};
    assertThat(frame).isEqualTo(ByteBuffer.wrap(expected));
  }

  @Test
  void aLongReasonIsCutBetweenCharacters() {
    ByteBuffer frame = CloseFrames.encode(new StreamClose(1011, "€".repeat(60)));
    assertThat(frame.get(1)).isEqualTo((byte) 125);
    assertThat(StandardCharsets.UTF_8.decode(frame.position(4)).toString())
        .isEqualTo("€".repeat(41));
    frame = CloseFrames.encode(new StreamClose(1011, "x" + "€".repeat(60)));
    assertThat(frame.get(1)).isEqualTo((byte) 123);
  }
}
