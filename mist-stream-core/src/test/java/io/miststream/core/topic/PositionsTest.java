package io.miststream.core.topic;

import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.Cursor;
import io.miststream.core.Cursor.Mark;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PositionsTest {
  private final Positions positions = new Positions();

  @Test
  void aCursorLeavesOutTheSourcesThatWereSilentLongest() {
    IntStream.range(0, 40).forEach(i -> positions.advance(Mark.of(i, 0, 1000 + i, 0)));
    IntStream.range(0, 40).forEach(i -> positions.advance(Mark.of(i, 1, 2000 + i, 0)));
    positions.advance(Mark.of(5, 0, 3000, 7));
    Cursor cursor = positions.cursor();
    assertThat(cursor.marks()).hasSize(Cursor.MAX_MARKS);
    assertThat(cursor.own()).isEqualTo(Mark.of(5, 0, 3000, 7));
    assertThat(cursor.marks().get(1)).isEqualTo(Mark.of(5, 1, 2005, 0));
    assertThat(IntStream.range(0, 40).filter(cursor::knows))
        .hasSize(32)
        .doesNotContain(0, 1, 2, 3, 4, 6, 7, 8);
    assertThat(Cursor.parse(cursor.toString())).isEqualTo(cursor);
  }

  @Test
  void whatIsCoveredGoesByLaneAndSlack() {
    positions.advance(Mark.of(1, 0, 100 + Cursor.SLACK_NANOS, 2));
    assertThat(positions.cover(Mark.of(1, 0, 100 + Cursor.SLACK_NANOS, 2))).isTrue();
    assertThat(positions.cover(Mark.of(1, 0, 100 + Cursor.SLACK_NANOS, 3))).isFalse();
    assertThat(positions.cover(Mark.of(1, 1, 100, 0))).isTrue();
    assertThat(positions.cover(Mark.of(1, 1, 101, 0))).isFalse();
    assertThat(positions.cover(Mark.of(2, 0, 1, 0))).as("nothing of this source").isFalse();
    positions.remove(1);
    assertThat(positions.isEmpty()).isTrue();
  }
}
