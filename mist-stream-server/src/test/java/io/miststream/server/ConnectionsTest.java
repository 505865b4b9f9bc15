package io.miststream.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.UnixOperatingSystemMXBean;
import io.miststream.testkit.RawClient;
import java.lang.management.ManagementFactory;
import java.util.concurrent.ThreadLocalRandom;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

class ConnectionsTest {
  private static final int CYCLES = 2000;

  private static long descriptors() {
    return ((UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getOpenFileDescriptorCount();
  }

  @Test
  void whoeverLeavesAndHoweverNothingIsKept() throws Exception {
    MemoryLogSource source = new MemoryLogSource();
    source.app(1).print("one");
    try (MistStreamServer server = MistStreamServer.builder().logs(source).port(0).start()) {
      cycle(server, source, 100); // whatever is opened once
      Awaitility.await().until(() -> server.connections() == 0);
      long before = descriptors();
      cycle(server, source, CYCLES);
      Awaitility.await().until(() -> server.connections() == 0);
      Awaitility.await().untilAsserted(() -> assertThat(descriptors()).isLessThan(before + 10));
    }
  }

  private static void cycle(MistStreamServer server, MemoryLogSource source, int times)
      throws Exception {
    for (int i = 0; i < times; i++) {
      try (RawClient viewer = RawClient.connect(server.port())) {
        String request = viewer.handshake("/ws/container/logs?appId=1");
        switch (i % 6) {
          case 0 -> {
            viewer.send(request).readResponse();
            assertThat(viewer.readText()).contains("status");
            viewer.sendClose(1000).readClose();
          }
          case 1 -> viewer.send(request); // and off, before the answer
          case 2 -> {
            viewer.send(request).readResponse();
            viewer.reset();
          }
          case 3 -> {
            int length = ThreadLocalRandom.current().nextInt(request.length());
            viewer.send(request.substring(0, length)).reset();
          }
          case 4 -> {
            viewer.send(request).readResponse();
            source.app(1).print("line " + i);
            viewer.send(new byte[] {(byte) 0x81, (byte) 0x85, 1}); // a part of a frame
          }
          default -> {
            viewer.send(viewer.handshake("/ws/container/logs?appId=x")).readResponse();
          }
        }
      }
    }
  }
}
