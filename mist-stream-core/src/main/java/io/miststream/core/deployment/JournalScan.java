package io.miststream.core.deployment;

import io.miststream.core.DeploymentStage;
import io.miststream.core.DeploymentState;
import io.miststream.core.DeploymentStatus;
import io.miststream.core.StreamEnd;
import io.miststream.core.StreamException;
import io.miststream.core.StreamMessage;
import io.miststream.core.wire.WireCodec;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * Finds out from a file what its deployment is. Of one that is complete only the first line and the
 * last two are read; any other is read to its last whole message.
 */
final class JournalScan {
  private static final int ENDS = 64 << 10; // the first line and the last two are far shorter
  private static final int LONGEST_LINE = 16 << 20; // 1 MiB of text, every character escaped

  private JournalScan() {}

  /** The file, or null if nothing whole is in it. */
  static @Nullable JournalFile open(DeploymentJournal journal, Path path, long id)
      throws IOException {
    JournalFile complete = complete(journal, path, id);
    return complete != null ? complete : interrupted(journal, path, id);
  }

  private static @Nullable JournalFile complete(DeploymentJournal journal, Path path, long id)
      throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      long length = channel.size();
      String head = text(channel, 0, (int) Math.min(ENDS, length));
      int size = (int) Math.min(ENDS, length);
      String tail = text(channel, length - size, size);
      if (!tail.endsWith("\n")) {
        return null;
      }
      int last = tail.lastIndexOf('\n', tail.length() - 2);
      int before = tail.lastIndexOf('\n', last - 1);
      if (last < 0 || (before < 0 && size < length)) {
        return null;
      }
      StreamMessage first = message(head.substring(0, Math.max(0, head.indexOf('\n'))));
      StreamMessage status = message(tail.substring(before + 1, last));
      StreamMessage end = message(tail.substring(last + 1, tail.length() - 1));
      if (first == null
          || !(end instanceof StreamEnd)
          || !(status instanceof DeploymentStatus known)
          || !known.state().isFinal()
          || known.appId() == null) { // an earlier status might say
        return null;
      }
      Deployment info = JournalFile.after(unknown(id, 0, first.timestamp()), known);
      return new JournalFile(journal, path, info, length, true);
    }
  }

  private static String text(FileChannel channel, long from, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    while (bytes.hasRemaining() && channel.read(bytes, from + bytes.position()) > 0) {
      // until it is full
    }
    return new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
  }

  private static @Nullable JournalFile interrupted(DeploymentJournal journal, Path path, long id)
      throws IOException {
    Deployment info = null;
    long length = 0;
    boolean over = false;
    try (InputStream in = new BufferedInputStream(Files.newInputStream(path), ENDS)) {
      for (byte[] line = line(in); line != null && !over; line = line(in)) {
        StreamMessage message = message(new String(line, StandardCharsets.UTF_8));
        if (message == null || (message instanceof StreamEnd && !isOver(info))) {
          break; // torn, or worse: what follows cannot be trusted
        }
        if (info == null) {
          info = unknown(id, 0, message.timestamp());
        }
        info = JournalFile.after(info, message);
        length += line.length + 1L;
        over = message instanceof StreamEnd;
      }
    }
    return info == null ? null : new JournalFile(journal, path, info, length, over);
  }

  private static boolean isOver(@Nullable Deployment info) {
    return info != null && info.state().isFinal();
  }

  /** The next line without its end; null if there is no whole one. */
  private static byte @Nullable [] line(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int b = in.read(); b >= 0 && line.size() < LONGEST_LINE; b = in.read()) {
      if (b == '\n') {
        return line.toByteArray();
      }
      line.write(b);
    }
    return null;
  }

  private static @Nullable StreamMessage message(String line) {
    try {
      return WireCodec.decode(line);
    } catch (StreamException e) {
      return null;
    }
  }

  /** A deployment of which nothing is known but that it is there. */
  static Deployment unknown(long id, long appId, Instant createdAt) {
    return new Deployment(
        id, appId, DeploymentState.PENDING, DeploymentStage.NONE, 0, "", "", createdAt, null, null);
  }
}
