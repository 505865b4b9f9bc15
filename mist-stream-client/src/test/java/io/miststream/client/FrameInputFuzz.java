package io.miststream.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.client.FrameInput.ProtocolException;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Input: how small the pieces are that arrive, and a server's frames. */
class FrameInputFuzz {
  private static final int LONGEST = 100_000;

  public static void fuzzerTestOneInput(byte[] data) throws IOException {
    if (data.length == 0) {
      return;
    }
    byte[] frames = Arrays.copyOfRange(data, 1, data.length);
    List<Object> messages = messages(new ByteArrayInputStream(frames));
    Random random = new Random(data[0]);
    InputStream inPieces =
        new ByteArrayInputStream(frames) {
          @Override
          public synchronized int read(byte[] to, int offset, int length) {
            return super.read(to, offset, Math.min(length, 1 + random.nextInt(64)));
          }
        };
    assertThat(messages(inPieces)).isEqualTo(messages);
  }

  /** The messages, and at last how it ended. */
  private static List<Object> messages(InputStream in) throws IOException {
    FrameInput input = new FrameInput(in, LONGEST);
    List<Object> all = new ArrayList<>();
    try {
      while (true) {
        int kind = input.next();
        if (kind >= FrameInput.CLOSE) {
          ByteBuffer control = input.control();
          assertThat(control.remaining()).isLessThanOrEqualTo(125);
          all.add(control);
        } else {
          assertThat(kind).isIn(FrameInput.TEXT, FrameInput.BINARY);
          String text = input.text();
          assertThat(text.length()).isLessThanOrEqualTo(LONGEST);
          all.add(text);
        }
      }
    } catch (EOFException e) {
      all.add("ended");
    } catch (ProtocolException e) {
      assertThat(e.closeCode()).isIn(1002, 1009);
      all.add(e.getMessage());
    }
    return all;
  }
}
