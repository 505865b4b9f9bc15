package io.miststream.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;

/** The raw client and the scripted server, each as the other's counterpart. */
class RawClientTest {

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void opensAWebSocketAndTalks() throws Exception {
    BlockingQueue<String> request = new LinkedBlockingQueue<>();
    try (ScriptedServer server =
            new ScriptedServer(
                peer -> {
                  request.add(peer.target());
                  request.add(peer.parameter("b") + peer.parameter("c"));
                  request.add(peer.header("sec-websocket-VERSION") + peer.header("x"));
                  peer.accept();
                  peer.text("echo: " + peer.frames().take().text());
                  peer.fragments("abcde", 2);
                  peer.close(1013, "later");
                  peer.awaitEnd();
                });
        RawClient client = new RawClient(server.uri(), "127.0.0.2")) {
      client.open("/path?a=1&b=x%20y").sendText("hello");
      assertThat(request).containsExactly("/path?a=1&b=x%20y", "x ynull", "13null");
      assertThat(client.readText()).isEqualTo("echo: hello");
      assertThat(client.readFrame()).hasToString("opcode 1: ab");
      assertThat(client.readFrame()).hasToString("opcode 0: cd");
      assertThat(client.readFrame().fin()).isTrue();
      assertThat(client.readFrame()).hasToString("close 1013 later");
      client.sendClose(1013).close();
      assertThat(server.peers()).singleElement().matches(peer -> peer.number() == 1);
    }
  }

  @Test
  void answersPingsWhileItWaitsForText() throws Exception {
    BlockingQueue<Frame> pongs = new LinkedBlockingQueue<>();
    try (ScriptedServer server =
            new ScriptedServer(
                peer -> {
                  peer.accept();
                  peer.ping();
                  pongs.add(peer.frames().take());
                  peer.text("after");
                });
        RawClient client = new RawClient(server.uri(), "127.0.0.1")) {
      assertThat(client.open("/").readText()).isEqualTo("after");
      assertThat(pongs).singleElement().hasToString("opcode 10: p");
      assertThat(client.isEnded()).isTrue();
    }
  }

  @Test
  void aRefusalIsAResponse() throws Exception {
    try (ScriptedServer server =
        new ScriptedServer(peer -> peer.refuse(404, "Retry-After: 3", "nothing hère"))) {
      try (RawClient client = RawClient.connect(server.uri().getPort())) {
        RawClient.Response response = client.send(client.handshake("/")).readResponse();
        assertThat(response.status()).isEqualTo(404);
        assertThat(response.header("retry-after")).isEqualTo("3");
        assertThat(response.header("retry")).isEmpty();
        assertThat(response.body()).isEqualTo("nothing hère");
      }
      try (RawClient client = RawClient.connect(server.uri().getPort())) {
        assertThatThrownBy(() -> client.open("/"))
            .isInstanceOf(IOException.class)
            .hasMessage("HTTP/1.1 404 No nothing hère");
      }
      try (RawClient client = RawClient.connect(server.uri().getPort())) {
        String head = client.send(client.head("/") + "\r\n").readHead();
        assertThat(RawClient.status(head)).isEqualTo(404);
        assertThat(head).endsWith("\r\n\r\n");
        assertThat(client.readAll()).isEqualTo("nothing hère");
      }
    }
  }

  @Test
  void aResetIsAnEnd() throws Exception {
    try (ScriptedServer server =
        new ScriptedServer(
            peer -> {
              peer.accept();
              peer.half("never to be completed");
              peer.frames().take();
              peer.reset();
            })) {
      try (RawClient client = RawClient.open(server.uri().getPort(), "/")) {
        await().until(client::hasInput);
        client.sendText("go");
        assertThat(client.readAll()).doesNotContain("completed");
        assertThat(client.isEnded()).isTrue();
      }
      try (RawClient client = RawClient.open(server.uri().getPort(), "/")) {
        client.sendText("go");
        assertThatThrownBy(client::readFrame).isInstanceOf(IOException.class);
      }
    }
  }

  @Test
  void theServerSeesAReset() throws Exception {
    BlockingQueue<Frame> frames = new LinkedBlockingQueue<>();
    try (ScriptedServer server =
        new ScriptedServer(
            peer -> {
              peer.accept();
              frames.add(peer.frames().take());
              frames.add(peer.frames().take());
            })) {
      RawClient.open(server.uri().getPort(), "/").send(RawClient.frame(0x89, 3)).reset();
      assertThat(frames.take().value()).isEqualTo(3);
      assertThat(frames.take().opcode()).isEqualTo(-1);
    }
  }

  @Test
  void aResponseWithoutAnEndIsNone() throws Exception {
    try (ScriptedServer server =
            new ScriptedServer(
                peer -> {
                  peer.trickle();
                  peer.trickle();
                });
        RawClient client = RawClient.connect(server.uri().getPort())) {
      client.send(client.handshake("/"));
      assertThatThrownBy(client::readHead)
          .isInstanceOf(EOFException.class)
          .hasMessage("end of stream after: HH");
    }
  }

  @Test
  void framesAreWhatATestSaysTheyAre() {
    assertThat(RawClient.frame(false, RawClient.TEXT, utf8("x"), false)).containsExactly(1, 1, 'x');
    assertThat(RawClient.frame(0xC1, 2)).containsExactly(0xC1, 0x82, 0, 0, 0, 0, 0, 0);
  }
}
