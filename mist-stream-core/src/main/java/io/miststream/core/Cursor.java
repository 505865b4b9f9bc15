package io.miststream.core;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A position in a stream, opaque to clients: everything up to here has been received. Immutable.
 *
 * <p>A stream can be merged from several sources (an app's containers), and a source can have
 * several lanes (stdout and stderr). Only within a lane is the order by time reliable: two lanes
 * are stamped before they are written to one log, so their times can be slightly out of order
 * there, and a long line is complete only after shorter ones of the other lane that began later. So
 * a cursor holds a {@link Mark} per lane, the message's own first. It is made from what the source
 * keeps alone, so another server, or the same one after a restart, can continue from it.
 *
 * <p>A lane that has no mark counts as received up to {@link #SLACK_NANOS} before the newest mark
 * of its source; a source without any, up to that long before the message itself.
 */
public final class Cursor {

  /**
   * How far times of two lanes can be out of order: 5 s in nanoseconds. Between stamping a line and
   * writing it, a Docker engine waits for at most a lock and one disk write.
   */
  public static final long SLACK_NANOS = 5_000_000_000L;

  /** Most marks in one cursor: two for each of 32 containers. */
  public static final int MAX_MARKS = 64;

  private static final int LANE_BITS = 0b0011;
  private static final int SAME_SOURCE = 0b0100;
  private static final int OPEN = 0b1000;
  private static final int SOURCE_BYTES = 6;
  private static final long SECOND_NANOS = 1_000_000_000L;
  private static final long FARTHEST_SECONDS = 9_000_000_000L;

  /**
   * The last message received of one lane.
   *
   * @param source of the message, 48 bits; for a container the first twelve digits of its id
   * @param lane of the source, 0 to 3
   * @param time of the message in nanoseconds since the epoch
   * @param ordinal of the message among those of its lane with the same time, from 0; −1 stands
   *     before the first of them
   * @param open whether a message that began at {@code time} was not complete yet, so that reading
   *     has to begin there however long ago that was
   */
  public record Mark(long source, int lane, long time, int ordinal, boolean open) {
    /** Checks the ranges. */
    public Mark {
      if (source >>> (8 * SOURCE_BYTES) != 0 || (lane & ~LANE_BITS) != 0 || ordinal < -1) {
        throw new IllegalArgumentException("mark out of range");
      }
    }

    /** A mark behind a complete message. */
    public static Mark of(long source, int lane, long time, int ordinal) {
      return new Mark(source, lane, time, ordinal, false);
    }

    boolean covers(long otherTime, int otherOrdinal) {
      return otherTime < time || (otherTime == time && otherOrdinal <= ordinal);
    }
  }

  private static final Base64.Encoder TEXT = Base64.getUrlEncoder().withoutPadding();

  private final List<Mark> marks;

  private Cursor(List<Mark> marks) {
    this.marks = marks;
  }

  /**
   * A cursor of one to {@value #MAX_MARKS} marks, the message's own first, marks of one source next
   * to one another.
   */
  public static Cursor of(List<Mark> marks) {
    if (marks.isEmpty() || marks.size() > MAX_MARKS) {
      throw new IllegalArgumentException(marks.size() + " marks");
    }
    return new Cursor(List.copyOf(marks));
  }

  /** A cursor of a stream with one lane. */
  public static Cursor of(Mark own) {
    return new Cursor(List.of(own));
  }

  /** The mark of the message itself. */
  public Mark own() {
    return marks.get(0);
  }

  /**
   * A time as marks have it: in nanoseconds since the epoch. Before 1684 and after 2255, where a
   * long would not do, it stands still.
   */
  public static long nanos(Instant time) {
    long seconds = Math.max(-FARTHEST_SECONDS, Math.min(FARTHEST_SECONDS, time.getEpochSecond()));
    return seconds * SECOND_NANOS + time.getNano();
  }

  /** All marks, the message's own first. */
  public List<Mark> marks() {
    return marks;
  }

  /** Whether a client that continues from here has the given message already. */
  public boolean covers(long source, int lane, long time, int ordinal) {
    Mark mark = mark(source, lane);
    return mark != null ? mark.covers(time, ordinal) : time <= newestTime(source) - SLACK_NANOS;
  }

  /** The last message received of a lane, or null where only {@link #SLACK_NANOS} tells. */
  public @Nullable Mark mark(long source, int lane) {
    for (Mark mark : marks) {
      if (mark.source == source && mark.lane == lane) {
        return mark;
      }
    }
    return null;
  }

  /** Whether the cursor says anything of its own about a source. */
  public boolean knows(long source) {
    for (Mark mark : marks) {
      if (mark.source == source) {
        return true;
      }
    }
    return false;
  }

  /**
   * The earliest time, in nanoseconds since the epoch, that a message not yet received of a source
   * with lanes 0 to {@code lanes − 1} can have: where reading it has to begin.
   */
  public long readFrom(long source, int lanes) {
    long slack = newestTime(source) - SLACK_NANOS;
    long from = Long.MAX_VALUE;
    for (int lane = 0; lane < lanes; lane++) {
      Mark mark = mark(source, lane);
      from =
          Math.min(from, mark == null ? slack : mark.open ? mark.time : Math.max(mark.time, slack));
    }
    return from;
  }

  private long newestTime(long source) {
    long newest = Long.MIN_VALUE;
    for (Mark mark : marks) {
      if (mark.source == source) {
        newest = Math.max(newest, mark.time);
      }
    }
    return newest == Long.MIN_VALUE ? own().time : newest;
  }

  /**
   * Reads the text form.
   *
   * @throws StreamException {@code INVALID_REQUEST} if it is not one
   */
  public static Cursor parse(String text) {
    List<Mark> marks = new ArrayList<>(2);
    try {
      ByteBuffer in = ByteBuffer.wrap(Base64.getUrlDecoder().decode(text));
      long firstTime = 0;
      long source = 0;
      while (in.hasRemaining() && marks.size() < MAX_MARKS) {
        int flags = in.get();
        if ((flags & ~(LANE_BITS | SAME_SOURCE | OPEN)) != 0) {
          throw new IllegalArgumentException("unknown flag");
        }
        if ((flags & SAME_SOURCE) == 0) {
          source = ((in.getShort() & 0xFFFFL) << 32) | (in.getInt() & 0xFFFFFFFFL);
        } else if (marks.isEmpty()) {
          throw new IllegalArgumentException("no source");
        }
        long time;
        if (marks.isEmpty()) {
          time = firstTime = in.getLong();
        } else {
          long zigzag = readVarint(in);
          time = firstTime - ((zigzag >>> 1) ^ -(zigzag & 1));
        }
        int ordinal = Math.toIntExact(readVarint(in) - 1);
        marks.add(new Mark(source, flags & LANE_BITS, time, ordinal, (flags & OPEN) != 0));
      }
      if (!marks.isEmpty() && !in.hasRemaining()) {
        return of(marks);
      }
    } catch (IllegalArgumentException | ArithmeticException | BufferUnderflowException e) {
      throw new StreamException(ErrorCode.INVALID_REQUEST, "not a cursor", e);
    }
    throw new StreamException(ErrorCode.INVALID_REQUEST, "not a cursor");
  }

  /** The text form: letters, digits, {@code -} and {@code _}. */
  @Override
  public String toString() {
    ByteBuffer out = ByteBuffer.allocate(marks.size() * 24);
    long firstTime = own().time;
    for (int i = 0; i < marks.size(); i++) {
      Mark mark = marks.get(i);
      boolean sameSource = i > 0 && marks.get(i - 1).source == mark.source;
      out.put((byte) (mark.lane | (sameSource ? SAME_SOURCE : 0) | (mark.open ? OPEN : 0)));
      if (!sameSource) {
        out.putShort((short) (mark.source >>> 32)).putInt((int) mark.source);
      }
      if (i == 0) {
        out.putLong(firstTime);
      } else {
        long delta = firstTime - mark.time;
        putVarint(out, (delta << 1) ^ (delta >> 63));
      }
      putVarint(out, mark.ordinal + 1L);
    }
    byte[] bytes = Arrays.copyOf(out.array(), out.position());
    return TEXT.encodeToString(bytes);
  }

  private static void putVarint(ByteBuffer out, long value) {
    long rest = value;
    while ((rest & ~0x7FL) != 0) {
      out.put((byte) ((rest & 0x7F) | 0x80));
      rest >>>= 7;
    }
    out.put((byte) rest);
  }

  private static long readVarint(ByteBuffer in) {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      byte b = in.get();
      value |= (b & 0x7FL) << shift;
      if (b >= 0) {
        return value;
      }
    }
    throw new IllegalArgumentException("number too long");
  }

  @Override
  public boolean equals(@Nullable Object o) {
    return o instanceof Cursor other && marks.equals(other.marks);
  }

  @Override
  public int hashCode() {
    return marks.hashCode();
  }
}
