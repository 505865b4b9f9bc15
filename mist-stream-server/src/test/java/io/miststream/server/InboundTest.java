package io.miststream.server;

import static io.miststream.testkit.RawClient.BINARY;
import static io.miststream.testkit.RawClient.CLOSE;
import static io.miststream.testkit.RawClient.CONTINUATION;
import static io.miststream.testkit.RawClient.PING;
import static io.miststream.testkit.RawClient.PONG;
import static io.miststream.testkit.RawClient.TEXT;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.miststream.testkit.Frame;
import io.miststream.testkit.RawClient;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What clients send over an open WebSocket. */
class InboundTest {
  private static final int LIMIT = 16 << 10;
  private static final MemoryLogSource SOURCE = new MemoryLogSource();
  private static MistStreamServer server;
  private RawClient socket;

  @BeforeAll
  static void start() {
    SOURCE.app(1);
    server =
        MistStreamServer.builder()
            .logs(SOURCE)
            .port(0)
            .closeGrace(Duration.ofMillis(500))
            .maxInboundRate(1_000_000) // what else there is to limit it
            .start();
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @BeforeEach
  void open() throws IOException {
    socket = RawClient.open(server.port(), "/ws/container/logs?appId=1");
    assertThat(socket.readText()).contains("status");
  }

  @AfterEach
  void close() throws IOException {
    socket.close();
    await()
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(5))
        .until(() -> server.connections() == 0);
  }

  /** Still there, and still served. */
  private void isAlive() throws IOException {
    socket.sendFrame(true, PING, "there?".getBytes(UTF_8));
    Frame pong = socket.readFrame();
    assertThat(pong.opcode()).isEqualTo(PONG);
    assertThat(pong.text()).isEqualTo("there?");
  }

  private void isClosedWith(int code) throws IOException {
    assertThat(socket.readClose()).isEqualTo(code);
    socket.sendClose(code);
    assertThat(socket.isEnded()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(ints = {TEXT, BINARY})
  void messagesUpTo16KibAreIgnored(int opcode) throws IOException {
    socket.sendFrame(true, opcode, new byte[LIMIT]);
    socket.sendFrame(true, opcode, new byte[LIMIT]);
    socket.sendFrame(true, opcode, new byte[0]);
    isAlive();
  }

  @ParameterizedTest
  @ValueSource(ints = {LIMIT + 1, 17 << 10, 64 << 10, 1 << 20})
  void longerOnesAreClosedWith1009(int length) throws IOException {
    try {
      socket.sendFrame(true, TEXT, new byte[length]);
    } catch (IOException e) {
      // The server need not read all of it.
    }
    isClosedWith(1009);
  }

  @Test
  void aLengthAloneIsEnough() throws IOException {
    byte[] header = {(byte) 0x81, (byte) 0xFF, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4};
    socket.send(header);
    assertThat(socket.readClose()).isEqualTo(1009);
    assertThat(socket.isEnded()).isTrue();
  }

  @Test
  void anImpossibleLengthIsAProtocolError() throws IOException {
    byte[] header = {(byte) 0x81, (byte) 0xFF, -1, -1, -1, -1, -1, -1, -1, -1, 1, 2, 3, 4};
    socket.send(header);
    assertThat(socket.readClose()).isEqualTo(1002);
    assertThat(socket.isEnded()).isTrue();
  }

  @Test
  void fragmentsCountTogether() throws IOException {
    socket.sendFrame(false, TEXT, new byte[LIMIT / 2]);
    socket.sendFrame(true, PING, "between".getBytes(UTF_8));
    socket.sendFrame(true, CONTINUATION, new byte[LIMIT / 2]);
    assertThat(socket.readFrame().text()).isEqualTo("between");
    isAlive();
    socket.sendFrame(false, TEXT, new byte[LIMIT / 2]);
    socket.sendFrame(false, CONTINUATION, new byte[LIMIT / 2]);
    socket.sendFrame(true, CONTINUATION, new byte[1]);
    isClosedWith(1009);
  }

  @Test
  void unmaskedFramesAreClosedWith1002() throws IOException {
    socket.send(RawClient.frame(true, TEXT, "hello".getBytes(UTF_8), false));
    isClosedWith(1002);
  }

  @Test
  void anUnmaskedPingIsNotAnswered() throws IOException {
    socket.send(RawClient.frame(true, PING, "hello".getBytes(UTF_8), false));
    assertThat(socket.readFrame().opcode()).isEqualTo(CLOSE);
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 7, 11, 15})
  void reservedOpcodesAreClosedWith1002(int opcode) throws IOException {
    socket.sendFrame(true, opcode, new byte[0]);
    isClosedWith(1002);
  }

  @Test
  void brokenUtf8IsClosedWith1007() throws IOException {
    socket.sendFrame(true, TEXT, new byte[] {(byte) 0xC3, (byte) 0x28});
    isClosedWith(1007);
  }

  @Test
  void framesMayArriveByteByByte() throws IOException {
    for (byte b : RawClient.frame(true, PING, "slow".getBytes(UTF_8), true)) {
      socket.send(new byte[] {b});
    }
    assertThat(socket.readFrame().text()).isEqualTo("slow");
  }

  @Test
  void theClientsCloseIsAnsweredAndTheConnectionEnds() throws IOException {
    socket.sendClose(1000);
    Frame close = socket.readFrame();
    assertThat(close.opcode()).isEqualTo(CLOSE);
    assertThat(close.closeCode()).isEqualTo(1000);
    assertThat(socket.isEnded()).isTrue();
  }

  @Test
  void aPeerThatDoesNotAnswerOurCloseIsDropped() throws IOException {
    socket.sendFrame(true, TEXT, new byte[LIMIT + 1]);
    assertThat(socket.readClose()).isEqualTo(1009);
    assertThat(socket.isEnded()).isTrue();
  }

  @Test
  void framesInTheHandshakesOwnSegmentAreHandled() throws IOException {
    try (RawClient eager = RawClient.connect(server.port())) {
      byte[] ping = RawClient.frame(true, PING, "eager".getBytes(UTF_8), true);
      byte[] half = RawClient.frame(true, PING, "later".getBytes(UTF_8), true);
      eager.send(
          eager.handshake("/ws/container/logs?appId=1")
              + new String(ping, ISO_8859_1)
              + new String(half, 0, 5, ISO_8859_1));
      assertThat(eager.readResponse().status()).isEqualTo(101);
      Frame first = eager.readFrame();
      Frame second = eager.readFrame();
      assertThat(new int[] {first.opcode(), second.opcode()}).containsExactlyInAnyOrder(PONG, TEXT);
      eager.send(new String(half, 5, half.length - 5, ISO_8859_1));
      assertThat(eager.readFrame().text()).isEqualTo("later");
    }
  }

  @Test
  void aFloodOfPingsThatNobodyReadsPongsOfEndsTheConnection() throws IOException {
    try (RawClient flood = RawClient.connect(server.port(), 4096)) {
      flood.open("/ws/container/logs?appId=1");
      byte[] ping = RawClient.frame(true, PING, new byte[125], true);
      byte[] many = new byte[ping.length * 100];
      for (int i = 0; i < 100; i++) {
        System.arraycopy(ping, 0, many, i * ping.length, ping.length);
      }
      flood.readTimeout(1);
      org.assertj.core.api.Assertions.assertThatThrownBy(
              () -> {
                for (int i = 0; i < 5000; i++) {
                  flood.send(many);
                }
              })
          .isInstanceOf(IOException.class);
    }
  }
}
