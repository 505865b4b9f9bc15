package io.miststream.core.wire;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.ErrorCode;
import io.miststream.core.StreamException;
import io.miststream.core.StreamMessage;

/** Input: a message. */
class WireCodecFuzz {

  public static void fuzzerTestOneInput(byte[] data) {
    StreamMessage message;
    try {
      message = WireCodec.decode(new String(data, UTF_8));
    } catch (StreamException e) {
      assertThat(e.code()).isEqualTo(ErrorCode.INTERNAL);
      return;
    }
    if (message != null) { // else of an unknown type
      String text = WireCodec.encode(message);
      assertThat(text).doesNotContain("\n"); // a journal has one a line
      assertThat(WireCodec.decode(text)).isEqualTo(message);
    }
  }
}
