package io.miststream.core;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.miststream.core.Cursor.Mark;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Input: the text of a cursor. The same bytes are also taken for the marks of one. */
class CursorFuzz {
  private static final int MARK_BYTES = 1 + 1 + Long.BYTES + Integer.BYTES;

  public static void fuzzerTestOneInput(byte[] data) {
    try {
      check(Cursor.parse(new String(data, ISO_8859_1)));
    } catch (StreamException e) {
      assertThat(e.code()).isEqualTo(ErrorCode.INVALID_REQUEST);
    }
    List<Mark> marks = marks(data);
    if (!marks.isEmpty()) {
      check(Cursor.of(marks));
    }
  }

  private static List<Mark> marks(byte[] data) {
    List<Mark> marks = new ArrayList<>();
    ByteBuffer in = ByteBuffer.wrap(data);
    while (in.remaining() >= MARK_BYTES && marks.size() < Cursor.MAX_MARKS) {
      int source = in.get();
      int flags = in.get();
      // A source of few bits, so that some are the same; the sign spreads it over all 48.
      long id = source & 0xFFFF_FFFF_FFFFL;
      int ordinal = Math.max(-1, in.getInt());
      marks.add(new Mark(id, flags & 3, in.getLong(), ordinal, (flags & 4) != 0));
    }
    return marks;
  }

  private static void check(Cursor cursor) {
    String text = cursor.toString();
    assertThat(text).matches("[A-Za-z0-9_-]+");
    assertThat(Cursor.parse(text)).isEqualTo(cursor).hasToString(text);
    assertThat(cursor.marks()).hasSizeBetween(1, Cursor.MAX_MARKS);
    for (Mark mark : cursor.marks()) {
      assertThat(cursor.knows(mark.source())).isTrue();
      // Where a lane has two marks, the first counts.
      if (mark.equals(cursor.mark(mark.source(), mark.lane()))) {
        assertThat(cursor.covers(mark.source(), mark.lane(), mark.time(), mark.ordinal())).isTrue();
        if (mark.open()) {
          assertThat(cursor.readFrom(mark.source(), 4)).isLessThanOrEqualTo(mark.time());
        }
      }
    }
  }
}
