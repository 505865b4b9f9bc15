package io.miststream.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FrameTest {

  private static Frame read(byte[] bytes, boolean masked) throws IOException {
    return Frame.read(new DataInputStream(new ByteArrayInputStream(bytes)), masked);
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  // The examples of RFC 6455, section 5.7.

  @Test
  void readsTheExamplesOfTheStandard() throws IOException {
    Frame masked =
        read(bytes(0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58), true);
    assertThat(masked.fin()).isTrue();
    assertThat(masked.opcode()).isEqualTo(RawClient.TEXT);
    assertThat(masked.text()).isEqualTo("Hello");

    Frame fragment = read(bytes(0x01, 0x03, 0x48, 0x65, 0x6c), false);
    assertThat(fragment.fin()).isFalse();
    assertThat(fragment.text()).isEqualTo("Hel");
  }

  @Test
  void writesTheExamplesOfTheStandard() {
    assertThat(Frame.text("Hello").encode(false))
        .isEqualTo(bytes(0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f));
    assertThat(Arrays.copyOf(new Frame(true, RawClient.BINARY, new byte[256]).encode(false), 5))
        .isEqualTo(bytes(0x82, 0x7E, 0x01, 0x00, 0));
    assertThat(Arrays.copyOf(new Frame(true, RawClient.BINARY, new byte[65536]).encode(false), 10))
        .isEqualTo(bytes(0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 125, 126, 65535, 65536})
  void readsWhatItWrites(int length) throws IOException {
    byte[] payload = new byte[length];
    new Random(length).nextBytes(payload);
    for (boolean masked : new boolean[] {true, false}) {
      Frame frame = read(new Frame(false, RawClient.BINARY, payload).encode(masked), masked);
      assertThat(frame.fin()).isFalse();
      assertThat(frame.opcode()).isEqualTo(RawClient.BINARY);
      assertThat(frame.payload()).isEqualTo(payload);
    }
  }

  @ParameterizedTest
  @CsvSource({"true, a frame without mask", "false, a masked frame"})
  void refusesTheOtherSidesMask(boolean masked, String message) {
    byte[] frame = Frame.text("x").encode(!masked);
    assertThatThrownBy(() -> read(frame, masked)).hasMessage(message);
  }

  @Test
  void halfAFrameIsNone() {
    byte[] frame = Frame.text("x".repeat(200)).encode(true);
    for (int length = 0; length < frame.length; length++) {
      byte[] part = Arrays.copyOf(frame, length);
      assertThatThrownBy(() -> read(part, true)).isInstanceOf(EOFException.class);
    }
  }

  @Test
  void aCloseFrameHasACodeAndAReason() {
    Frame close = Frame.close(1013, "later");
    assertThat(close.closeCode()).isEqualTo(1013);
    assertThat(close.value()).isEqualTo(1013);
    assertThat(close.closeReason()).isEqualTo("later");
    Frame bare = new Frame(true, RawClient.CLOSE, new byte[0]);
    assertThat(bare.closeCode()).isEqualTo(1005);
    assertThat(bare.closeReason()).isEmpty();
  }
}
