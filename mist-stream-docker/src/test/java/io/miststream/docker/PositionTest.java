package io.miststream.docker;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.Cursor;
import io.miststream.core.Cursor.Mark;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PositionTest {
  private static final long SOURCE = 0xabcdef012345L;
  private static final long SECOND = 1_000_000_000L;

  private static RawLine line(int lane, long time, int ordinal) {
    return line(lane, time, ordinal, RawLine.NONE);
  }

  private static RawLine line(int lane, long time, int ordinal, long otherOpen) {
    return new RawLine(lane, time, ordinal, "", 0, false, otherOpen, 0);
  }

  @Test
  void aNewPositionIsAtTheStartOfTheLog() {
    Position position = new Position(SOURCE);
    assertThat(position.isKnown()).isFalse();
    assertThat(position.readFrom()).isEqualTo(RawLine.NONE);
    assertThat(position.covers(line(0, 1, 0))).isFalse();
    assertThat(position.marks(0)).isEmpty();
  }

  @Test
  void marksOfTheOtherLaneAreKeptForAsLongAsTimesCanBeOutOfOrder() {
    Position position = new Position(SOURCE);
    position.advance(line(1, 10 * SECOND, 0));
    position.advance(line(0, 15 * SECOND, 2));
    assertThat(position.marks(0))
        .containsExactly(Mark.of(SOURCE, 0, 15 * SECOND, 2), Mark.of(SOURCE, 1, 10 * SECOND, 0));
    position.advance(line(0, 15 * SECOND + 1, 0));
    assertThat(position.marks(0)).containsExactly(Mark.of(SOURCE, 0, 15 * SECOND + 1, 0));
  }

  @Test
  void anOldOpenLineIsMarkedSoThatReadingBeginsThere() {
    Position position = new Position(SOURCE);
    position.advance(line(0, 10 * SECOND, 0, 2 * SECOND));
    assertThat(position.marks(0))
        .containsExactly(
            Mark.of(SOURCE, 0, 10 * SECOND, 0), new Mark(SOURCE, 1, 2 * SECOND, -1, true));
    assertThat(position.readFrom()).isEqualTo(2 * SECOND);
    Position resumed = Position.after(Cursor.of(position.marks(0)), SOURCE);
    assertThat(resumed.covers(line(1, 2 * SECOND, 0))).isFalse();
    assertThat(resumed.covers(line(1, 2 * SECOND - 1, 0))).isTrue();
    assertThat(resumed.readFrom()).isEqualTo(2 * SECOND);
  }

  @Test
  void aFloorCoversWhatIsOlder() {
    Position position = new Position(SOURCE);
    position.skipTo(line(0, 7 * SECOND, 3));
    position.startAt(6 * SECOND);
    assertThat(position.covers(line(0, 7 * SECOND, 2))).isTrue();
    assertThat(position.covers(line(0, 7 * SECOND, 3))).isFalse();
    assertThat(position.covers(line(1, 6 * SECOND - 1, 0))).isTrue();
    assertThat(position.covers(line(1, 6 * SECOND, 0))).isFalse();
    assertThat(position.hasLine(1)).isFalse();
    assertThat(position.hasLine(0)).isTrue();
  }

  @Test
  void aContainerTheCursorDoesNotNameIsReadFromShortlyBeforeIt() {
    Cursor cursor = Cursor.of(Mark.of(1, 0, 100 * SECOND, 0));
    Position position = Position.after(cursor, SOURCE);
    assertThat(position.isKnown()).isTrue();
    assertThat(position.readFrom()).isEqualTo(100 * SECOND - Cursor.SLACK_NANOS);
    assertThat(position.covers(line(0, 95 * SECOND, 0))).isTrue();
    assertThat(position.covers(line(0, 95 * SECOND + 1, 0))).isFalse();
  }

  /** Any log whose lanes are out of order by less than the slack, continued from any line. */
  @Test
  void whateverHasBeenReadIsCoveredAndNothingElse() {
    for (int seed = 0; seed < 300; seed++) {
      Random random = new Random(seed);
      long[] clock = {100 * SECOND, 100 * SECOND};
      int[] ordinal = {0, 0};
      List<RawLine> log = new ArrayList<>();
      for (int i = 0; i < 60; i++) {
        int lane = random.nextInt(4) == 0 ? 1 : 0;
        long step = random.nextInt(3) == 0 ? 0 : random.nextLong(2 * SECOND);
        long newest = Math.max(clock[0], clock[1]);
        long time = Math.max(clock[lane] + step, newest - 4 * SECOND);
        ordinal[lane] = time == clock[lane] ? ordinal[lane] + 1 : 0;
        clock[lane] = time;
        log.add(line(lane, time, ordinal[lane]));
      }
      Position position = new Position(SOURCE);
      for (int i = 0; i < log.size(); i++) {
        position.advance(log.get(i));
        Cursor cursor = Cursor.parse(Cursor.of(position.marks(log.get(i).lane())).toString());
        Position resumed = Position.after(cursor, SOURCE);
        for (int j = 0; j < log.size(); j++) {
          assertThat(resumed.covers(log.get(j)))
              .as("seed %d, %d at %d", seed, j, i)
              .isEqualTo(j <= i);
          if (j > i) {
            assertThat(log.get(j).time()).isGreaterThanOrEqualTo(resumed.readFrom());
          }
        }
      }
    }
  }
}
