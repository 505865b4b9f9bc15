package io.miststream.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.miststream.core.Cursor.Mark;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CursorTest {
  private static final long A = 0x4f5c1b2a3d4eL;
  private static final long B = 0xffffffffffffL;
  private static final long T = 1_736_937_001_123_456_789L;

  @Test
  void timesAreNanosecondsAndFarOnesStandStill() {
    assertThat(Cursor.nanos(Instant.parse("2025-01-15T10:30:01.123456789Z"))).isEqualTo(T);
    assertThat(Cursor.nanos(Instant.parse("1969-12-31T23:59:59.9Z"))).isEqualTo(-100_000_000);
    assertThat(Cursor.nanos(Instant.parse("9999-12-31T00:00:00Z"))).isGreaterThan(T);
    assertThat(Cursor.nanos(Instant.MIN)).isLessThan(0);
  }

  @Test
  void textFormIsReadBack() {
    Random random = new Random(7);
    for (int round = 0; round < 2000; round++) {
      List<Mark> marks = new ArrayList<>();
      int count = 1 + random.nextInt(Cursor.MAX_MARKS);
      for (int i = 0; i < count; i++) {
        marks.add(
            new Mark(
                random.nextLong() & B,
                random.nextInt(4),
                random.nextBoolean() ? T + random.nextInt() : random.nextLong(),
                random.nextInt(10) == 0 ? Integer.MAX_VALUE : random.nextInt(3) - 1,
                random.nextBoolean()));
      }
      Cursor cursor = Cursor.of(marks);
      // Differences of times further apart than a long can say wrap around, and back.
      assertThat(Cursor.parse(cursor.toString())).isEqualTo(cursor);
    }
  }

  @Test
  void textFormOfOneLaneIsShortAndPlain() {
    assertThat(Cursor.of(Mark.of(A, 0, T, 0)).toString()).hasSize(22).matches("[A-Za-z0-9_-]+");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "AAAA", "%", "/////////////////////w", "BE9cGyo9ThgazrFe5M0VAQ"})
  void whatIsNoCursorIsRefused(String text) {
    assertThatThrownBy(() -> Cursor.parse(text))
        .isInstanceOfSatisfying(
            StreamException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_REQUEST));
  }

  @Test
  void truncatedAndExtendedTextIsRefused() {
    String text = Cursor.of(List.of(Mark.of(A, 0, T, 0), Mark.of(A, 1, T - 5, 3))).toString();
    for (int length = 0; length < text.length(); length++) {
      String cut = text.substring(0, length);
      try {
        // A cut between marks leaves a shorter cursor, which is a good one.
        assertThat(Cursor.parse(cut).marks()).hasSizeLessThan(2);
      } catch (StreamException e) {
        assertThat(e.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
      }
    }
    assertThatThrownBy(() -> Cursor.parse(text + text)).isInstanceOf(StreamException.class);
  }

  @Test
  void moreThan64MarksAreRefused() {
    List<Mark> marks = new ArrayList<>();
    for (int i = 0; i <= Cursor.MAX_MARKS; i++) {
      marks.add(Mark.of(i, 0, T, 0));
    }
    assertThat(Cursor.of(marks.subList(0, Cursor.MAX_MARKS)).marks()).hasSize(Cursor.MAX_MARKS);
    assertThatThrownBy(() -> Cursor.of(marks)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void coversItsOwnLaneToTheNanosecondAndOrdinal() {
    Cursor cursor = Cursor.of(Mark.of(A, 0, T, 2));
    assertThat(cursor.covers(A, 0, T, 2)).isTrue();
    assertThat(cursor.covers(A, 0, T, 3)).isFalse();
    assertThat(cursor.covers(A, 0, T + 1, 0)).isFalse();
    assertThat(cursor.covers(A, 0, T - 1, 9)).isTrue();
  }

  @Test
  void anUnmarkedLaneIsCoveredUpToTheSlack() {
    Cursor cursor = Cursor.of(Mark.of(A, 0, T, 0));
    assertThat(cursor.covers(A, 1, T - Cursor.SLACK_NANOS, 0)).isTrue();
    assertThat(cursor.covers(A, 1, T - Cursor.SLACK_NANOS + 1, 0)).isFalse();
    assertThat(cursor.covers(B, 0, T - Cursor.SLACK_NANOS, 0)).isTrue();
    assertThat(cursor.covers(B, 0, T - Cursor.SLACK_NANOS + 1, 0)).isFalse();
  }

  @Test
  void anUnmarkedLaneFollowsTheNewestMarkOfItsOwnSource() {
    long later = T + 100_000_000_000L;
    Cursor cursor = Cursor.of(List.of(Mark.of(A, 0, T, 0), Mark.of(B, 0, later, 0)));
    assertThat(cursor.covers(B, 1, later - Cursor.SLACK_NANOS, 0)).isTrue();
    assertThat(cursor.covers(A, 1, T - Cursor.SLACK_NANOS + 1, 0)).isFalse();
  }

  @Test
  void aMarkBeforeTheFirstCoversNothingOfItsTime() {
    Cursor cursor = Cursor.of(new Mark(A, 0, T, -1, false));
    assertThat(cursor.covers(A, 0, T, 0)).isFalse();
    assertThat(cursor.covers(A, 0, T - 1, 0)).isTrue();
  }

  @Test
  void readingBeginsAtTheOldestThingThatMayBeMissing() {
    long slack = T - Cursor.SLACK_NANOS;
    assertThat(Cursor.of(Mark.of(A, 0, T, 0)).readFrom(A, 2)).isEqualTo(slack);
    assertThat(Cursor.of(Mark.of(A, 0, T, 0)).readFrom(A, 1)).isEqualTo(T);
    assertThat(Cursor.of(List.of(Mark.of(A, 0, T, 0), Mark.of(A, 1, T - 7, 0))).readFrom(A, 2))
        .isEqualTo(T - 7);
    assertThat(Cursor.of(List.of(Mark.of(A, 0, T, 0), Mark.of(A, 1, slack - 7, 0))).readFrom(A, 2))
        .as("a lane silent for long is not read from its last line")
        .isEqualTo(slack);
    assertThat(
            Cursor.of(List.of(Mark.of(A, 0, T, 0), new Mark(A, 1, slack - 7, -1, true)))
                .readFrom(A, 2))
        .as("but from the beginning of a line that is not complete")
        .isEqualTo(slack - 7);
  }
}
