package io.miststream.server.tyrus;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.server.security.RateLimit;
import io.miststream.testkit.RawClient;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class FrameGuardTest {
  private static final int LIMIT = 300;
  private static final int RATE = 60;
  private final AtomicLong now = new AtomicLong(-1);
  private final FrameGuard guard = new FrameGuard(LIMIT, new RateLimit(RATE, now::get));

  /** How many bytes of {@code all}, cut at random, the engine would get. */
  private int passed(byte[] all, Random random) {
    int passed = 0;
    for (int at = 0; at < all.length; ) {
      int length = Math.min(all.length - at, 1 + random.nextInt(20));
      boolean fine = guard.violation() == null;
      int allowed = guard.scan(ByteBuffer.wrap(all, at, length));
      passed += fine ? allowed : 0;
      at += length;
    }
    return passed;
  }

  private static byte[] frames(Random random, int count) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int i = 0; i < count; i++) {
      boolean control = random.nextInt(4) == 0;
      int length = control ? random.nextInt(126) : random.nextInt(LIMIT + 1);
      out.writeBytes(RawClient.frame(true, control ? 9 : 1, new byte[length], true));
    }
    return out.toByteArray();
  }

  @RepeatedTest(20)
  void goodFramesPassHoweverTheyAreCut() {
    Random random = new Random();
    byte[] all = frames(random, 50);
    assertThat(passed(all, random)).isEqualTo(all.length);
    assertThat(guard.violation()).isNull();
    assertThat(guard.closeSeen()).isFalse();
  }

  @RepeatedTest(20)
  void behindABadFrameTheCloseIsStillSeen() {
    Random random = new Random();
    byte[] good = frames(random, 10);
    boolean unmasked = random.nextBoolean();
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.writeBytes(good);
    all.writeBytes(
        unmasked
            ? RawClient.frame(true, 1, new byte[random.nextInt(200)], false)
            : RawClient.frame(true, 2, new byte[LIMIT + 1 + random.nextInt(70_000)], true));
    all.writeBytes(RawClient.frame(true, 8, new byte[] {3, (byte) 0xE8}, true));
    int passed = passed(all.toByteArray(), random);
    // A header's first bytes may have gone before the rest told what it is.
    assertThat(passed).isBetween(good.length, good.length + 13);
    assertThat(guard.violation()).isNotNull();
    assertThat(guard.violation().code()).isEqualTo(unmasked ? 1002 : 1009);
    assertThat(guard.closeSeen()).isTrue();
  }

  @Test
  void soManyFramesASecondAndNoMore() {
    byte[] ping = RawClient.frame(true, 9, new byte[3], true);
    byte[] fragment = RawClient.frame(false, 0, new byte[0], true);
    for (int second = 0; second < 3; second++) {
      for (int i = 0; i < RATE; i++) {
        byte[] frame = i % 2 == 0 ? ping : fragment;
        assertThat(guard.scan(ByteBuffer.wrap(frame))).isEqualTo(frame.length);
      }
      assertThat(guard.violation()).isNull();
      now.addAndGet(1_000_000_000);
    }
    for (int i = 0; i < RATE; i++) {
      now.addAndGet(999_999_999 / RATE);
      assertThat(guard.scan(ByteBuffer.wrap(ping))).isEqualTo(ping.length);
    }
    assertThat(guard.scan(ByteBuffer.wrap(ping))).isZero();
    assertThat(guard.violation().code()).isEqualTo(1008);
  }

  @Test
  void withinOneBufferABadFrameDoesNotPassAtAll() {
    byte[] good = RawClient.frame(true, 1, new byte[5], true);
    byte[] bad = RawClient.frame(true, 1, new byte[5], false);
    ByteBuffer both = ByteBuffer.allocate(good.length + bad.length).put(good).put(bad).flip();
    assertThat(guard.scan(both)).isEqualTo(good.length);
    assertThat(both.position()).isZero();
  }
}
